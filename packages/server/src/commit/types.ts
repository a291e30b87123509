import type { Json, JsonObject, MergePatch } from '@lockstep/protocol';
import type { CompiledQuery, Transaction } from 'kysely';

/** A change that an effect made. `version` is the row's new one; a delete's `before` holds the whole old row. */
export interface NewChange {
  entity: string;
  id: string;
  op: 'insert' | 'update' | 'delete';
  version: number;
  /** The row after the change; absent for a delete. */
  row?: JsonObject;
  /** The merge patch that leads back to the old row (`mergePatchBetween(newRow, oldRow)`). */
  before?: MergePatch;
}

/** What one write asks for. */
export interface IntentToCommit {
  /** The `Idempotency-Key` (a UUIDv7), or null: the write is then applied each time it is sent. */
  key: string | null;
  /** Who writes. The key's record is bound to it. Null is the system. */
  actor: string | null;
  /** `hashRequest(…)` of method, path and body. */
  hash: string;
  /** The server's time of receipt, in ms since the epoch. */
  now: number;
}

/** What an effect answers; all of it is stored with the key and replayed as it is. */
export interface EffectResult {
  status: number;
  body: Json;
  headers?: Record<string, string>;
  changes: readonly NewChange[];
  /** Statements that go out together with COMMIT, in one round trip: records of the write, which nothing in it reads. */
  closing?: readonly CompiledQuery[];
}

/** Writes with `tx` alone. Whatever it throws rolls everything back, releases the key and reaches the caller as it is. */
// oxlint-disable-next-line typescript/no-explicit-any -- the tables belong to the application
export type Effect<Schema = any> = (tx: Transaction<Schema>) => Promise<EffectResult>;

export interface StoredAnswer {
  status: number;
  body: Json;
  headers: Record<string, string>;
}

/**
 * - `committed`: the effect, the key's record and the changes are durable.
 * - `replayed`: the same key, actor and hash came before; this is the answer given then. Send `Idempotency-Replayed: true`.
 * - `refused`: nothing was written. `idempotency-mismatch`: the key was used for another request or by another actor (422) ·
 *   `intent-expired`: older than 7 days and without a record (409) · `clock-skew`: more than 10 minutes ahead (422) ·
 *   `intent-in-progress`: the first one still runs after the bounded wait (409) · `malformed-key`: not a UUIDv7 (400).
 */
export type CommitOutcome =
  | ({ kind: 'committed' } & StoredAnswer)
  | ({ kind: 'replayed' } & StoredAnswer)
  | { kind: 'refused'; code: CommitRefusal };

export type CommitRefusal =
  | 'idempotency-mismatch'
  | 'intent-expired'
  | 'clock-skew'
  | 'intent-in-progress'
  | 'malformed-key';
