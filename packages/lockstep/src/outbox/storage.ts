import type { Entry } from './entry.ts';

/** An entry before the storage has given it a place. */
export type Draft<Payload> = Omit<Entry<Payload>, 'position' | 'revision'>;

/** One change to the stored queue. `revision` is the one on which the change was decided. */
export type Step<Payload> =
  | { readonly op: 'append'; readonly entry: Draft<Payload> }
  | {
      readonly op: 'put';
      readonly position: number;
      readonly revision: number;
      readonly entry: Draft<Payload>;
    }
  | { readonly op: 'remove'; readonly position: number; readonly revision: number };

/** What must still be true for a commit to take place. */
export interface Guard {
  /** The tail on which the change was decided: nothing was appended since. */
  readonly tail?: number;
  /** The drainer's fence: nobody has claimed the queue since. */
  readonly fence?: number;
}

export interface Loaded<Payload> {
  /** By position, rising. */
  readonly entries: readonly Entry<Payload>[];
  /** The highest position ever given; 0 before the first. Positions are given without gaps. */
  readonly tail: number;
}

export type Committed<Payload> =
  | {
      readonly kind: 'done';
      /** What `append` and `put` left, in the order of those steps. */
      readonly entries: readonly Entry<Payload>[];
      readonly tail: number;
    }
  /** A revision, an id or the tail is not as expected. Nothing was written. */
  | { readonly kind: 'changed' }
  /** Another tab has claimed the queue. Nothing was written. */
  | { readonly kind: 'fenced' };

/**
 * Where a queue is kept: one storage is one person's queue in one tenant. Several tabs may have it open, each by a
 * connection of its own. On a connection, calls take effect in the order in which they were made and answer in that
 * order. A promise rejects, with a `StorageFailure`, where the medium fails; nothing of that call was written then.
 */
export interface OutboxStorage<Payload> {
  load(): Promise<Loaded<Payload>>;
  /** All steps or none; `done` means that they outlive the page as far as the medium can. Ids are unique in the queue. */
  commit(steps: readonly Step<Payload>[], guard?: Guard): Promise<Committed<Payload>>;
  /** Gives a fence above all before. From then on commits under a lower one are refused. */
  claim(): Promise<number>;
  /** Calls back after another connection's commit; loading tells what changed. Returns the way to stop. */
  watch(listener: () => void): () => void;
  close(): void;
}

/** Why a storage did not do what was asked. */
export type StorageFault =
  /** There is no room. */
  | 'quota'
  /** The data was written by a newer version of the application. */
  | 'newer'
  /** This connection is closed, or was closed by the browser. */
  | 'closed'
  /** The value cannot be stored: it holds a function, for one. */
  | 'not-storable'
  | 'unavailable';

/** The medium failed: what was to be stored is not stored, and must not be shown as if it were. */
export class StorageFailure extends Error {
  readonly kind: StorageFault;

  constructor(kind: StorageFault, options?: ErrorOptions) {
    super(`outbox storage: ${kind}`, options);
    this.name = 'StorageFailure';
    this.kind = kind;
  }
}
