import type { CollectionsState, Order, Where, Window } from '../collections/index.ts';
import type { CollectionDefinition, EntityKey, Row, RowId } from '../core/index.ts';
import type { PendingState, PendingStep } from '../pending/index.ts';

/**
 * What an endpoint's answer means, as it is at run time. `rows`, `total` and `hasMore` name members of the answer (of
 * each page, for an infinite query); without `rows` the answer itself is the array.
 *
 * `where` and `order` are the list's rule. A row that a change makes match enters where it belongs, one that stops to
 * match leaves, one whose keys change moves. Without both, rows are updated and removed in place, none can enter, and
 * a change that could have brought one makes the entry due.
 */
export type Declaration =
  | { readonly one: CollectionDefinition; readonly id?: (argument: never) => RowId }
  | (ListRule & {
      readonly list: CollectionDefinition;
      readonly window?: (argument: never) => Partial<Window>;
    })
  | (ListRule & { readonly pages: CollectionDefinition });

/** The parts of a list's declaration that are not its collection. */
export interface ListRule {
  readonly rows?: PropertyKey;
  readonly total?: PropertyKey;
  readonly hasMore?: PropertyKey;
  readonly where?: (argument: never) => Where<never>;
  readonly order?: (argument: never) => Order<never>;
}

/** When an answer was read: what the server said after it is replayed onto it. */
export interface ReadPoint {
  /** The feed's position before the read, where the answer tells. */
  readonly offset: number | null;
  /** When the request started, in milliseconds since 1970. */
  readonly startedAt: number;
  /** When the answer came, likewise. */
  readonly arrivedAt: number;
}

/** A stretch of an ordered list that one answer brought. It owns what sorts behind the stretch before, up to `end`. */
export interface Segment {
  readonly ids: readonly RowId[];
  /** The last row as the answer brought it; null where the list ends here. */
  readonly end: Row | null;
}

/** The confirmed membership of one cache entry. What the entry shows is this, and the pending rows on top. */
export interface ListRecord {
  readonly kind: 'list';
  readonly endpoint: string;
  readonly argument: unknown;
  readonly segments: readonly Segment[];
  /** What sorts at or before it is on an earlier page; null where the list begins here. */
  readonly start: Row | null;
  /** Null where the answer does not tell. */
  readonly total: number | null;
  readonly hasMore: boolean;
  readonly offset: number;
  readonly limit: number | null;
  readonly read: ReadPoint;
  /** One request would make it right again: a row left and its place cannot be filled from here, or a total is unsure. */
  readonly due: boolean;
}

export interface OneRecord {
  readonly kind: 'one';
  readonly endpoint: string;
  readonly id: RowId;
}

export type EntryRecord = ListRecord | OneRecord;

/** A confirmed change that was seen lately, for answers that are still on their way. */
export interface RecentChange extends EntityKey {
  /** The row before it; null where there was none, absent where that is not known. */
  readonly before?: Row | null;
  readonly offset: number | null;
  /** When it came, in milliseconds since 1970. */
  readonly at: number;
}

/** A row that an answer brought for the first time: the feed may yet tell how it came to be. */
export interface MetRow extends EntityKey {
  /** When the answer came, in milliseconds since 1970. */
  readonly at: number;
}

/** Plain JSON. */
export interface QueriesState {
  /** By cache key, as RTK Query's own state. */
  readonly entries: Readonly<Record<string, EntryRecord>>;
  /** The oldest first: 60 seconds or 5,000 changes. */
  readonly recent: readonly RecentChange[];
  /** Likewise; more than 5,000 are forgotten. */
  readonly met: readonly MetRow[];
  /** Since when `recent` is whole, in milliseconds since 1970. */
  readonly recentSince: number;
  /** The cache keys of entries that one request would make right again. */
  readonly due: readonly string[];
  /** The time that rules are asked with, in milliseconds since 1970. */
  readonly now: number;
  /** How many declarations the entries were read by. */
  readonly declared: number;
}

/** Lockstep's slice of the store. */
export interface LockstepState {
  readonly collections: CollectionsState;
  readonly pending: PendingState;
  readonly queries: QueriesState;
}

/** What came with a confirmed change beside the row itself. */
export interface ChangeNote extends EntityKey {
  /** Its position in the feed. */
  readonly offset?: number;
  /** The old values of the fields that changed, as a merge patch; null where the row is new. */
  readonly before?: object | null;
}

export interface FollowOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly notes?: readonly ChangeNote[];
  /**
   * True for the answer to a write of one's own: lists whose rule is not declared are then left to the write's tags.
   */
  readonly own?: boolean;
}

/** An api of RTK Query, as far as the seam needs it. */
export interface ApiLike {
  readonly reducerPath: string;
  enhanceEndpoints(enhancements: never): unknown;
}

/** An entry that one request would make right again. */
export interface DueEntry {
  readonly cacheKey: string;
  readonly endpoint: string;
  readonly argument: unknown;
}

/** Rows that nothing refers to, and since when; kept by the caller between two calls. */
export type IdleRows = ReadonlyMap<string, EntityKey & { readonly since: number }>;

/**
 * Rows out of answers, and visible rows back into every cache entry that shows them. All functions are pure over the
 * state; the index beside it follows it and is rebuilt where it cannot follow.
 */
export interface Queries {
  readonly initial: QueriesState;
  /**
   * Says what an endpoint's answers mean. Entries that are cached already are read at the next action.
   * @throws LockstepError `endpoint-unknown`, `api-twice`, `declaration`.
   */
  declare(api: ApiLike, endpoint: string, declaration: Declaration): void;
  /**
   * Takes a step of `pending` into the slice: call it for every one, in Lockstep's reducer. Memberships and totals
   * follow what was confirmed.
   */
  follow(state: LockstepState, step: PendingStep, options: FollowOptions): LockstepState;
  /** Tells the rules the time, for those that depend on it. @param now milliseconds since 1970. */
  tick(state: LockstepState, now: number): LockstepState;
  /**
   * The enhancer's step, after the root reducer: takes declared answers in and writes visible rows back. Returns `next`
   * itself where nothing declared changed. Entries keep status, error, request id and time stamps.
   */
  step<Root>(previous: Root | undefined, next: Root, action: { readonly type: string }): Root;
  /** Entries that became due since `previous`: refetch those that somebody subscribes to. */
  due(previous: LockstepState, state: LockstepState): readonly DueEntry[];
  /**
   * Rows of partial collections that no cache entry, no pending intent and nothing else retains. Call it now and then
   * with what it returned last; `release` names those that were idle for a minute, for `collections.release`.
   */
  releasable(
    state: LockstepState,
    now: number,
    idle: IdleRows,
    isRetained?: (key: EntityKey) => boolean,
  ): { readonly idle: IdleRows; readonly release: readonly EntityKey[] };
}
