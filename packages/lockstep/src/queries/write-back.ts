import type { Collections, CollectionsState } from '../collections/index.ts';
import type { Row, RowChange, RowId } from '../core/index.ts';
import type { EntryIndexes, IndexedList } from './entry-index.ts';
import { evolve, isInPlace, judge } from './membership.ts';
import type { Verdict } from './membership.ts';
import type { Presenter } from './nested.ts';
import { areSame, membersOf } from './same.ts';
import { partsOf, rowsOf, withRows, withShown } from './shape.ts';
import type { Shape, Shown } from './shape.ts';
import { tagsFor, withTags } from './tags.ts';
import type { Provided, Tag } from './tags.ts';
import type { LockstepState } from './types.ts';

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
   * @param before the state before the step, whose entries were right: what says the same keeps its identity.
   * @param afresh the cache keys of entries that are made anew.
   */
  write(
    state: LockstepState,
    api: ApiState,
    before: { readonly lockstep: LockstepState | undefined; readonly api: ApiState | undefined },
    afresh: Iterable<string>,
  ): ApiState;
}

/** A row's step; where a row pends, from what is confirmed to what shows. */
type Step = Pick<RowChange, 'id' | 'from' | 'to'>;

/** The rows that show otherwise than confirmed, by collection. */
type PendingRows = ReadonlyMap<string, readonly Step[]>;

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
    write(state, api, before, afresh) {
      const pendingRows = pendingRowsOf(state);
      const work = planOf(state, api, before.lockstep, pendingRows, afresh);
      if (work.size === 0) return api;
      const written = new Map<string, QueryEntry>();
      const tags = new Map<string, readonly Tag[]>();
      for (const [cacheKey, replaced] of work) {
        const entry = api.queries[cacheKey];
        const record = state.queries.entries[cacheKey];
        const shape = record && shapeOf(record.endpoint);
        if (entry === undefined || shape === undefined) continue;
        try {
          const { data: old } = entry;
          const earlier = before.api?.queries[cacheKey]?.data;
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
    { collections: rows, queries: { entries, now } }: LockstepState,
    api: ApiState,
    before: LockstepState | undefined,
    pendingRows: PendingRows,
    afresh: Iterable<string>,
  ): ReadonlyMap<string, readonly RowChange[] | null> {
    const plan = new Map<string, readonly RowChange[] | null>();
    for (const cacheKey of afresh) plan.set(cacheKey, null);
    if (before === undefined || (rows === before.collections && entries === before.queries.entries))
      return plan;
    const changes = collections.changesBetween(before.collections, rows);
    const known = before.queries.entries === entries ? null : before.queries.entries;
    const byCollection = Map.groupBy(changes, ({ collection }) => collection);
    const recounted = recountedIn(before, pendingRows, rows);
    const { lists, ones } = indexes.at(entries);
    const isNested = (outer: string): boolean => {
      const inner = presenter.nestedIn(outer);
      return inner.size > 0 && [...byCollection.keys()].some((name) => inner.has(name));
    };
    for (const [collection, named] of ones) {
      const ids = isNested(collection)
        ? named.keys()
        : (byCollection.get(collection) ?? []).map(({ id }) => id);
      for (const id of ids) for (const cacheKey of named.get(id) ?? []) plan.set(cacheKey, null);
    }
    for (const [collection, listed] of lists) {
      const changed = byCollection.get(collection) ?? [];
      const counted = recounted.get(collection) ?? [];
      const anew = isNested(collection);
      if (changed.length === 0 && counted.length === 0 && known === null && !anew) continue;
      for (const [cacheKey, list] of listed) {
        if (plan.has(cacheKey)) continue;
        const { data } = api.queries[cacheKey] ?? {};
        const isOwn = typeof data === 'object' && data !== null && own.has(data);
        const isMoved = anew || !isOwn || (known !== null && known[cacheKey] !== entries[cacheKey]);
        const step =
          isMoved || !areInPlace(list, counted, now) ? null : areInPlace(list, changed, now) ? changed : null;
        if (step === null || step.length > 0) plan.set(cacheKey, step);
      }
    }
    return plan;
  }

  /** Whether a list only sees rows put in place of themselves. */
  function areInPlace({ rule, shape }: IndexedList, changes: readonly Step[], now: number): boolean {
    try {
      return changes.every(({ id, from, to }) => isInPlace(judge(rule, id, from, to, now)));
    } catch (error) {
      report(error, shape.endpoint);
      return false;
    }
  }

  /**
   * Confirmed steps of rows that pend, before or after: a total counts what pends on top of them, so that it may change
   * where nothing visible does.
   */
  function recountedIn(
    before: LockstepState,
    pendingRows: PendingRows,
    rows: CollectionsState,
  ): ReadonlyMap<string, readonly Step[]> {
    const steps = new Map<string, Step[]>();
    for (const named of [pendingRowsOf(before), pendingRows]) {
      for (const [collection, pending] of named) {
        for (const { id } of pending) {
          const from = collections.confirmed(before.collections, collection, id) ?? null;
          const to = collections.confirmed(rows, collection, id) ?? null;
          if (from === to) continue;
          const known = steps.get(collection);
          if (known === undefined) steps.set(collection, [{ id, from, to }]);
          else known.push({ id, from, to });
        }
      }
    }
    return steps;
  }

  /** The entry's data made anew: the confirmed membership, and what is pending on top. */
  function composed(
    { collections: state, queries: { entries, now } }: LockstepState,
    cacheKey: string,
    shape: Shape,
    old: unknown,
    earlier: unknown,
    pendingRows: PendingRows,
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
  function pendingRowsOf({ collections: state, pending }: LockstepState): PendingRows {
    const rows = new Map<string, Map<RowId, Step>>();
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
