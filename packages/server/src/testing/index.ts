/** For tests and benchmarks on real databases. Needs `tools/postgres` installed; never part of a running server. */
export { createTestDatabase, stopTestPostgres } from './databases.ts';
export type { TestDatabase } from './databases.ts';
export { startPostgres } from './postgres.ts';
export type { TestPostgres, TestPostgresOptions } from './postgres.ts';
