import type { Backoff, Cancel, Clock, Random, RequestFailure, Timers } from '../core/index.ts';
import type { Entry, Parking } from './entry.ts';
import type { GateKind } from './gate.ts';
import type { OutboxStorage } from './storage.ts';
import type { EntryView } from './survey.ts';

/** A write to be queued. */
export interface Submission<Payload> {
  /** Names the write, and is its idempotency key: a version 7 UUID. */
  readonly id: string;
  /** What it must keep its order with: one lane per row that it writes. */
  readonly lanes: readonly string[];
  /** Ids of writes, queued before, that must have settled first. */
  readonly after?: readonly string[];
  /** Plain data, as `structuredClone` takes it. */
  readonly payload: Payload;
  /** When the person asked, in milliseconds since 1970. */
  readonly at: number;
}

/** What came of sending an entry once. */
export type SendOutcome =
  | { readonly kind: 'acknowledged'; readonly answer: unknown; readonly meta?: unknown }
  /** The row has another version than the one written against; `current` is the row as it is. */
  | { readonly kind: 'stale'; readonly current: unknown; readonly failure: RequestFailure }
  /** Sending the same again will not help. */
  | { readonly kind: 'refused'; readonly failure: RequestFailure }
  /** The server cannot now; `retryAfterMs` where it named a time. */
  | { readonly kind: 'busy'; readonly retryAfterMs?: number; readonly failure: RequestFailure }
  /** No answer; whether the server acted is unknown. */
  | { readonly kind: 'unreachable'; readonly failure: RequestFailure }
  | { readonly kind: 'unauthorised'; readonly failure: RequestFailure }
  | { readonly kind: 'aborted' };

/** Why an entry is about to be the next of its lane. */
export type Precedent<Payload> =
  | { readonly kind: 'acknowledged'; readonly entry: Entry<Payload>; readonly answer: unknown }
  | { readonly kind: 'discarded'; readonly entry: Entry<Payload> };

/** What becomes of an entry whose row changed meanwhile. */
export type Resolution<Payload> =
  /** The same wish over the row as it is now, under a new key, takes the entry's place. */
  | { readonly kind: 'replace'; readonly key: string; readonly payload: Payload }
  /** A person decides; `conflict` is for them. */
  | { readonly kind: 'conflict'; readonly conflict: unknown };

/** How a write ended, or as far as is known now. */
export type Outcome =
  | { readonly kind: 'acknowledged'; readonly answer: unknown; readonly meta?: unknown }
  /** Stored, and not to be sent at once: the queue rests, or the entry waits for time or a person. */
  | { readonly kind: 'durable' }
  /** The server refused it, or it needs a person. `queued`: it is parked; otherwise it has left the queue. */
  | { readonly kind: 'refused'; readonly parking: Parking; readonly queued: boolean }
  | { readonly kind: 'discarded' }
  /** It and the writes it belonged with cancelled each other out before any was sent. */
  | { readonly kind: 'nothing' }
  /** The storage did not take it. */
  | { readonly kind: 'not-stored'; readonly error: unknown }
  /** The queue holds no such entry (any more). */
  | { readonly kind: 'unknown' };

export type PauseReason = 'offline' | 'signed-out' | 'person';

/** Whether the queue is being sent, and why not. */
export type OutboxState =
  | { readonly kind: 'starting' }
  /** Another tab sends. */
  | { readonly kind: 'following' }
  | { readonly kind: 'open' }
  | { readonly kind: 'paused'; readonly reasons: readonly PauseReason[] }
  /** The server, or the storage, does not let entries through; it is tried again at `until`, where that is known. */
  | { readonly kind: 'held'; readonly by: Exclude<GateKind, 'open'> | 'storage'; readonly until?: number }
  | { readonly kind: 'closed' };

export type OutboxEvent<Payload> =
  /** What other tabs, or an earlier page, did to the queue. The first tells everything that was stored. */
  | {
      readonly kind: 'read';
      readonly added: readonly Entry<Payload>[];
      readonly changed: readonly Entry<Payload>[];
      readonly gone: readonly Entry<Payload>[];
    }
  | { readonly kind: 'stored'; readonly entry: Entry<Payload> }
  /** The write `id` was merged into an entry; null: both are gone. */
  | {
      readonly kind: 'merged';
      readonly id: string;
      readonly into: string;
      readonly entry: Entry<Payload> | null;
    }
  | { readonly kind: 'sent'; readonly entry: Entry<Payload> }
  | {
      readonly kind: 'acknowledged';
      readonly entry: Entry<Payload>;
      readonly answer: unknown;
      readonly meta?: unknown;
    }
  | { readonly kind: 'restamped'; readonly entry: Entry<Payload> }
  | { readonly kind: 'replaced'; readonly entry: Entry<Payload>; readonly previousKey: string }
  | { readonly kind: 'parked'; readonly entry: Entry<Payload> }
  | { readonly kind: 'retried'; readonly entry: Entry<Payload> }
  /** A person took it out, or it was refused and whoever waited for it knows. */
  | { readonly kind: 'discarded'; readonly entry: Entry<Payload>; readonly parking?: Parking }
  | { readonly kind: 'upgraded'; readonly entry: Entry<Payload> }
  | { readonly kind: 'state'; readonly state: OutboxState };

