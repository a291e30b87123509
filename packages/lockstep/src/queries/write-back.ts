import type { Collections, CollectionsState } from '../collections/index.ts';
import type { ChangeSet, Row, RowChange, RowId } from '../core/index.ts';
import type { EntryIndexes, IndexedList } from './entry-index.ts';
import { evolve, isInPlace, judge } from './membership.ts';
import type { Verdict } from './membership.ts';
import type { Presenter } from './nested.ts';
import { membersOf } from './same.ts';
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
  /** The ids that data shows, for data that was made here: its rows are the collections' own, found by identity. */
  const own = new WeakMap<object, ShownIds>();

  return {
    write(state, api, before, afresh) {
      const changes = before.lockstep
        ? collections.changesBetween(before.lockstep.collections, state.collections)
        : [];
      const pendingRows = pendingRowsOf(state);
      const plan = planOf(state, api, before.lockstep, changes, pendingRows, afresh);
      if (plan.size === 0) return api;
      const changed = new Set(changes.map(({ id }) => id));
      const written = new Map<string, QueryEntry>();
      const tags = new Map<string, readonly Tag[]>();
      for (const [cacheKey, replaced] of plan) {
        const entry = api.queries[cacheKey];
        const record = state.queries.entries[cacheKey];
        const shape = record && shapeOf(record.endpoint);
        if (entry === undefined || shape === undefined) continue;
        try {
          const { data: old } = entry;
          const earlier = before.api?.queries[cacheKey]?.data;
          const ids = idsOf(own, shape, old);
          const next =
            replaced !== null && ids !== null
              ? { data: withReplaced(shape, old, replaced), ids }
              : composed(state, cacheKey, shape, old, earlier, pendingRows, { ids, changed });
          if (typeof next.data === 'object' && next.data !== null) own.set(next.data, next.ids);
          if (next.data === old) continue;
          written.set(cacheKey, Object.freeze({ ...entry, data: next.data }));
          if (entry.status === 'rejected' || haveSameIds(ids ?? idsIn(shape, old), next.ids)) continue;
          // What was removed provides nothing: an invalidated tag must not send for it.
          const isGone = next.data === undefined;
          const provided = isGone ? [] : tagsFor(definitionOf(shape.endpoint), next.data, entry.originalArgs);
          if (provided !== null) tags.set(cacheKey, provided);
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
    changes: ChangeSet,
    pendingRows: PendingRows,
    afresh: Iterable<string>,
  ): ReadonlyMap<string, readonly RowChange[] | null> {
    const plan = new Map<string, readonly RowChange[] | null>();
    for (const cacheKey of afresh) plan.set(cacheKey, null);
    if (before === undefined || (rows === before.collections && entries === before.queries.entries))
      return plan;
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
    known: { readonly ids: ShownIds | null; readonly changed: ReadonlySet<RowId> },
  ): { readonly data: unknown; readonly ids: ShownIds } {
    const record = entries[cacheKey]!;
    const { definition } = shape;
    const rowOf = (id: RowId): Row | undefined => collections.get(state, definition, id);
    const present = (row: Row): Row => presenter.present(state, definition, row);
    if (record.kind === 'one') {
      const row = rowOf(record.id);
      return row === undefined ? { data: undefined, ids: [] } : { data: present(row), ids: [[record.id]] };
    }
    const { rule } = indexes.at(entries).lists.get(definition.name)!.get(cacheKey)!;
    const verdicts = (pendingRows.get(definition.name) ?? []).map(({ id, from, to }): Verdict =>
      judge(rule, id, from, to, now),
    );
    const visible = evolve(record, rule, verdicts, { rowOf, doubts: false });
    const { total, limit, offset, hasMore } = visible;
    const isReused = known.ids !== null && presenter.nestedIn(definition.name).size === 0;
    const ids: (readonly RowId[])[] = [];
    const parts = visible.segments.map((segment, at): Shown => {
      const shown = limit === null || segment.ids.length <= limit ? segment.ids : segment.ids.slice(0, limit);
      ids.push(shown);
      const rows = isReused
        ? reused(rowsOf(shape, partsOf(shape, old)[at]), known.ids[at]!, shown, known.changed, rowOf)
        : shown.map((id) => present(rowOf(id)!));
      const follows = total === null ? hasMore || shown !== segment.ids : total > offset + rows.length;
      return { rows, total, hasMore: shape.kind === 'list' ? follows : null };
    });
    return { data: withShown(shape, old, parts, earlier), ids };
  }

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

/** The ids that each part of an entry shows. */
type ShownIds = readonly (readonly RowId[])[];

function idsOf(own: WeakMap<object, ShownIds>, shape: Shape, data: unknown): ShownIds | null {
  if (typeof data !== 'object' || data === null || shape.kind === 'one') return null;
  return own.get(data) ?? null;
}

function idsIn(shape: Shape, data: unknown): ShownIds {
  const { definition } = shape;
  if (data === undefined || data === null) return [];
  if (shape.kind === 'one') return [[definition.id(membersOf(data))]];
  return partsOf(shape, data).map((part) => rowsOf(shape, part).map((row) => definition.id(row)));
}

/** Whether both show the same rows, in whatever order. */
function haveSameIds(a: ShownIds, b: ShownIds): boolean {
  return a.length === b.length && a.every((ids, at) => haveSameMembers(ids, b[at]!));
}

function haveSameMembers(a: readonly RowId[], b: readonly RowId[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  const [start, end] = changedSpan(a, b);
  if (start >= end) return true;
  const span = new Set(a.slice(start, end));
  return b.slice(start, end).every((id) => span.has(id));
}

/** Where two lists begin to differ, and where the first stops to. */
function changedSpan(a: readonly RowId[], b: readonly RowId[]): readonly [start: number, end: number] {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start += 1;
  let rest = 0;
  while (rest < shorter - start && a[a.length - 1 - rest] === b[b.length - 1 - rest]) rest += 1;
  return [start, a.length - rest];
}

/** The rows of these ids, taken from rows that are shown already as far as they are the same. */
function reused(
  rows: readonly Row[],
  ids: readonly RowId[],
  next: readonly RowId[],
  changed: ReadonlySet<RowId>,
  rowOf: (id: RowId) => Row | undefined,
): readonly Row[] {
  const [start, end] = changedSpan(ids, next);
  let copy: Row[] | undefined;
  if (start < end || ids.length !== next.length) {
    const nextEnd = next.length - (ids.length - end);
    const span = next.slice(start, nextEnd).map((id) => {
      const at = changed.has(id) ? -1 : ids.indexOf(id, start);
      return at >= 0 && at < end ? rows[at]! : rowOf(id)!;
    });
    copy = [...rows.slice(0, start), ...span, ...rows.slice(end)];
  }
  for (const id of changed) {
    const at = next.indexOf(id);
    const row = at < 0 ? undefined : rowOf(id);
    if (row !== undefined && (copy ?? rows)[at] !== row) (copy ??= [...rows])[at] = row;
  }
  return copy ?? rows;
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
