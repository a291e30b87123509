import type { Collections, CollectionsState } from '../collections/index.ts';
import type { CollectionDefinition, Row, RowId } from '../core/index.ts';
import type { PendingStep } from '../pending/index.ts';
import type { EntryIndexes } from './entry-index.ts';
import { evolve, holds, isInPlace, isInside, judge } from './membership.ts';
import type { Rule, Verdict } from './membership.ts';
import { isLater, newsOf, rowAt, withMet, withRecent } from './news.ts';
import type { News } from './news.ts';
import type { EntryRecord, FollowOptions, ListRecord, LockstepState } from './types.ts';

export interface FollowParts {
  readonly collections: Collections;
  readonly indexes: EntryIndexes;
  readonly versionOf: (collection: string) => CollectionDefinition['version'];
  /** The visible rows of a collection. */
  readonly idsOf: (state: CollectionsState, collection: string) => readonly RowId[];
  readonly report: (error: unknown, endpoint: string) => void;
}

/** Lets records follow what was confirmed. */
export interface Follower {
  follow(state: LockstepState, step: PendingStep, options: FollowOptions): LockstepState;
  /** The same for rows that an answer brought, asked for at `startedAt`: other answers on their way know as much. */
  meet(state: LockstepState, step: PendingStep, startedAt: number, now: number): LockstepState;
  tick(state: LockstepState, now: number): LockstepState;
  /** A record over the rows that are confirmed, with what its answer could not know. `rows` are the answer's own. */
  catchUp(
    state: LockstepState,
    record: ListRecord,
    rule: Rule,
    definition: CollectionDefinition,
    rows: readonly (readonly [RowId, Row])[],
  ): ListRecord;
  /** The state with these records instead; undefined takes one out. */
  withRecords(state: LockstepState, records: ReadonlyMap<string, EntryRecord | undefined>): LockstepState;
}

/** What one list makes of one change: a verdict, nothing where it knows already, `doubt` where one request must tell. */
type Opinion = Verdict | 'known' | 'doubt';

