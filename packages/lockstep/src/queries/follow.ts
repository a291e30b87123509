import { applyMergePatch } from '@lockstep/protocol';
import type { Collections, CollectionsState } from '../collections/index.ts';
import type { EntityKey, Row, RowChange, RowId } from '../core/index.ts';
import type { PendingStep, RowsAndIntents } from '../pending/index.ts';
import type { EntryIndexes } from './entry-index.ts';
import { evolve, isInPlace, isInside, judge } from './membership.ts';
import type { Rule, Verdict } from './membership.ts';
import type {
  ChangeNote,
  EntryRecord,
  FollowOptions,
  ListRecord,
  LockstepState,
  QueriesState,
  ReadPoint,
  RecentChange,
} from './types.ts';

/** Changes are remembered for answers that are still on their way: this long, and this many. */
const RECENT_MS = 60_000;
const RECENT_COUNT = 5000;

/** A confirmed change, as lists see it. */
interface News extends EntityKey {
  /** Undefined where nothing says whether there was a row. */
  readonly from: Row | null | undefined;
  readonly to: Row | null;
  readonly offset: number | null;
}

export interface FollowParts {
  readonly collections: Collections;
  readonly indexes: EntryIndexes;
  /** The visible rows of a collection. */
  readonly idsOf: (state: CollectionsState, collection: string) => readonly RowId[];
  readonly report: (error: unknown, endpoint: string) => void;
}

/** Lets records follow what was confirmed. */
export interface Follower {
  follow(state: LockstepState, step: PendingStep, options: FollowOptions): LockstepState;
  /** The same for rows that an answer brought, read at `read`: it is no news, so nothing of it is remembered. */
  meet(state: LockstepState, step: PendingStep, read: ReadPoint, now: number): LockstepState;
  tick(state: LockstepState, now: number): LockstepState;
  /** A record over the rows that are confirmed, with what its answer could not know. `rows` are the answer's own. */
  catchUp(
    state: LockstepState,
    record: ListRecord,
    rule: Rule,
    collection: string,
    rows: readonly (readonly [string, Row])[],
  ): ListRecord;
  /** The state with these records instead; undefined takes one out. */
  withRecords(state: LockstepState, records: ReadonlyMap<string, EntryRecord | undefined>): LockstepState;
}

