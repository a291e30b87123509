import type { Collections } from '../collections/index.ts';
import type { ChangeSet, Row, RowChange, RowId } from '../core/index.ts';
import type { EntryIndexes, IndexedList } from './entry-index.ts';
import { evolve, isInPlace, judge } from './membership.ts';
import type { Verdict } from './membership.ts';
import type { Presenter } from './nested.ts';
import { areSame, membersOf } from './same.ts';
import { partsOf, rowsOf, withRows, withShown } from './shape.ts';
import type { Shape, Shown } from './shape.ts';
import { tagsFor, withTags } from './tags.ts';
import type { Provided, Tag } from './tags.ts';
import type { ListRecord, LockstepState } from './types.ts';

/** A cache entry as RTK Query keeps it. */
export interface QueryEntry {
  readonly status: string;
  readonly endpointName?: string;
  readonly originalArgs?: unknown;
  readonly requestId?: string;
  readonly data?: unknown;
  readonly startedTimeStamp?: number;
  readonly fulfilledTimeStamp?: number;
}

/** The part of an api's state that the seam reads and writes. */
export interface ApiState {
  readonly queries: Readonly<Record<string, QueryEntry | undefined>>;
  readonly provided: Provided;
}

export interface WriteBackParts {
  readonly collections: Collections;
  readonly indexes: EntryIndexes;
  readonly presenter: Presenter;
  readonly shapeOf: (endpoint: string) => Shape | undefined;
  /** RTK Query's definition of an endpoint. */
  readonly definitionOf: (endpoint: string) => unknown;
  readonly report: (error: unknown, endpoint: string) => void;
}

export interface WriteBack {
  /**
   * Brings cache entries up to date with the visible rows.
   * @param before the entries before the step: what says the same keeps its identity.
   * @param changes what changed in the visible rows since the entries were right.
   * @param afresh the cache keys of entries that are made anew.
   */
  write(
    state: LockstepState,
    api: ApiState,
    before: ApiState | undefined,
    changes: ChangeSet,
    afresh: Iterable<string>,
  ): ApiState;
}

/** A visible row that differs from the confirmed one. */
type PendingRow = Pick<RowChange, 'id' | 'from' | 'to'>;

