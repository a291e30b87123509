import type { ChangeSet, CollectionDefinition, EntityKey, Row, RowId } from '../core/index.ts';
import type { Vector } from './vector.ts';

/** `complete`: every row that exists is here (a snapshot, then the feed). `partial`: what answers brought. */
export type Coverage = 'complete' | 'partial';

/** A visible row that differs from the confirmed one; null hides the confirmed row. */
export type OverlayEntry = readonly [id: RowId, row: Row | null];

/** A removal that is remembered: a row in an order at or below it does not come back. */
export type Tombstone = readonly [id: RowId, order: number];

/** The removals of late, the newest last: `recent` follows the chunks of `older`. */
export interface Tombstones {
  readonly older: readonly (readonly Tombstone[])[];
  readonly recent: readonly Tombstone[];
}

/** One collection in the store: plain JSON. Its parts are this module's secret; read them through the door. */
export interface CollectionState {
  /** The confirmed rows. */
  readonly rows: Vector<Row>;
  /** Parallel to `rows`. Without versions: when each row's answer was asked for. Null where versions tell. */
  readonly stamps: Vector<number> | null;
  /** Parallel to `rows`: 1 where only a part of the row's fields is known. Null where all rows are whole. */
  readonly parts: Vector<number> | null;
  readonly overlay: readonly OverlayEntry[];
  readonly tombstones: Tombstones;
  readonly coverage: Coverage;
  /** The highest of `stamps`, gone rows included. */
  readonly latest: number;
}

/** Every collection by its name: the slice in the Redux store. */
export type CollectionsState = Readonly<Record<string, CollectionState>>;

/** A row that a server told. */
export interface ConfirmedRow {
  readonly collection: string;
  readonly row: Row;
  /** For partial rows whose own version field may be missing; a whole row's version is its own. */
  readonly version?: number;
  /** The row holds a part of its fields: it fills gaps, and replaces fields only under a higher version. */
  readonly partial?: boolean;
  /**
   * For collections without versions: the place of the request among all requests (any growing number). A row
   * gives way only to an answer that was asked for later. Absent: after everything that was asked for so far.
   */
  readonly startedAt?: number;
}

/** A removal that a server told. */
export interface ConfirmedRemoval {
  readonly collection: string;
  readonly id: RowId;
  readonly removed: true;
  /** The removal's own version. Absent: it follows the row that is known. */
  readonly version?: number;
  /** As in `ConfirmedRow`. */
  readonly startedAt?: number;
}

export type ConfirmedChange = ConfirmedRow | ConfirmedRemoval;

/** What is shown in place of the confirmed row: a row, null to hide it, undefined to show the confirmed one again. */
export interface OverlayChange extends EntityKey {
  readonly row: Row | null | undefined;
}

export interface CollectionsStep {
  readonly state: CollectionsState;
  /** What changed in the visible rows. */
  readonly changeSet: ChangeSet;
}

export interface ConfirmStep extends CollectionsStep {
  /** What changed in the confirmed rows; the same object as `changeSet` where no overlay hides a part of it. */
  readonly confirmed: ChangeSet;
}

/** A value to order by. Null comes after everything else ascending, before everything else descending. */
export type OrderKey = string | number | null;

export interface OrderPart<R extends Row> {
  /** Pure. Texts are compared by code point: normalise here. */
  readonly key: (row: R) => OrderKey;
  readonly direction: 'asc' | 'desc';
}

/** By the first part, then the next, then by id, ascending. Keep one object per order: views are shared by it. */
export type Order<R extends Row> = readonly OrderPart<R>[];

/** `now` is milliseconds since 1970, as given to `read`. Pure. Keep one function per rule: views are shared by it. */
export type Where<R extends Row> = (row: R, now: number) => boolean;

export interface Search<R extends Row> {
  /** The text of a row that is searched. Pure. Keep one function: texts are kept by it. */
  readonly text: (row: R) => string;
  /** Rows whose folded text contains the folded query match; an empty query matches all. */
  readonly query: string;
  /** Makes texts that should match equal. Default: lower case. */
  readonly fold?: (text: string) => string;
}

export interface Window {
  readonly offset: number;
  readonly limit: number;
}

export interface ViewSpec<R extends Row> {
  readonly collection: CollectionDefinition<R>;
  readonly where?: Where<NoInfer<R>>;
  /** Without it rows come by id. */
  readonly order?: Order<NoInfer<R>>;
  readonly search?: Search<NoInfer<R>>;
  /** Without it the result holds all rows that match: reading it after a change costs their number. */
  readonly window?: Window;
}

export interface ViewResult<R extends Row> {
  /** The rows inside the window. */
  readonly rows: readonly R[];
  /** How many rows match, inside the window or not. */
  readonly total: number;
}

/** A filtered, ordered, windowed result that follows the state. */
export interface View<R extends Row> {
  /**
   * The same object as before where nothing in it changed.
   * @param now milliseconds since 1970, for a `where` that asks the time; another `now` tests every row again.
   */
  read(state: CollectionsState, now?: number): ViewResult<R>;
  /** The place of a row among all that match, from 0; -1 where it does not match. */
  rankOf(state: CollectionsState, row: R, now?: number): number;
}

export interface AggregateSpec<R extends Row, Sums extends string = never, Spans extends string = never> {
  readonly collection: CollectionDefinition<R>;
  /** Has no clock: what depends on time is counted by `recent`. */
  readonly where?: (row: NoInfer<R>) => boolean;
  /** Counts rows by this value. */
  readonly groupBy?: (row: NoInfer<R>) => string | number;
  readonly sums?: Readonly<Record<Sums, (row: NoInfer<R>) => number>>;
  /** Counts rows whose time lies within spans of milliseconds before `now`: `at > now - span`. */
  readonly recent?: {
    /** Milliseconds since 1970. */
    readonly at: (row: NoInfer<R>) => number;
    readonly within: Readonly<Record<Spans, number>>;
  };
}

export interface AggregateResult<Sums extends string, Spans extends string> {
  readonly count: number;
  readonly groups: ReadonlyMap<string | number, number>;
  readonly sums: Readonly<Record<Sums, number>>;
  readonly recent: Readonly<Record<Spans, number>>;
}

export interface Aggregate<Sums extends string, Spans extends string> {
  /**
   * The same object as before where no figure changed.
   * @param now milliseconds since 1970, for `recent`; read by rank, so a tick costs nothing per row.
   */
  read(state: CollectionsState, now?: number): AggregateResult<Sums, Spans>;
}

/** The confirmed rows of every collection, for storage: plain JSON, of this format alone. */
export interface CollectionsSnapshot {
  readonly format: 1;
  readonly collections: Readonly<Record<string, Omit<CollectionState, 'overlay'>>>;
}

/** What costs more than a step, told to the trace. */
export type CollectionsEvent =
  /** The index of ids was built from all rows. */
  | { readonly kind: 'index-built'; readonly collection: string; readonly rows: number }
  /** A view or aggregate was built from all rows: by sorting them, by filtering an ordered list, or by its texts. */
  | {
      readonly kind: 'view-built';
      readonly collection: string;
      readonly rows: number;
      readonly from: 'rows' | 'ordered' | 'texts';
    }
  /** Two states were compared, because the way between them was not recorded; null: too much differed. */
  | { readonly kind: 'states-compared'; readonly collection: string; readonly changes: number | null }
  /** A `where` that asks the time was asked again for every row. */
  | { readonly kind: 'view-retimed'; readonly collection: string; readonly rows: number };