export function createFollower({ collections, indexes, idsOf, report }: FollowParts): Follower {
  function withRecords(
    state: LockstepState,
    records: ReadonlyMap<string, EntryRecord | undefined>,
  ): LockstepState {
    if (records.size === 0) return state;
    const { queries } = state;
    const entries: Record<string, EntryRecord> = { ...queries.entries };
    let due: readonly string[] | null = null;
    for (const [cacheKey, record] of records) {
      if (record === undefined) delete entries[cacheKey];
      else entries[cacheKey] = record;
      const isDue = record?.kind === 'list' && record.due;
      if (queries.due.includes(cacheKey) === isDue) continue;
      due = (due ?? queries.due).filter((other) => other !== cacheKey);
      if (isDue) due = [...due, cacheKey];
    }
    indexes.move(queries.entries, entries, records.keys());
    return { ...state, queries: { ...queries, entries, due: due ?? queries.due } };
  }

  /** Lets every list of the changed collections decide. */
  function evolved(
    state: LockstepState,
    news: readonly News[],
    verdictOf: (change: News, record: ListRecord, rule: Rule) => Verdict | null,
    own: boolean,
  ): LockstepState {
    const { entries } = state.queries;
    const { lists } = indexes.at(entries);
    const records = new Map<string, EntryRecord>();
    const byCollection = Map.groupBy(news, ({ collection }) => collection);
    for (const [collection, changes] of byCollection) {
      const rowOf = (id: string): Row | undefined => collections.confirmed(state.collections, collection, id);
      for (const [cacheKey, { shape, rule }] of lists.get(collection) ?? []) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the index holds lists under `lists`
        const record = entries[cacheKey] as ListRecord;
        const isRuled = rule.where !== null && rule.compare !== null;
        try {
          const verdicts: Verdict[] = [];
          for (const change of changes) {
            const verdict = verdictOf(change, record, rule);
            if (verdict !== null && !isInPlace(verdict)) verdicts.push(verdict);
          }
          if (verdicts.length === 0) continue;
          const next = evolve(record, rule, verdicts, { rowOf, doubts: isRuled || !own });
          if (next !== record) records.set(cacheKey, next);
        } catch (error) {
          report(error, shape.endpoint);
          records.set(cacheKey, { ...record, due: true });
        }
      }
    }
    return withRecords(state, records);
  }

  function follow(
    state: LockstepState,
    step: PendingStep,
    { now, notes = [], own = false }: FollowOptions,
  ): LockstepState {
    const after = { ...state, ...step.state };
    if (step.confirmed.length === 0 && notes.length === 0) return step.state === state ? state : after;
    const news = newsOf(state, step, notes);
    const timed = withTime(after, now);
    const time = timed.queries.now;
    const moved = evolved(
      timed,
      news,
      (change, record, rule) =>
        isKnown(record, change) ? null : judge(rule, change.id, change.from, change.to, time),
      own,
    );
    return { ...moved, queries: remembered(moved.queries, news, now) };
  }

  /** What a step of confirmed rows means, with the notes that came with it. */
  function newsOf(state: RowsAndIntents, step: PendingStep, notes: readonly ChangeNote[]): readonly News[] {
    const noted = new Map(notes.map((note) => [nameOf(note), note]));
    const news = step.confirmed.map((change): News => {
      const note = noted.get(nameOf(change));
      noted.delete(nameOf(change));
      const { collection, id, to } = change;
      return {
        collection,
        id,
        to,
        from: change.from ?? formerOf(state, change, note),
        offset: note?.offset ?? null,
      };
    });
    for (const { collection, id, before, offset = null } of noted.values()) {
      // A row that is not held was removed: the note alone tells, once.
      const removal = collections.removedAt(step.state.collections, collection, id);
      if (removal === null || removal === collections.removedAt(state.collections, collection, id)) continue;
      news.push({ collection, id, from: before === null ? undefined : before, to: null, offset });
    }
    return news;
  }

  /** What was there before a row that was not held: null for nothing, undefined where nobody says. */
  function formerOf(
    state: RowsAndIntents,
    { collection, id, to }: RowChange,
    note: ChangeNote | undefined,
  ): Row | null | undefined {
    if (note?.before === null) return null;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a note's `before` is a merge patch, by its meaning
    if (note?.before !== undefined && to !== null)
      return applyMergePatch(to, note.before as Parameters<typeof applyMergePatch>[1]);
    // Shown without being confirmed: it was inserted here.
    return collections.get(state.collections, collection, id) === undefined ? undefined : null;
  }

  function meet(state: LockstepState, step: PendingStep, read: ReadPoint, now: number): LockstepState {
    const after = withTime({ ...state, ...step.state }, now);
    const time = after.queries.now;
    const news = step.confirmed.map(({ collection, id, from, to }): News => ({
      collection,
      id,
      from,
      to,
      offset: null,
    }));
    return evolved(
      after,
      news,
      ({ id, from, to }, record, rule) => {
        if (from !== null) return judge(rule, id, from, to, time);
        // It was there before it was met: counted wherever it is not inside what is loaded.
        if (record.read.startedAt > read.startedAt) return null;
        const verdict = judge(rule, id, null, to, time);
        return { ...verdict, was: verdict.is && !isInside(record, rule, to) };
      },
      true,
    );
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
      const rowOf = (id: string): Row | undefined => collections.confirmed(state.collections, collection, id);
      for (const [cacheKey, { shape, rule }] of timed) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the index holds lists under `lists`
        const record = state.queries.entries[cacheKey] as ListRecord;
        try {
          // Rows that pending intents hide are in the record, and not among those that are held visibly.
          const ids = new Set([...held, ...record.segments.flatMap((segment) => segment.ids)]);
          const verdicts = [...ids].flatMap((id): readonly Verdict[] => {
            const row = rowOf(id);
            if (row === undefined) return [];
            const [was, is] = [rule.where!(row, before), rule.where!(row, after.queries.now)];
            return was === is ? [] : [{ id, from: row, to: row, was, is, moved: false }];
          });
          const next = evolve(record, rule, verdicts, { rowOf, doubts: true });
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
    collection: string,
    rows: readonly (readonly [string, Row])[],
  ): ListRecord {
    const { now, recent, recentSince } = state.queries;
    const rowOf = (id: string): Row | undefined => collections.confirmed(state.collections, collection, id);
    const verdicts: Verdict[] = [];
    const told = new Set<string>();
    for (const [id, row] of rows) {
      told.add(id);
      const known = rowOf(id);
      if (known !== row) verdicts.push(judge(rule, id, row, known ?? null, now));
    }
    for (const change of recent) {
      const { id, before } = change;
      if (change.collection !== collection || told.has(id) || !isLater(change, record.read)) continue;
      told.add(id);
      const verdict = judge(rule, id, before, rowOf(id) ?? null, now);
      // Its old self would be among the answer's rows, had the answer been read before it.
      const isSeen = verdict.was === true && before != null && isInside(record, rule, before);
      if (!isSeen) verdicts.push(verdict);
    }
    const moved = evolve(
      record,
      rule,
      verdicts.filter((verdict) => !isInPlace(verdict)),
      { rowOf, doubts: true },
    );
    return record.read.startedAt < recentSince ? { ...moved, due: true } : moved;
  }

  return { follow, meet, tick, catchUp, withRecords };
}

function nameOf({ collection, id }: EntityKey): string {
  return `${collection}\n${id}`;
}

/** Whether the answer behind a record was read after the change. */
function isKnown({ read }: ListRecord, { offset }: News): boolean {
  return offset !== null && read.offset !== null && offset <= read.offset;
}

function isLater({ offset, at }: RecentChange, read: ReadPoint): boolean {
  return offset !== null && read.offset !== null ? offset > read.offset : at >= read.startedAt;
}

function withTime(state: LockstepState, now: number): LockstepState {
  return now > state.queries.now ? { ...state, queries: { ...state.queries, now } } : state;
}

function remembered(queries: QueriesState, news: readonly News[], at: number): QueriesState {
  if (news.length === 0) return queries;
  const added = news.map(({ collection, id, from, offset }): RecentChange => ({
    collection,
    id,
    offset,
    at,
    ...(from !== undefined && { before: from }),
  }));
  let recent = [...queries.recent, ...added];
  let { recentSince } = queries;
  // Dropped in strides, so that most steps only append.
  const isOld = (change: RecentChange | undefined): boolean =>
    change !== undefined && change.at < at - RECENT_MS;
  if (recent.length > RECENT_COUNT * 1.25 || isOld(recent[recent.length >> 2])) {
    const young = recent.findIndex((change) => !isOld(change));
    const from = Math.max(young, recent.length - RECENT_COUNT, 0);
    recentSince = (recent[from - 1]?.at ?? recentSince - 1) + 1;
    recent = recent.slice(from);
  }
  return { ...queries, recent, recentSince };
}