export function createWriteBack({
  collections,
  indexes,
  presenter,
  shapeOf,
  definitionOf,
  report,
}: WriteBackParts): WriteBack {
  /** Data that was made here: its rows are the collections' own, and can be found by identity. */
  const own = new WeakSet<object>();

  return {
    write(state, api, before, changes, afresh) {
      const work = planOf(state, api, changes, afresh);
      if (work.size === 0) return api;
      const pendingRows = pendingRowsOf(state);
      const written = new Map<string, QueryEntry>();
      const tags = new Map<string, readonly Tag[]>();
      for (const [cacheKey, replaced] of work) {
        const entry = api.queries[cacheKey];
        const record = state.queries.entries[cacheKey];
        const shape = record && shapeOf(record.endpoint);
        if (entry === undefined || shape === undefined) continue;
        try {
          const { data: old } = entry;
          const earlier = before?.queries[cacheKey]?.data;
          const data =
            replaced === null
              ? composed(state, cacheKey, shape, old, earlier, pendingRows)
              : withReplaced(shape, old, replaced);
          if (typeof data === 'object' && data !== null) own.add(data);
          if (data === old) continue;
          written.set(cacheKey, Object.freeze({ ...entry, data }));
          if (replaced === null && entry.status !== 'rejected' && !haveSameIds(shape, old, data)) {
            // What was removed provides nothing: an invalidated tag must not send for it.
            const provided =
              data === undefined ? [] : tagsFor(definitionOf(shape.endpoint), data, entry.originalArgs);
            if (provided !== null) tags.set(cacheKey, provided);
          }
        } catch (error) {
          report(error, shape.endpoint);
        }
      }
      if (written.size === 0) return api;
      const queries = { ...api.queries };
      for (const [cacheKey, entry] of written) queries[cacheKey] = entry;
      return { ...api, queries, provided: withTags(api.provided, tags) };
    },
  };

  /** Which entries to write: with the rows to put in place of others, or null to make the entry anew. */
  function planOf(
    { queries: { entries, now } }: LockstepState,
    api: ApiState,
    changes: ChangeSet,
    afresh: Iterable<string>,
  ): ReadonlyMap<string, readonly RowChange[] | null> {
    const plan = new Map<string, readonly RowChange[] | null>();
    for (const cacheKey of afresh) plan.set(cacheKey, null);
    if (changes.length === 0) return plan;
    const { lists, ones } = indexes.at(entries);
    const byCollection = Map.groupBy(changes, ({ collection }) => collection);
    const isNested = (outer: string): boolean => {
      const inner = presenter.nestedIn(outer);
      return inner.size > 0 && [...byCollection.keys()].some((name) => inner.has(name));
    };
    for (const [collection, rows] of ones) {
      const changed = isNested(collection)
        ? rows.keys()
        : (byCollection.get(collection) ?? []).map(({ id }) => id);
      for (const id of changed) for (const cacheKey of rows.get(id) ?? []) plan.set(cacheKey, null);
    }
    for (const [collection, listed] of lists) {
      const changed = byCollection.get(collection) ?? [];
      const anew = isNested(collection);
      if (changed.length === 0 && !anew) continue;
      for (const [cacheKey, list] of listed) {
        if (plan.has(cacheKey)) continue;
        const { data } = api.queries[cacheKey] ?? {};
        const isOwn = typeof data === 'object' && data !== null && own.has(data);
        const step = isOwn && !anew ? replacedIn(list, changed, now) : null;
        if (step === null || step.length > 0) plan.set(cacheKey, step);
      }
    }
    return plan;
  }

  /** The changes that put a row in place of itself, if they are all that a list sees; null where it sees others. */
  function replacedIn(
    { rule, shape }: IndexedList,
    changes: readonly RowChange[],
    now: number,
  ): readonly RowChange[] | null {
    const replaced: RowChange[] = [];
    try {
      for (const change of changes) {
        const { id, from, to } = change;
        if (!isInPlace(judge(rule, id, from, to, now))) return null;
        if (from !== null) replaced.push(change);
      }
      return replaced;
    } catch (error) {
      report(error, shape.endpoint);
      return null;
    }
  }

  /** The entry's data made anew: the confirmed membership, and what is pending on top. */
  function composed(
    { collections: state, queries: { entries, now } }: LockstepState,
    cacheKey: string,
    shape: Shape,
    old: unknown,
    earlier: unknown,
    pendingRows: ReadonlyMap<string, readonly PendingRow[]>,
  ): unknown {
    const record = entries[cacheKey]!;
    const { definition } = shape;
    const rowOf = (id: RowId): Row | undefined => collections.get(state, definition, id);
    const present = (row: Row): Row => presenter.present(state, definition, row);
    if (record.kind === 'one') {
      const row = rowOf(record.id);
      return row === undefined ? undefined : present(row);
    }
    const { rule } = indexes.at(entries).lists.get(definition.name)!.get(cacheKey)!;
    const verdicts = (pendingRows.get(definition.name) ?? []).map(({ id, from, to }): Verdict =>
      judge(rule, id, from, to, now),
    );
    const visible = evolve(record, rule, verdicts, { rowOf, doubts: false });
    const { total, limit, offset } = visible;
    const parts = visible.segments.map(({ ids }) => {
      const rows = ids.map(rowOf).filter((row) => row !== undefined);
      return (limit === null ? rows : rows.slice(0, limit)).map(present);
    });
    const follows = (rows: readonly Row[]): boolean =>
      total === null
        ? record.hasMore || rows.length < visible.segments[0]!.ids.length
        : total > offset + rows.length;
    const shown = parts.map((rows): Shown => ({
      rows,
      total,
      hasMore: shape.kind === 'list' ? follows(rows) : null,
    }));
    return withShown(shape, old, shown, earlier);
  }

  /** The rows that show otherwise than confirmed, by collection. */
  function pendingRowsOf({
    collections: state,
    pending,
  }: LockstepState): ReadonlyMap<string, readonly PendingRow[]> {
    const rows = new Map<string, Map<RowId, PendingRow>>();
    for (const { touched } of pending.intents) {
      for (const { collection, id } of touched) {
        const from = collections.confirmed(state, collection, id) ?? null;
        const to = collections.get(state, collection, id) ?? null;
        if (from === to) continue;
        let known = rows.get(collection);
        if (known === undefined) rows.set(collection, (known = new Map()));
        known.set(id, { id, from, to });
      }
    }
    return new Map([...rows].map(([collection, known]) => [collection, [...known.values()]]));
  }
}

function haveSameIds(shape: Shape, a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  return areSame(idsIn(shape, a), idsIn(shape, b));
}

function idsIn(shape: Shape, data: unknown): readonly RowId[] {
  const { definition } = shape;
  if (shape.kind === 'one') return [definition.id(membersOf(data))];
  return partsOf(shape, data).flatMap((part) => rowsOf(shape, part).map((row) => definition.id(row)));
}

/** The data with rows in place of themselves. */
function withReplaced(shape: Shape, data: unknown, changes: readonly RowChange[]): unknown {
  return withRows(shape, data, (rows) => {
    let copy: Row[] | undefined;
    for (const { from, to } of changes) {
      const at = from === null ? -1 : rows.indexOf(from);
      if (at >= 0 && to !== null) (copy ??= [...rows])[at] = to;
    }
    return copy ?? rows;
  });
}
