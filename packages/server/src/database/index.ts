export { internalsOf, openDatabase } from './open.ts';
export type { Internals } from './open.ts';
export { sqlState } from './failures.ts';
export type { Session } from './source.ts';
export type {
  Database,
  DatabaseOptions,
  Dialect,
  EmbeddedOptions,
  PostgresOptions,
  TransactionOptions,
} from './types.ts';
