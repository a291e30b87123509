import type { JsonObject } from '@lockstep/protocol';
import type { CollectionsState, ConfirmedChange } from '../collections/index.ts';
import type { ChangeSet, CollectionDefinition, EntityKey, Row, RowId } from '../core/index.ts';

/** A JSON Merge Patch (RFC 7396) of a row: members replace, nested objects merge, null removes, arrays go whole. */
export type PatchOf<R> = {
  readonly [Key in keyof R]?: PatchValue<R[Key]> | (undefined extends R[Key] ? null : never);
};

type PatchValue<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? PatchOf<Value>
    : Value;

/**
 * What an effect works with. It reads rows as they are once every earlier intent is applied, and writes to as many
 * collections as it likes; if it throws, none of its writes count.
 */
export interface EffectTransaction {
  /** When the person asked, in milliseconds since 1970: the same at every replay. */
  readonly now: number;
  /** A version 7 UUID: the first call gives the same id at every replay, the second call its own, and so on. */
  id(): string;
  get<R extends Row>(collection: CollectionDefinition<R>, id: RowId): R | undefined;
  /** Does nothing where a row of that id is there already: the server was faster. */
  insert<R extends Row>(collection: CollectionDefinition<R>, row: NoInfer<R>): void;
  /** Does nothing where the row is not there, until it is. */
  update<R extends Row>(collection: CollectionDefinition<R>, id: RowId, patch: NoInfer<PatchOf<R>>): void;
  remove(collection: CollectionDefinition, id: RowId): void;
}

/** What completes an argument before it is stored: called once, so it may use the clock and random bytes. */
export interface Make {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** A new version 7 UUID. */
  id(): string;
}

/** What an intent does to the rows. Pure, and it is replayed: by another tab, or tomorrow. */
export type Effect<Argument = never> = (tx: EffectTransaction, argument: Argument) => void;

/** A row that an intent writes to, and what the server had confirmed of it when the intent was made. */
export interface IntentTarget extends EntityKey {
  /** Null for a new row, and in a collection without versions. */
  readonly version: number | null;
  /** The confirmed values of the fields that the intent writes, null where a field was absent. Null for a new row. */
  readonly base: JsonObject | null;
}

/** A write that a person asked for, as plain JSON. */
export interface Intent {
  /** A version 7 UUID, and the idempotency key. */
  readonly id: string;
  /** What `tx.id()` derives from: the id of the first intent in a row of successors. Absent: `id`. */
  readonly seed?: string;
  readonly endpoint: string;
  readonly argument: unknown;
  /** The rows it writes: its lanes. */
  readonly targets: readonly IntentTarget[];
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Who asked; null before anyone is signed in. */
  readonly user: string | null;
  /** The ids of intents that must have settled before it is sent. */
  readonly after?: readonly string[];
}

/** An intent before the effect has said which rows it writes. */
export type IntentDraft = Omit<Intent, 'targets'>;

/**
 * The ladder. A rung is never left downwards; `parked` is left to any rung. After `acknowledged` comes confirmed,
 * which is the end: the intent leaves the log.
 */
export type IntentStatus =
  /** In memory alone. */
  | { readonly kind: 'local' }
  /** Stored: it survives a crash. */
  | { readonly kind: 'durable' }
  /** It may have reached the server. */
  | { readonly kind: 'sent' }
  /** The server did it; per target the version that must be confirmed first, null for none. */
  | { readonly kind: 'acknowledged'; readonly awaits: readonly (number | null)[] }
  /** It stopped and awaits a person; its effect does not show. `reason` is plain JSON. */
  | { readonly kind: 'parked'; readonly reason: unknown };

export interface PendingIntent extends Intent {
  readonly status: IntentStatus;
  /** The rows that its last replay read or wrote. */
  readonly touched: readonly EntityKey[];
  /** The rows that its effect is not applied to: their confirmed form holds it already, or the server refused it. */
  readonly told: readonly EntityKey[];
}

/** The log of intents that have not settled, in the order in which they were made: plain JSON. */
export interface PendingState {
  readonly intents: readonly PendingIntent[];
}

