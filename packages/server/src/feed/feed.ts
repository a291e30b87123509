import { CHANGES_LIMIT } from '@lockstep/protocol';
import { CompiledQuery } from 'kysely';
import { ServerError } from '../core/errors.ts';
import { systemClock } from '../core/ports.ts';
import { internalsOf } from '../database/index.ts';
import type { Database } from '../database/index.ts';
import { Sequencer } from './sequencer.ts';
import { FEED_CHANNEL, readBetween, readState } from './statements.ts';
import type { Ask, Placed } from './statements.ts';
import { Tail } from './tail.ts';
import type { Feed, FeedBatch, FeedOptions, FeedPage, FullChange } from './types.ts';

const EIGHT_DAYS_MS = 8 * 24 * 60 * 60 * 1000;

/** The feed of a database. Make one per process and database; it does nothing until `start`. */
export function createFeed(database: Database, options: FeedOptions = {}): Feed {
  const clock = options.clock ?? systemClock;
  const report = options.report ?? (() => {});
  const pollMs = options.pollMs ?? 1_000;
  const cacheChanges = options.cacheChanges ?? 5_000;
  const internals = internalsOf(database);
  const followers = new Set<(batch: FeedBatch) => void>();
  const ends: (() => void | Promise<void>)[] = [];
  let tail = new Tail(0, cacheChanges);
  let horizon = 0;
  let phase: 'new' | 'running' | 'stopped' = 'new';
  let catching: Promise<void> | null = null;
  let catchAgain = false;

  const ask: Ask = async <Row>(text: string, values: readonly unknown[]) => {
    const { rows } = await database.db.executeQuery<Row>(CompiledQuery.raw(text, [...values]));
    return rows;
  };

  const sequencer = new Sequencer({
    database,
    internals,
    clock,
    report,
    pollMs,
    paceMs: options.paceMs ?? 4,
    batchSize: options.batchSize ?? 1_000,
    retainMs: options.retainMs ?? EIGHT_DAYS_MS,
    retainChanges: options.retainChanges ?? 1_000_000,
    onPlaced: (rows) => {
      // Rows of another sequencer may lie between: those are read first.
      if (!deliver(rows)) void catchUp();
    },
    onHorizon: (to) => {
      horizon = Math.max(horizon, to);
    },
  });

  /** False where changes are missing before these rows. */
  function deliver(rows: readonly Placed[]): boolean {
    const changes = tail.append(rows);
    if (changes === null) return false;
    if (changes.length > 0) {
      const batch: FeedBatch = { offset: tail.offset, changes };
      for (const onBatch of followers) {
        try {
          onBatch(batch);
        } catch (error) {
          report(error, 'following the feed');
        }
      }
    }
    return true;
  }

  /** Reads what the database has beyond `tail`. Calls during a run become one more run. */
  function catchUp(): Promise<void> {
    if (catching !== null) {
      catchAgain = true;
      return catching;
    }
    catching = (async () => {
      try {
        do {
          catchAgain = false;
          await readOn();
        } while (catchAgain);
      } catch (error) {
        report(error, 'reading the feed');
      } finally {
        catching = null;
      }
    })();
    return catching;
  }

  async function readOn(): Promise<void> {
    for (;;) {
      const rows = await readBetween(ask, tail.offset, Number.MAX_SAFE_INTEGER, CHANGES_LIMIT);
      if (rows.length === 0) return;
      if (!deliver(rows)) {
        // The changes in between were forgotten before this process saw them (it slept for days).
        const state = await readState(ask);
        tail = new Tail(state.position, cacheChanges);
        horizon = state.horizon;
        report(
          new Error(`expected change ${tail.offset + 1} in the feed, found it forgotten`),
          'reading the feed',
        );
        return;
      }
      if (rows.length < CHANGES_LIMIT) return;
    }
  }

  const page = (changes: readonly FullChange[], since: number): FeedPage => ({
    kind: 'page',
    changes,
    offset: since + changes.length,
    horizon,
    hasMore: since + changes.length < tail.offset,
  });

  return {
    async start() {
      if (phase !== 'new') throw new ServerError('closed', 'The feed was started before; make a new one.');
      phase = 'running';
      if (internals.openSession !== null) {
        ends.push(
          await database.listen(FEED_CHANNEL, (payload) => {
            if (Number(payload) > tail.offset) void catchUp();
          }),
          clock.every(pollMs, () => void catchUp()),
          internals.onReconnect(() => void catchUp()),
        );
      }
      const state = await readState(ask);
      tail = new Tail(state.position, cacheChanges);
      horizon = state.horizon;
      await sequencer.start();
    },
    async stop() {
      if (phase === 'stopped') return;
      phase = 'stopped';
      await sequencer.stop();
      for (const end of ends.splice(0)) await end();
      await catching;
      followers.clear();
    },
    offset: () => tail.offset,
    horizon: () => horizon,
    async read({ since, limit = CHANGES_LIMIT }) {
      const most = Math.max(1, Math.min(limit, CHANGES_LIMIT));
      // Another node may have told a client more than this one has heard of yet.
      if (since > tail.offset) await catchUp();
      if (since > tail.offset) return { kind: 'ahead', offset: tail.offset, horizon };
      const cached = tail.after(since, most);
      if (cached !== null) return page(cached, since);
      const rows = await readBetween(ask, since, tail.offset, most);
      // Forgetting may run at the same time: take only what follows without a hole.
      if (rows.length > 0 && rows.at(-1)?.position === since + rows.length)
        return page(
          rows.map(({ change }) => change),
          since,
        );
      horizon = Math.max(horizon, (await readState(ask)).horizon);
      return { kind: 'below-horizon', offset: tail.offset, horizon };
    },
    follow(onBatch) {
      const own = (batch: FeedBatch) => onBatch(batch);
      followers.add(own);
      return () => followers.delete(own);
    },
    stats: () => ({
      offset: tail.offset,
      horizon,
      sequencing: sequencer.hasTurn,
      batches: sequencer.batches,
      cached: tail.size,
    }),
  };
}
