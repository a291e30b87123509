import type { RequestFailure } from '../core/index.ts';

/** Why an entry stopped and awaits a person. */
export type Parking =
  /** The server refused it for good. */
  | { readonly kind: 'refused'; readonly failure: RequestFailure }
  /** Somebody changed the same thing; `conflict` is what the resolver said about it. */
  | { readonly kind: 'conflict'; readonly failure: RequestFailure; readonly conflict: unknown }
  /** It waited so long that a person should look at it before it is sent. */
  | { readonly kind: 'aged' }
  /** It was stored under an older schema and could not be upgraded. */
  | { readonly kind: 'unreadable' }
  /** A function of the application threw. */
  | { readonly kind: 'fault'; readonly message: string };

/** What storage knows of an entry. What happens to it at this moment is its `Turn`. */
export type Status =
  /** Stored, never sent: its payload may still change. */
  | { readonly kind: 'durable' }
  /** It may have reached the server: its payload and key stay as they are. */
  | { readonly kind: 'sent' }
  | { readonly kind: 'parked'; readonly parking: Parking; readonly sent: boolean };

/** One write in the queue. */
export interface Entry<Payload> {
  /** Its place in the queue, given by the storage; rising, never given twice. */
  readonly position: number;
  /** Raised by every write to the entry. */
  readonly revision: number;
  /** Names the entry for as long as it is queued. */
  readonly id: string;
  /** The idempotency key under which it is sent: the id, until a successor with a key of its own takes its place. */
  readonly key: string;
  /** Entries that share a lane are sent in the order of their positions, each after the one before has settled. */
  readonly lanes: readonly string[];
  /** Ids or keys of entries that must have settled before. */
  readonly after: readonly string[];
  readonly payload: Payload;
  /** The version of the payload's form. */
  readonly schema: number;
  /** When the person asked, in milliseconds since 1970. */
  readonly at: number;
  readonly status: Status;
  /** A person has seen it in spite of its age. */
  readonly reviewed?: boolean;
}

/** What may befall an entry. */
export type EntryEvent =
  | 'send'
  | 'acknowledge'
  | 'park'
  | 'replace'
  | 'retry'
  | 'discard'
  | 'merge'
  | 'restamp';

type Row = Readonly<Record<EntryEvent, Status['kind'] | 'gone' | 'back' | 'never'>>;

const never: Row = {
  send: 'never',
  acknowledge: 'never',
  park: 'parked',
  replace: 'never',
  retry: 'never',
  discard: 'gone',
  merge: 'never',
  restamp: 'never',
};

/**
 * Where each event leads from each status. `gone`: it leaves the storage; `back`: to the status it had before it was
 * parked; `never`: the event has no meaning there, and asking for it is refused. Payloads change in `durable` alone
 * (`merge`, `restamp`) or under a new key (`replace`), so that one key never names two bodies.
 */
export const ENTRY_TABLE: Readonly<Record<Status['kind'], Row>> = {
  durable: { ...never, send: 'sent', merge: 'durable', restamp: 'durable' },
  sent: { ...never, send: 'sent', acknowledge: 'gone', replace: 'durable' },
  parked: { ...never, replace: 'durable', retry: 'back' },
};

export function allows(entry: { readonly status: Status }, event: EntryEvent): boolean {
  return ENTRY_TABLE[entry.status.kind][event] !== 'never';
}