export function createFollower({ collections, indexes, versionOf, idsOf, report }: FollowParts): Follower {
  const confirmedIn =
    (state: LockstepState, collection: string) =>
    (id: RowId): Row | undefined =>
      collections.confirmed(state.collections, collection, id);

  function withRecords(
    state: LockstepState,
    records: ReadonlyMap<string, EntryRecord | undefined>,
  ): LockstepState {
    if (records.size === 0) return state;
    const { queries } = state;
    const entries: Record<string, EntryRecord> = { ...queries.entries };
    let { due } = queries;
    for (const [cacheKey, record] of records) {
      if (record === undefined) delete entries[cacheKey];
      else entries[cacheKey] = record;
      const isDue = record?.kind === 'list' && record.due;
      if (due.includes(cacheKey) === isDue) continue;
      due = isDue ? [...due, cacheKey] : due.filter((other) => other !== cacheKey);
    }
    indexes.move(queries.entries, entries, records.keys());
    return { ...state, queries: { ...queries, entries, due } };
  }

  /** Lets the lists of these collections decide, each for itself. */
  function evolved(
    state: LockstepState,
    byCollection: ReadonlyMap<string, readonly News[]>,
    opinionOf: (change: News, record: ListRecord, rule: Rule) => Opinion,
    own: boolean,
  ): LockstepState {
    const { entries } = state.queries;
    const { lists } = indexes.at(entries);
    const records = new Map<string, EntryRecord>();
    for (const [collection, changes] of byCollection) {
      const rowOf = confirmedIn(state, collection);
      for (const [cacheKey, { shape, rule }] of lists.get(collection) ?? []) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the index keeps lists under `lists`
        const record = entries[cacheKey] as ListRecord;
        try {
          const next = resolved(
            record,
            rule,
            changes.map((change) => opinionOf(change, record, rule)),
            rowOf,
            own,
          );
          if (next !== record) records.set(cacheKey, next);
        } catch (error) {
          report(error, shape.endpoint);
          records.set(cacheKey, { ...record, due: true });
        }
      }
    }
    return withRecords(state, records);
  }

  function resolved(
    record: ListRecord,
    rule: Rule,
    opinions: readonly Opinion[],
    rowOf: (id: RowId) => Row | undefined,
    own: boolean,
  ): ListRecord {
    const verdicts = opinions.filter((opinion) => typeof opinion === 'object' && !isInPlace(opinion));
    const known = opinions.includes('doubt') ? { ...record, due: true } : record;
    if (verdicts.length === 0) return known;
    const isRuled = rule.where !== null && rule.compare !== null;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the filter has left verdicts alone
    return evolve(known, rule, verdicts as readonly Verdict[], { rowOf, doubts: isRuled || !own });
  }

  function follow(
    state: LockstepState,
    step: PendingStep,
    { now, notes = [], own = false }: FollowOptions,
  ): LockstepState {
    const after = { ...state, ...step.state };
    if (step.confirmed.length === 0 && notes.length === 0) return step.state === state ? state : after;
    const news = newsOf(collections, state, step, notes, versionOf);
    const timed = withTime(after, now);
    const moved = evolved(
      timed,
      Map.groupBy(news, ({ collection }) => collection),
      (change, record, rule) => {
        const { id, to, held, isLate, unsureSince } = change;
        const { now: time } = timed.queries;
        if (holds(record, id)) return judge(rule, id, held, to, time);
        const from = rowAt(
          isLate ? { ...change, held: null } : change,
          record.read,
          versionOf(change.collection),
        );
        if (from === 'known') return 'known';
        const verdict = judge(rule, id, from, to, time);
        return unsureSince !== null && unsureSince <= record.read.arrivedAt
          ? weighed(record, rule, verdict)
          : verdict;
      },
      own,
    );
    return {
      ...moved,
      queries: withRecent(moved.queries, news, now),
    };
  }

  function meet(state: LockstepState, step: PendingStep, startedAt: number, now: number): LockstepState {
    const after = withTime({ ...state, ...step.state }, now);
    const news = newsOf(collections, state, step, [], versionOf);
    const moved = evolved(
      after,
      Map.groupBy(news, ({ collection }) => collection),
      ({ id, held, to }, record, rule) => {
        if (held !== null) return judge(rule, id, held, to, after.queries.now);
        // It was there before it was met: lists count it, unless it is missing inside what they have loaded.
        if (record.read.startedAt > startedAt || !isInside(record, rule, to)) return 'known';
        const verdict = judge(rule, id, undefined, to, after.queries.now);
        return verdict.is ? verdict : 'known';
      },
      true,
    );
    return { ...moved, queries: withMet(moved.queries, news, now) };
  }

  function tick(state: LockstepState, now: number): LockstepState {
    const before = state.queries.now;
    const after = withTime(state, now);
    if (after === state) return state;
    const records = new Map<string, EntryRecord>();
    for (const [collection, lists] of indexes.at(state.queries.entries).lists) {
      const timed = [...lists].filter(([, { rule }]) => rule.where !== null && rule.where.length > 1);
      if (timed.length === 0) continue;
      const held = idsOf(state.collections, collection);
      const rowOf = confirmedIn(state, collection);
      for (const [cacheKey, { shape, rule }] of timed) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the index keeps lists under `lists`
        const record = state.queries.entries[cacheKey] as ListRecord;
        // Rows that pending intents hide are in the record, and not among those that are held visibly.
        const ids = new Set([...held, ...record.segments.flatMap((segment) => segment.ids)]);
        try {
          const verdicts = [...ids].flatMap((id): readonly Verdict[] => {
            const row = rowOf(id);
            if (row === undefined) return [];
            const { is: was } = judge(rule, id, null, row, before);
            const { is } = judge(rule, id, null, row, after.queries.now);
            return [{ id, from: row, to: row, was, is, moved: false }];
          });
          const next = resolved(record, rule, verdicts, rowOf, false);
          if (next !== record) records.set(cacheKey, next);
        } catch (error) {
          report(error, shape.endpoint);
        }
      }
    }
    return withRecords(after, records);
  }

  function catchUp(
    state: LockstepState,
    record: ListRecord,
    rule: Rule,
    definition: CollectionDefinition,
    rows: readonly (readonly [RowId, Row])[],
  ): ListRecord {
    const { now, recent, recentSince } = state.queries;
    const { read } = record;
    const rowOf = confirmedIn(state, definition.name);
    const opinions: Opinion[] = [];
    const told = new Set<RowId>();
    for (const [id, row] of rows) {
      told.add(id);
      const known = rowOf(id);
      if (known !== row) opinions.push(judge(rule, id, row, known ?? null, now));
    }
    for (const change of recent) {
      const { collection, id, offset, before } = change;
      if (collection !== definition.name || told.has(id) || !isLater(change, read)) continue;
      told.add(id);
      const opinion = weighed(record, rule, judge(rule, id, before, rowOf(id) ?? null, now));
      // Positions say that the answer was read before the change; times only that it was asked for before.
      const isSure = offset !== null && read.offset !== null;
      opinions.push(
        opinion === 'doubt' && isSure ? judge(rule, id, before, rowOf(id) ?? null, now) : opinion,
      );
    }
    const caught = resolved(record, rule, opinions, rowOf, false);
    return read.startedAt < recentSince && !caught.due ? { ...caught, due: true } : caught;
  }

  return { follow, meet, tick, catchUp, withRecords };
}

/** What a list makes of a change that its answer may have seen: the rows that it holds tell, as far as they reach. */
function weighed(record: ListRecord, rule: Rule, verdict: Verdict): Opinion {
  const { id, from, to, was, is } = verdict;
  if (isInPlace(verdict) || holds(record, id) || (is && isInside(record, rule, to))) return verdict;
  // Its old self would be among the rows, had they been read before it changed.
  if (was === true && isInside(record, rule, from ?? null)) return 'known';
  if (was === is) return verdict;
  return record.total === null ? 'known' : 'doubt';
}

function withTime(state: LockstepState, now: number): LockstepState {
  return now > state.queries.now ? { ...state, queries: { ...state.queries, now } } : state;
}
