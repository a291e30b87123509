import pg from 'pg';
import { ServerError } from '../core/errors.ts';

/** SQLSTATEs that say "not now" rather than "not so": the connection, the machine, or the time allowed ran out. */
const NOT_NOW = /^(08...|53...|58...|57P0[1-5]|57014|55P03|25P0[34])$/;

/** Those after which the connection itself is of no more use. */
const CONNECTION_GONE = /^(08...|57P0[1-5]|25P0[34])$/;

/** The SQLSTATE of an error that the database answered with; undefined for every other error. */
export const sqlState = (error: unknown): string | undefined => {
  const cause = error instanceof ServerError ? error.cause : error;
  return cause instanceof pg.DatabaseError ? cause.code : undefined;
};

/** The driver's errors in this package's terms: what cannot be reached is `unavailable`, what SQL refused stays as it is. */
export function failureOf(error: unknown): unknown {
  if (error instanceof ServerError || error instanceof TypeError || error instanceof RangeError) return error;
  const state = sqlState(error);
  if (state !== undefined && !NOT_NOW.test(state)) return error;
  const reason =
    error instanceof Error
      ? error.message || ('code' in error ? String(error.code) : error.name)
      : String(error);
  return new ServerError('unavailable', `The database did not answer (${reason}). Try again shortly.`, {
    cause: error,
  });
}

/** Must the connection be thrown away after this error? */
export function losesConnection(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return CONNECTION_GONE.test(state);
  const cause = error instanceof ServerError ? error.cause : error;
  return !(cause instanceof TypeError || cause instanceof RangeError);
}