/** Which tab sends. `gained` and `lost` may be called again and again; returns the way to stop. */
export interface Leadership {
  follow(gained: () => void, lost: () => void): () => void;
}

/**
 * What the application decides. These are called again where another tab changed the queue meanwhile, so they must not
 * act, only answer; one that throws parks the entry as `fault`.
 */
export interface OutboxPolicy<Payload> {
  /**
   * Merges a write into the one before it, both never sent and in the same lanes. `nothing`: they cancel each other out;
   * null: they stay apart. Without this nothing is merged.
   */
  coalesce?(
    earlier: Entry<Payload>,
    later: Submission<Payload>,
  ): { readonly payload: Payload } | 'nothing' | null;
  /** The payload brought up to date before it is sent, now that one before it has settled. */
  restamp?(entry: Entry<Payload>, precedent: Precedent<Payload>): Payload;
  /** Without this every stale entry is parked as a conflict. */
  resolve?(
    entry: Entry<Payload>,
    outcome: Extract<SendOutcome, { kind: 'stale' }>,
  ): Resolution<Payload> | Promise<Resolution<Payload>>;
  /** Whether a refused entry stays for a person (default), or goes because whoever asked for it is told (`awaited`). */
  refused?(entry: Entry<Payload>, failure: RequestFailure, awaited: boolean): 'park' | 'discard';
  /** Asked once, of an entry past `reviewAfterMs`, before it is sent. Default: park. */
  review?(entry: Entry<Payload>, ageMs: number): 'park' | 'send';
  /** Renews the sign-in, once for all entries that met a 401. Without this a 401 pauses the queue as signed out. */
  renew?(): Promise<'renewed' | 'signed-out' | 'unreachable'>;
  /** A payload of an older schema in today's form; undefined parks it as `unreadable`. */
  upgrade?(payload: unknown, schema: number): Payload | undefined;
}

export interface OutboxOptions<Payload> extends OutboxPolicy<Payload> {
  readonly storage: OutboxStorage<Payload>;
  /** One exchange, without retries of its own, under `entry.key`. */
  send(entry: Entry<Payload>, signal: AbortSignal): Promise<SendOutcome>;
  readonly onEvent?: (event: OutboxEvent<Payload>) => void;
  /** Without this, this outbox always sends. */
  readonly leadership?: Leadership;
  /** The version of today's payloads, rising. Default 1. */
  readonly schema?: number;
  /** How many entries may be on their way at once. Default 4. */
  readonly concurrency?: number;
  /** Default 500 ms, at most 60 s. */
  readonly backoff?: Backoff;
  /** The longest `Retry-After` that is obeyed. Default one hour. */
  readonly maxRetryAfterMs?: number;
  /** Default one day. */
  readonly reviewAfterMs?: number;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly random?: Random;
}

/** What came of a person's decision about an entry. */
export type Decided =
  | 'done'
  /** It has settled or was discarded meanwhile. */
  | 'gone'
  /** Not possible now: it is on its way, or not parked, or this tab does not send. */
  | 'refused';

export interface Outbox<Payload> {
  /** Resolves when the write is stored; rejects with a `StorageFailure` where it is not. */
  enqueue(submission: Submission<Payload>): Promise<void>;
  /**
   * How the write ends; `durable` as soon as it is clear that it will not be sent at once. Ask right after `enqueue`,
   * before awaiting it: what has left the queue is `unknown`. Never rejects.
   */
  outcome(id: string): Promise<Outcome>;
  /** All entries by position, with what happens to each now. The same array until something changes. */
  entries(): readonly EntryView<Payload>[];
  state(): OutboxState;
  /** Sends a parked entry again, under its key. */
  retry(id: string): Promise<Decided>;
  /** Puts another payload, under a new key, into a parked entry's place. */
  edit(id: string, successor: { readonly key: string; readonly payload: Payload }): Promise<Decided>;
  /**
   * Takes entries out that are not on their way, all or none. One that was sent before may have been applied; the rows
   * will tell.
   */
  discard(...ids: readonly string[]): Promise<Decided>;
  /** Everything stored, also what this version cannot read. */
  export(): Promise<readonly Entry<Payload>[]>;
  /** Nothing more is sent until every reason is gone. `signed-out` also ends what is on its way. */
  pause(reason: PauseReason): void;
  resume(reason: PauseReason): void;
  /** Calls back, once a step, after the entries, their turns or the state have changed. Returns the way to stop. */
  watch(watcher: () => void): Cancel;
  /** The network may be back: an unreachable server is tried now. */
  wake(): void;
  close(): void;
}
