import type { Collections, ConfirmedChange, Order, Where } from '../collections/index.ts';
import { comparatorOf } from '../collections/index.ts';
import { describe, LockstepError } from '../core/index.ts';
import type { CollectionDefinition, Row, RowId } from '../core/index.ts';
import type { Pending } from '../pending/index.ts';
import { readAnswer } from './answer.ts';
import type { Answer, Reading } from './answer.ts';
import { EntryIndexes } from './entry-index.ts';
import { createFollower } from './follow.ts';
import type { Rule } from './membership.ts';
import { isLater } from './news.ts';
import { createPresenter } from './nested.ts';
import { releasable } from './retention.ts';
import { membersOf } from './same.ts';
import { shapeOf } from './shape.ts';
import type { Shape } from './shape.ts';
import type { ApiLike, EntryRecord, ListRecord, LockstepState, Queries, QueriesState } from './types.ts';
import { createWriteBack } from './write-back.ts';
import type { ApiState, QueryEntry } from './write-back.ts';

export interface QueriesOptions {
  readonly collections: Collections;
  readonly pending: Pending;
  /** The definitions that `collections` was made from. */
  readonly definitions: readonly CollectionDefinition[];
  /** Where Lockstep's slice sits in the store. Default `lockstep`. */
  readonly reducerPath?: string;
  /**
   * Hears of answers that are not what was declared, and of rules that throw: the entry then stays as RTK Query has it.
   * Default: the console.
   */
  readonly report?: (error: unknown, endpoint: string) => void;
}

interface Action {
  readonly type: string;
  readonly payload?: unknown;
  readonly meta?: unknown;
}