export interface RowsAndIntents {
  readonly collections: CollectionsState;
  readonly pending: PendingState;
}

/** A confirmed change, and the intent that caused it where the server tells. */
export type ToldChange = ConfirmedChange & { readonly intent?: string };

export interface PendingStep {
  readonly state: RowsAndIntents;
  /** What changed in the visible rows. */
  readonly changeSet: ChangeSet;
  /** What changed in the confirmed rows. */
  readonly confirmed: ChangeSet;
  /** The ids of intents that settled because what they were acknowledged at is confirmed. */
  readonly settled: readonly string[];
}

/** The server's 2xx. */
export interface Acknowledgement {
  /** The rows that the answer brought, and removals that it proves. */
  readonly changes: readonly ToldChange[];
  /** The versions that the write led to, where the answer tells them apart from rows (an `ETag`). */
  readonly versions?: readonly (EntityKey & { readonly version: number })[];
  /** The targets that the server left as they were, where it answers for each of several. */
  readonly refused?: readonly EntityKey[];
}

/** One field that both sides changed. */
export interface FieldConflict extends EntityKey {
  /** Names joined by dots, from the row inwards. */
  readonly field: string;
  readonly base: unknown;
  readonly mine: unknown;
  readonly theirs: unknown;
}

/** A row of a named collection. */
export interface NamedRow {
  readonly collection: string;
  readonly row: Row;
}

export type Merge =
  /** Nobody else touched its fields: this intent, under its new id and over the current row, takes its place. */
  | { readonly kind: 'merged'; readonly intent: Intent }
  | { readonly kind: 'conflict'; readonly fields: readonly FieldConflict[] };

/**
 * Visible rows are the confirmed ones, then the pending intents replayed in order; only rows that a step touches are
 * computed again. All functions are pure; a step that does nothing returns the state it was given.
 */
export interface Pending {
  readonly initial: PendingState;
  /**
   * Runs the effect once to learn which rows it writes and what is confirmed of them. In development it runs twice,
   * over frozen rows, to catch effects that are not pure.
   * @throws LockstepError `endpoint-undeclared`, `not-serialisable`, `effect-impure`.
   */
  intentFor(state: RowsAndIntents, draft: IntentDraft): Intent;
  /** Appends an intent and shows its effect. Does nothing where the log has it. @param status default local. */
  begin(state: RowsAndIntents, intent: Intent, status?: IntentStatus): PendingStep;
  /** Moves an intent on the ladder. Does nothing where the move would lead down, or the intent is gone. */
  mark(
    state: RowsAndIntents,
    id: string,
    status: Exclude<IntentStatus, { kind: 'acknowledged' }>,
  ): PendingStep;
  /**
   * Takes the server's 2xx: its rows are confirmed, and the intent settles in this step, or in the `confirm` that
   * brings the versions it was acknowledged at. Where an answer brings no row, a removal counts as confirmed, and so
   * does what the effect makes of a row without versions.
   */
  acknowledge(state: RowsAndIntents, id: string, acknowledgement: Acknowledgement): PendingStep;
  /**
   * Ends an intent; the others are replayed.
   * @param successor takes its place in the log: durable, or where it stood if it has the same id.
   */
  settle(state: RowsAndIntents, id: string, successor?: Intent): PendingStep;
  /** Takes confirmed rows that were changed by another way than `confirm`: by a verb, or a snapshot. */
  adopt(state: RowsAndIntents, collections: CollectionsState): PendingStep;
  /** Takes what the server says, from an answer or the channel. */
  confirm(state: RowsAndIntents, changes: readonly ToldChange[]): PendingStep;
  /**
   * After a 412: by field, what the intent wants against the row that the server has now, over the base it saw.
   * @param successor the id of the intent that would take its place.
   */
  merge(state: RowsAndIntents, intent: Intent, current: NamedRow, successor: string): Merge;
  /** The same intent over the row that its predecessor's answer brought, for intents that were never sent. */
  restamp(intent: Intent, current: NamedRow): Intent;
}
