import type { AuditAction } from '@directory/contract';
import type { JsonObject } from '@lockstep/protocol';
import type { NewChange } from '@lockstep/server';
import type { CompiledQuery } from 'kysely';

/** Where a change comes from: what every record of it says. */
export interface Provenance {
  /** Null: the server itself. The name is kept as it was then. */
  readonly actor: { readonly id: string; readonly name: string } | null;
  readonly requestId: string;
  /** The network address it came from; null where it came from none. */
  readonly address: string | null;
  /** An ISO time. */
  readonly at: string;
}

/** Makes the statements that keep a record of changes. They belong into the transaction of the changes. */
export type Recorder = (provenance: Provenance, changes: readonly NewChange[]) => CompiledQuery[];

/** Something that administrators may want to look up later. */
export interface AuditNote {
  readonly action: AuditAction;
  /** What was acted upon, by the feed's name for it and its id. */
  readonly entity?: string;
  readonly entityId?: string;
  /** Small, and without secrets. */
  readonly details?: JsonObject;
}

/** Makes the statement that keeps a note. It belongs into the transaction of what it tells, where there is one. */
export type NoteMaker = (provenance: Provenance, note: AuditNote) => CompiledQuery;

/** What the server does by itself, as its records name it. */
export const bySystem = (task: string, at: string): Provenance => ({
  actor: null,
  requestId: task,
  address: null,
  at,
});
