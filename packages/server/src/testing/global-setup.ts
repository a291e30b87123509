import { POSTGRES_VARIABLE } from './databases.ts';
import { startPostgres } from './postgres.ts';
import type { TestPostgres } from './postgres.ts';

/** For `globalSetup` of a vitest project: one PostgreSQL for the whole run, however many projects ask for it. */
let postgres: TestPostgres | null = null;

export async function setup(): Promise<void> {
  if (process.env[POSTGRES_VARIABLE] !== undefined) return;
  postgres = await startPostgres();
  process.env[POSTGRES_VARIABLE] = postgres.url;
}

export async function teardown(): Promise<void> {
  if (postgres === null) return;
  delete process.env[POSTGRES_VARIABLE];
  await postgres.stop();
}
