import type { FullChange } from './types.ts';

/** How a statement reaches the database: over the pool, or over the sequencer's own session. */
export type Ask = <Row>(text: string, values: readonly unknown[]) => Promise<Row[]>;

export interface Placed {
  position: number;
  change: FullChange;
}

export interface State {
  position: number;
  horizon: number;
}

/** Tells the sequencer, on whichever node, that the outbox has rows. */
export const OUTBOX_CHANNEL = 'lockstep_outbox';
/** Tells every node the feed's last position. */
export const FEED_CHANNEL = 'lockstep_feed';
/** Tells those who wait that the sequencer's turn is free. */
export const TURN_CHANNEL = 'lockstep_turn';

/**
 * Moves the outbox's rows to the feed, in one statement, so that all of it happens or nothing. The order by `seq` among the rows that
 * are visible keeps each entity's order: who writes a row second waits for the first one's commit, and draws its number after that.
 */
const MOVE = `
  with moved as (
    delete from lockstep_outbox
    where seq = any (array(select seq from lockstep_outbox order by seq limit $1))
    returning seq, change
  ), advanced as (
    update lockstep_feed_state set position = position + (select count(*) from moved)
    where exists (select from moved)
    returning position - (select count(*) from moved) as base, position
  ), placed as (
    insert into lockstep_feed (position, at, change)
    select advanced.base + row_number() over (order by moved.seq), $2, moved.change from moved, advanced
    returning position, change
  )
  select position, change, (select pg_notify('${FEED_CHANNEL}', advanced.position::text) from advanced) from placed order by position`;

const READ = `select position, change from lockstep_feed where position > $1 and position <= $2 order by position limit $3`;

const STATE = `select position, horizon from lockstep_feed_state`;

/** Always a run from the feed's beginning, also where clocks of different nodes gave times that do not rise. */
const FORGET = `
  with first as (
    select position, at from lockstep_feed order by position limit $1
  ), gone as (
    delete from lockstep_feed
    where position <= (
      select max(position) from first
      where at < $2 or position <= (select position from lockstep_feed_state) - $3::bigint
    )
    returning position
  )
  update lockstep_feed_state set horizon = greatest(horizon, (select max(position) from gone))
  where exists (select from gone)
  returning (select count(*) from gone) as gone, horizon`;

const FORGET_KEYS = `
  with gone as (
    delete from lockstep_intents
    where key in (select key from lockstep_intents where received_at < $2 order by received_at limit $1)
    returning key
  )
  select count(*) as gone from gone`;

/** The statements that are worth preparing. */
export const NAMES = new Map([[MOVE, 'lockstep_move']]);

export const move = (ask: Ask, limit: number, now: number): Promise<Placed[]> =>
  ask<Placed>(MOVE, [limit, instant(now)]);

export const readBetween = (ask: Ask, after: number, upTo: number, limit: number): Promise<Placed[]> =>
  ask<Placed>(READ, [after, upTo, limit]);

export async function readState(ask: Ask): Promise<State> {
  const [state] = await ask<State>(STATE, []);
  if (state === undefined)
    throw new Error('expected one row in lockstep_feed_state, found none: run serverMigrations');
  return state;
}

/** Answers how many went, and the new horizon where any did. */
export async function forget(
  ask: Ask,
  limit: number,
  before: number,
  keep: number,
): Promise<{ gone: number; horizon: number | null }> {
  const [row] = await ask<{ gone: number; horizon: number }>(FORGET, [limit, instant(before), keep]);
  return row ?? { gone: 0, horizon: null };
}

export async function forgetKeys(ask: Ask, limit: number, before: number): Promise<number> {
  const [row] = await ask<{ gone: number }>(FORGET_KEYS, [limit, instant(before)]);
  return row?.gone ?? 0;
}

const instant = (ms: number): string => new Date(ms).toISOString();
