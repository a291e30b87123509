import { compileFilter, searchKey, sortKey } from '@directory/contract';
import type { User, UserFilter, UserMatcher } from '@directory/contract';
import { applyMergePatch, canonicalJson } from '@lockstep/protocol';
import { feedPosition } from '@lockstep/server';
import type { Database, Feed, FeedBatch, FullChange } from '@lockstep/server';
import { userEntity } from '../../db/person.ts';
import type { Tables } from '../../db/tables.ts';
import type { Caller } from '../../http/caller.ts';
import { countPeople } from './queries.ts';
import { reachOf } from './rights.ts';

/** How many people a list holds, exactly as of a position of the feed. */
export interface Total {
  total: number;
  offset: number;
}

export interface Totals {
  /** At once where somebody asked before, else after one count. Read the rows after it, so that they are no older. */
  of(reader: Caller, filter: UserFilter): Promise<Total>;
  stop(): void;
}

/** Kept totals; the one not asked for longest goes first. */
const mostTotals = 128;

/** "Active" depends on the time, so such a total is counted anew after this, in milliseconds. */
const activeMs = 1_000;

interface Kept extends Total {
  readonly matches: UserMatcher;
  readonly countedAt: number;
}

/**
 * Totals of filtered lists without counting a hundred thousand rows for each page: one count, then the feed tells by how
 * much each change moves it, as it does for clients.
 */
export function createTotals(options: {
  database: Database<Tables>;
  feed: Pick<Feed, 'follow'>;
  now(): number;
}): Totals {
  const { database, feed, now } = options;
  const kept = new Map<string, Kept>();
  /** Counts under way, with what the feed brought meanwhile. */
  const counting = new Map<string, { result: Promise<Kept>; missed: FeedBatch[] }>();

  const count = async (reader: Caller, filter: UserFilter, missed: readonly FeedBatch[]): Promise<Kept> => {
    const countedAt = now();
    const matches = matcherFor(reader, filter);
    const { total, offset, waiting } = await database.transaction(
      async (tx) => {
        const counted = await countPeople(tx, reader, filter, countedAt);
        return { total: counted, ...(await feedPosition(tx)) };
      },
      { isolation: 'repeatable read' },
    );
    const made: Kept = { total: total - moveOf(waiting, matches, countedAt), offset, matches, countedAt };
    for (const batch of missed) follow(made, batch);
    return made;
  };

  const stop = feed.follow((batch) => {
    for (const { missed } of counting.values()) missed.push(batch);
    for (const one of kept.values()) follow(one, batch);
  });

  return {
    stop,
    async of(reader, filter) {
      const key = keyOf(reader, filter);
      const known = kept.get(key);
      if (known !== undefined && (filter.isActive === undefined || now() - known.countedAt < activeMs)) {
        // Asked for last, so it goes last.
        kept.delete(key);
        kept.set(key, known);
        return { total: known.total, offset: known.offset };
      }
      let running = counting.get(key);
      if (running === undefined) {
        const missed: FeedBatch[] = [];
        const result = count(reader, filter, missed).finally(() => counting.delete(key));
        running = { result, missed };
        counting.set(key, running);
      }
      const made = await running.result;
      if (!kept.has(key) && kept.size >= mostTotals) {
        const [oldest] = kept.keys();
        if (oldest !== undefined) kept.delete(oldest);
      }
      kept.set(key, made);
      return { total: made.total, offset: made.offset };
    },
  };
}

/** Applies what lies after the total's own position; the feed may be behind the count that was just made. */
function follow(kept: Kept, { offset, changes }: FeedBatch): void {
  if (offset <= kept.offset) return;
  const first = offset - changes.length + 1;
  const fresh = changes.slice(Math.max(0, kept.offset + 1 - first));
  kept.total += moveOf(fresh, kept.matches, kept.countedAt);
  kept.offset = offset;
}

/** By how much changes move a total: for each, whether it matches after less whether it matched before. */
function moveOf(changes: readonly FullChange[], matches: UserMatcher, at: number): number {
  let move = 0;
  for (const change of changes) {
    if (change.entity !== userEntity) continue;
    const { after, before } = sidesOf(change);
    if (after !== null && matches(after, at)) move += 1;
    if (before !== null && matches(before, at)) move -= 1;
  }
  return move;
}

interface Sides {
  after: User | null;
  before: User | null;
}

/** One change is looked at by many totals. */
const sides = new WeakMap<FullChange, Sides>();

function sidesOf(change: FullChange): Sides {
  let found = sides.get(change);
  if (found === undefined) {
    const { op, row, before } = change;
    const old = op === 'update' && row !== undefined ? applyMergePatch(row, before ?? {}) : (before ?? null);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the feed holds what `store.ts` gave it
    found = { after: row ?? null, before: op === 'insert' ? null : old } as Sides;
    sides.set(change, found);
  }
  return found;
}

/** The same condition as in the query, for one person. */
function matcherFor(reader: Caller, filter: UserFilter): UserMatcher {
  if (reachOf(reader.role) === 'full') return compileFilter(filter);
  return compileFilter(filter, (user) => (user.id === reader.id ? searchKey(user) : sortKey(user)));
}

/** People of equal reach share a total; a search finds one's own address, so those are one's own. */
function keyOf(reader: Caller, filter: UserFilter): string {
  const reach = reachOf(reader.role);
  const own = reach === 'public' && filter.search !== undefined ? reader.id : '';
  return canonicalJson([reach, own, filter]);
}