export function createQueries(options: QueriesOptions): Queries {
  const { collections, pending, definitions, reducerPath = 'lockstep', report = toConsole } = options;
  const shapes = new Map<string, Shape>();
  const endpoints = new Map<string, unknown>();
  const selectors = new Map(
    definitions.map((definition) => [definition.name, collections.adapter(definition).getSelectors()]),
  );
  const shapeFor = (endpoint: string): Shape | undefined => shapes.get(endpoint);
  const indexes = new EntryIndexes({ shapeOf: shapeFor, ruleOf });
  const idsOf = (state: LockstepState['collections'], collection: string): readonly RowId[] =>
    selectors.get(collection)?.selectIds(state) ?? [];
  const follower = createFollower({
    collections,
    indexes,
    versionOf: (name) => definitions.find((definition) => definition.name === name)?.version,
    idsOf,
    report,
  });
  const { write } = createWriteBack({
    collections,
    indexes,
    presenter: createPresenter(collections, definitions),
    shapeOf: shapeFor,
    definitionOf: (endpoint) => endpoints.get(endpoint),
    report,
  });
  const collectionOf = (endpoint: string): string | undefined => shapes.get(endpoint)?.definition.name;
  let apiPath: string | null = null;
  let declared = 0;

  function ruleOf({ declaration, definition, endpoint }: Shape, argument: unknown): Rule {
    try {
      // oxlint-disable typescript/no-unsafe-type-assertion -- the argument was given to this very endpoint, and its rule is asked about rows of its own collection alone
      const where = declaration.where?.(argument as never) as Where<Row> | undefined;
      const order = declaration.order?.(argument as never) as Order<Row> | undefined;
      // oxlint-enable typescript/no-unsafe-type-assertion
      return { where: where ?? null, compare: order === undefined ? null : comparatorOf(definition, order) };
    } catch (error) {
      report(error, endpoint);
      return { where: null, compare: null };
    }
  }

  function declare(api: ApiLike, endpoint: string, declaration: Parameters<Queries['declare']>[2]): void {
    if (apiPath !== null && apiPath !== api.reducerPath) {
      throw new LockstepError('api-twice', {
        subject: 'A declaration',
        expected: `an endpoint of the api under "${apiPath}"`,
        received: `one of a second api, under "${api.reducerPath}"`,
        remedy: 'Keep one createApi per application, and split it with injectEndpoints.',
      });
    }
    const capture = (definition: unknown): void => {
      endpoints.set(endpoint, definition);
    };
    api.enhanceEndpoints({ endpoints: { [endpoint]: capture } } as never);
    if (endpoints.get(endpoint) === undefined) {
      throw new LockstepError('endpoint-unknown', {
        subject: 'A declaration',
        expected: 'the name of a query endpoint of the api',
        received: describe(endpoint),
        remedy: 'Correct the name, or inject the endpoint before it is declared.',
      });
    }
    apiPath = api.reducerPath;
    shapes.set(endpoint, shapeOf(endpoint, declaration));
    declared += 1;
    indexes.reset();
  }

  function step<Root>(previous: Root | undefined, next: Root, action: Action): Root {
    if (apiPath === null) return next;
    const [before, after] = [partsIn(previous), partsIn(next)];
    if (after.api === undefined || after.lockstep === undefined) return next;
    const isNew = after.lockstep.queries.declared !== declared || before.lockstep === undefined;
    if (!isNew && before.lockstep === after.lockstep && before.api?.queries === after.api.queries)
      return next;

    const cacheKeys = isNew
      ? allKeys(undefined, after.api)
      : keysTouched(action, before.api, after.api, apiPath);
    const answers: Answer[] = [];
    const records = new Map<string, EntryRecord | undefined>();
    const afresh = new Set<string>();
    for (const cacheKey of cacheKeys) {
      const record = after.lockstep.queries.entries[cacheKey];
      const entry = after.api.queries[cacheKey];
      const shape = entry?.endpointName === undefined ? undefined : shapes.get(entry.endpointName);
      if (entry === undefined || shape === undefined) {
        if (record !== undefined) records.set(cacheKey, undefined);
        continue;
      }
      const old = before.api?.queries[cacheKey];
      // An entry that came with its record was set back, or taken over from elsewhere: it is as right as it was there.
      const cameWhole =
        record !== undefined && (isNew || record !== before.lockstep?.queries.entries[cacheKey]);
      const answer = cameWhole ? null : answerIn(action, cacheKey, entry, old, record, shape);
      if (answer !== null) answers.push(answer);
      else if (record === undefined) expect(cacheKey, entry, shape, records);
      if (answer !== null || records.has(cacheKey) || entry.data !== old?.data) afresh.add(cacheKey);
    }
    if (isNew) for (const cacheKey of Object.keys(after.lockstep.queries.entries)) afresh.add(cacheKey);

    let lockstep = isNew
      ? { ...after.lockstep, queries: { ...after.lockstep.queries, declared } }
      : after.lockstep;
    lockstep = takeIn(follower.withRecords(lockstep, records), answers, timeOf(action));
    const api = write(lockstep, after.api, before, afresh);
    if (api === after.api && lockstep === after.lockstep) return next;
    return { ...next, [apiPath]: api, [reducerPath]: lockstep };
  }

  /** A row that the argument names shows before its answer comes, where another answer has brought it. */
  function expect(
    cacheKey: string,
    entry: QueryEntry,
    { id, endpoint }: Shape,
    records: Map<string, EntryRecord | undefined>,
  ): void {
    if (id === null || entry.endpointName === undefined || entry.data !== undefined) return;
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the argument was given to this very endpoint
      records.set(cacheKey, { kind: 'one', endpoint, id: id(entry.originalArgs as never) });
    } catch (error) {
      report(error, endpoint);
    }
  }

  /** Rows out of answers, and each answer's membership: of all in one step, or of each that can be taken in. */
  function takeIn(state: LockstepState, answers: readonly Answer[], now: number): LockstepState {
    if (answers.length === 0) return state;
    try {
      return taken(state, answers, now);
    } catch (error) {
      if (answers.length > 1) return answers.reduce((next, answer) => takeIn(next, [answer], now), state);
      const { cacheKey, shape } = answers[0]!;
      report(error, shape.endpoint);
      return follower.withRecords(state, new Map([[cacheKey, undefined]]));
    }
  }

  function taken(state: LockstepState, answers: readonly Answer[], now: number): LockstepState {
    const { entries } = state.queries;
    const readings = answers.map((answer) => {
      const confirmed = (id: RowId) => collections.confirmed(state.collections, answer.shape.definition, id);
      return { answer, ...readAnswer(answer, entries[answer.cacheKey], confirmed) };
    });
    const changes = readings.flatMap((reading) => changesOf(state, reading));
    const startedAt = Math.min(...answers.map(({ read }) => read.startedAt));
    const next = follower.meet(state, pending.confirm(state, changes), startedAt, now);
    const records = readings.map((reading) => [reading.answer.cacheKey, recordOf(next, reading)] as const);
    return follower.withRecords(next, new Map(records));
  }

  function changesOf({ queries }: LockstepState, { answer, rows = [] }: Reading): readonly ConfirmedChange[] {
    const { definition } = answer.shape;
    const { startedAt } = answer.read;
    const changes = rows.map((row) => ({ collection: definition.name, row, startedAt }));
    if (definition.version !== undefined) return changes;
    // Without versions a word that came after the request was sent is newer, whatever was asked for first.
    const newer = new Set<RowId>();
    for (const change of queries.recent) {
      if (change.collection === definition.name && isLater(change, { ...answer.read, offset: null }))
        newer.add(change.id);
    }
    return newer.size === 0 ? changes : changes.filter(({ row }) => !newer.has(definition.id(row)));
  }

  function recordOf(state: LockstepState, { answer, rows = [], record }: Reading): EntryRecord | undefined {
    if (record?.kind !== 'list') return record;
    const { shape, argument, cacheKey, data, told } = answer;
    const { definition } = shape;
    const rule = ruleFor(state, cacheKey, shape, argument);
    const known = data === told ? record : merged(state, record, state.queries.entries[cacheKey], definition);
    const named = rows.map((row) => [definition.id(row), row] as const);
    return follower.catchUp(state, known, rule, definition, named);
  }

  function ruleFor(state: LockstepState, cacheKey: string, shape: Shape, argument: unknown): Rule {
    const known = indexes.at(state.queries.entries).lists.get(shape.definition.name)?.get(cacheKey);
    return known !== undefined && known.argument === argument && known.shape === shape
      ? known.rule
      : ruleOf(shape, argument);
  }

  /** The endpoint merged its answer into what showed: rows that only pend are not in it, rows that they hide are. */
  function merged(
    state: LockstepState,
    record: ListRecord,
    before: EntryRecord | undefined,
    definition: CollectionDefinition,
  ): ListRecord {
    if (record.segments.length !== 1) return record;
    const { ids, end } = record.segments[0]!;
    const hidden = before?.kind === 'list' ? before.segments.flatMap((segment) => segment.ids) : [];
    const isConfirmed = (id: RowId): boolean =>
      collections.confirmed(state.collections, definition, id) !== undefined;
    const isHidden = (id: RowId): boolean =>
      !ids.includes(id) &&
      isConfirmed(id) &&
      collections.get(state.collections, definition, id) === undefined;
    return { ...record, segments: [{ ids: [...ids.filter(isConfirmed), ...hidden.filter(isHidden)], end }] };
  }

  /** What came into an entry with this action; null where nothing did. */
  function answerIn(
    action: Action,
    cacheKey: string,
    entry: QueryEntry,
    before: QueryEntry | undefined,
    record: EntryRecord | undefined,
    shape: Shape,
  ): Answer | null {
    const { data } = entry;
    const meta = membersOf(action.meta);
    const arg = membersOf(meta['arg']);
    const isFulfilled =
      meta['requestStatus'] === 'fulfilled' && arg['queryCacheKey'] === cacheKey && entry !== before;
    if (data === undefined) return null;
    if (!isFulfilled && record !== undefined && (before?.data === data || isPatch(action))) return null;
    const isMerged = isFulfilled && membersOf(endpoints.get(shape.endpoint))['merge'] !== undefined;
    const direction = isFulfilled ? arg['direction'] : undefined;
    return {
      cacheKey,
      shape,
      argument: entry.originalArgs,
      data: isFulfilled && !isMerged ? action.payload : data,
      told: isFulfilled ? action.payload : data,
      direction: direction === 'forward' || direction === 'backward' ? direction : null,
      read: {
        startedAt: entry.startedTimeStamp ?? 0,
        arrivedAt: entry.fulfilledTimeStamp ?? 0,
        offset: isFulfilled ? offsetIn(meta['baseQueryMeta']) : null,
      },
      endpoint: endpoints.get(shape.endpoint),
    };
  }

  function isPatch({ type }: Action): boolean {
    return type === `${apiPath}/queries/queryResultPatched`;
  }

  function partsIn(root: unknown): {
    readonly api: ApiState | undefined;
    readonly lockstep: LockstepState | undefined;
  } {
    const members = membersOf(root);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the two reducers keep there
    return {
      api: members[apiPath ?? ''] as ApiState | undefined,
      lockstep: members[reducerPath] as LockstepState | undefined,
    };
  }

  return {
    initial: INITIAL,
    declare,
    step,
    follow: follower.follow,
    tick: follower.tick,
    due: (previous, { queries: { due, entries } }) =>
      due === previous.queries.due && entries === previous.queries.entries
        ? []
        : due.flatMap((cacheKey) => {
            const record = entries[cacheKey];
            const known = previous.queries.entries[cacheKey];
            if (record?.kind !== 'list') return [];
            const isOld = known?.kind === 'list' && known.due && known.read === record.read;
            return isOld ? [] : [{ cacheKey, endpoint: record.endpoint, argument: record.argument }];
          }),
    releasable: (state, now, idle, isRetained) =>
      releasable({ collections, definitions, idsOf, collectionOf }, state, now, idle, isRetained),
  };
}

