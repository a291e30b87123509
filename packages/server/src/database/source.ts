import type { Writable } from 'node:stream';
import type { ClientBase, QueryResult } from 'pg';

/** Where connections come from: a pool of PostgreSQL's, or turns on the embedded database's only one. */
export interface Source {
  /** Rejects with `unavailable` where none can be had in time. */
  lend(): Promise<Lent>;
  /** Notifications of every channel that was listened to, over reconnects. */
  readonly listener: Listener;
  /** A connection of its own, outside the pool; null where the database has only one (and this process holds it alone). */
  openSession: (() => Promise<Session>) | null;
  close(): Promise<void>;
}

/** The wire under a client; the driver's types leave it out. */
export function wireOf(client: ClientBase): Pick<Writable, 'cork' | 'uncork'> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return (client as unknown as { connection: { stream: Writable } }).connection.stream;
}

/** A connection for one query, or for one transaction between `begin` and `end`. */
export interface Lent {
  /** `name`: prepare it under this name, and use that from then on. */
  query(text: string, values: readonly unknown[], name?: string): Promise<QueryResult>;
  /** What is sent from now on leaves together, at `uncork`: each write to the network costs as much as the work it asks for. */
  cork(): void;
  uncork(): void;
  /** Waits for the exclusive turn. */
  begin(): Promise<void>;
  /** Gives the exclusive turn back. */
  end(): void;
  release(broken: boolean): void;
}

export interface Listener {
  /** Called after notifications may have been lost. */
  onReconnect(listener: () => void): () => void;
  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>>;
}

/** A connection that keeps what belongs to a session (advisory locks) until it is lost. */
export interface Session {
  query(text: string, values?: readonly unknown[], name?: string): Promise<QueryResult>;
  onNotification(listener: (channel: string, payload: string) => void): void;
  /** Called once, when the connection ended without `close`. */
  onLost(listener: () => void): void;
  close(): Promise<void>;
}
