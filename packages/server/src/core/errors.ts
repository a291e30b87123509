/**
 * Why this package refused or failed.
 * - `unavailable`: the database cannot be reached, or did not answer in time. Answer 503 with `Retry-After`.
 * - `data-folder-locked`: another process holds the embedded database's folder.
 * - `data-folder-unusable`: the folder cannot be created, read or written.
 * - `bad-database-url`: the address is not one of a PostgreSQL database.
 * - `query-outside-transaction`: a query on `db` inside a transaction of the same database.
 * - `bad-channel`: a notification channel's name or payload that PostgreSQL would refuse.
 * - `bad-change`: an effect handed over a change without its id, version or a known `op`.
 * - `closed`: used after `close()`.
 */
export type ServerErrorCode =
  | 'unavailable'
  | 'data-folder-locked'
  | 'data-folder-unusable'
  | 'bad-database-url'
  | 'query-outside-transaction'
  | 'bad-channel'
  | 'bad-change'
  | 'closed';

/** The one class of errors this package makes. Read `code`, never the message. Errors of SQL itself keep the database's class and its SQLSTATE in `code`. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly code: ServerErrorCode;

  constructor(code: ServerErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** True for this package's own errors, of one code where it is given. */
export const isServerError = (error: unknown, code?: ServerErrorCode): error is ServerError =>
  error instanceof ServerError && (code === undefined || error.code === code);