const INITIAL: QueriesState = Object.freeze({
  entries: Object.freeze({}),
  recent: Object.freeze([]),
  met: Object.freeze([]),
  recentSince: 0,
  due: Object.freeze([]),
  now: 0,
  declared: 0,
});

/** The cache keys whose entries the action may have changed. RTK Query's own actions name them. */
function keysTouched(
  { type, payload, meta }: Action,
  before: ApiState | undefined,
  after: ApiState,
  apiPath: string,
): readonly string[] {
  if (before?.queries === after.queries) return [];
  if (type.startsWith(`${apiPath}/executeQuery/`))
    return [String(membersOf(membersOf(meta)['arg'])['queryCacheKey'])];
  if (type === `${apiPath}/queries/removeQueryResult` || type === `${apiPath}/queries/queryResultPatched`) {
    return [String(membersOf(payload)['queryCacheKey'])];
  }
  return allKeys(before, after);
}

function allKeys(before: ApiState | undefined, after: ApiState): readonly string[] {
  const gone = Object.keys(before?.queries ?? {}).filter((cacheKey) => after.queries[cacheKey] === undefined);
  const come = Object.keys(after.queries).filter(
    (cacheKey) => before?.queries[cacheKey] !== after.queries[cacheKey],
  );
  return [...gone, ...come];
}

/** The feed's position before the read, from what the base query says of the answer. */
function offsetIn(meta: unknown): number | null {
  const { offset } = membersOf(meta);
  return typeof offset === 'number' ? offset : null;
}

function timeOf({ meta }: Action): number {
  const { fulfilledTimeStamp, now, timestamp } = membersOf(meta);
  const time = fulfilledTimeStamp ?? now ?? timestamp;
  return typeof time === 'number' ? time : 0;
}

function toConsole(error: unknown, endpoint: string): void {
  // oxlint-disable-next-line no-console -- a reducer has no caller that could be told otherwise
  console.error(`Lockstep: "${endpoint}"`, error);
}
