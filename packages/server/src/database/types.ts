import type { Kysely, Transaction } from 'kysely';
import type { Report } from '../core/ports.ts';

export type Dialect = 'pglite' | 'postgres';

/** The database inside this process: PGlite (PostgreSQL 18 as WebAssembly) in a worker thread, with pg_trgm. */
export interface EmbeddedOptions {
  /** The folder that keeps the data; it is created, and held by a lock of its own until `close()`. `null` keeps the data in memory. */
  dataDir: string | null;
  /** How often to `VACUUM ANALYZE`, in ms; 0 never. PGlite has no autovacuum. Default 10 minutes. */
  vacuumEveryMs?: number;
}

/** A PostgreSQL (15 or newer) reached by address. LISTEN and session locks need a direct connection or a pooler in session mode. */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  url: string;
  /** Connections for queries; the feed and notifications take one each beside them. Default 10. */
  poolSize?: number;
  /** A statement that runs longer fails as `unavailable`, in ms. Default 30,000. */
  statementTimeoutMs?: number;
  /** A wait for a lock that lasts longer fails as `unavailable`, in ms. Default 5,000. */
  lockTimeoutMs?: number;
  /** Prepare statements that are used often. Turn it off for a pooler that hands connections from client to client. Default true. */
  prepare?: boolean;
  /** A wait for a free connection that lasts longer fails as `unavailable`, in ms. Default 5,000. */
  connectTimeoutMs?: number;
}

export type DatabaseOptions = ({ pglite: EmbeddedOptions } | { postgres: PostgresOptions }) & {
  report?: Report;
};

export interface TransactionOptions {
  isolation?: 'read committed' | 'repeatable read' | 'serializable';
}

/**
 * One database, whichever adapter is behind it. Both give the same values:
 * `bigint` a number where it is a safe integer, else its decimal text · `timestamptz` an ISO text in UTC with milliseconds ·
 * `date`, `timestamp`, `numeric`, `interval` their text · `json`, `jsonb` parsed · arrays of these as arrays.
 * As parameters: a `Date` becomes its ISO text, a `bigint` its decimal text; JSON columns take JSON text (`JSON.stringify` it).
 *
 * Whenever the database cannot be reached, every member rejects with a `ServerError` of code `unavailable`; a later call works
 * again once it is back. Errors of SQL keep their SQLSTATE in `code`, and `constraint`, `table`, `column`, `detail`.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- the tables belong to the application
export interface Database<Schema = any> {
  readonly dialect: Dialect;
  /** For queries outside a transaction. Inside one use its `tx`: there, a query on `db` rejects with `query-outside-transaction`. */
  readonly db: Kysely<Schema>;
  /** Commits when `work` resolves, rolls back when it rejects. No I/O other than `tx` inside: the embedded database has one connection. */
  transaction<T>(work: (tx: Transaction<Schema>) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /**
   * Calls `onPayload` for each notification, over reconnects; what was sent while the connection was lost is lost. A notification is a
   * hint, never the truth. The answer stops listening.
   */
  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>>;
  /** Sends at most 7,900 bytes to every listener on every node. */
  notify(channel: string, payload: string): Promise<void>;
  /** Resolves if the database answers now, else rejects with `unavailable`. For readiness checks. */
  ready(): Promise<void>;
  /** Ends running work, closes the connections, frees the folder. Idempotent. */
  close(): Promise<void>;
}
