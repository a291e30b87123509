export type {
  Database,
  DatabaseOptions,
  Dialect,
  EmbeddedOptions,
  PostgresOptions,
  TransactionOptions,
} from './types.ts';
import type { Database, DatabaseOptions } from './types.ts';

/** Opens the database and resolves when it answers. Errors: `data-folder-locked`, `data-folder-unusable`, `bad-database-url`, `unavailable`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the tables belong to the application
export declare function openDatabase<Schema = any>(options: DatabaseOptions): Promise<Database<Schema>>;
