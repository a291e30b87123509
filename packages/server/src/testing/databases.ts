import { cp, mkdtemp, readFile, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openDatabase } from '../database/index.ts';
import type { DatabaseOptions, Dialect } from '../database/index.ts';
import { startPostgres } from './postgres.ts';
import type { TestPostgres } from './postgres.ts';

/** Where the test run's set-up leaves the address of its PostgreSQL. */
export const POSTGRES_VARIABLE = 'LOCKSTEP_TEST_POSTGRES';

export interface TestDatabase {
  readonly options: DatabaseOptions;
  /** Removes it. Close what was opened on it before. */
  dispose(): Promise<void>;
}

let own: Promise<TestPostgres> | null = null;

/**
 * An empty database of that kind, alone for the caller. PostgreSQL's server is the one of the test run (see `global-setup.ts`), or one that
 * this process starts at the first call; the embedded one is a copy of a folder that was made once, since making it takes seconds.
 */
export async function createTestDatabase(dialect: Dialect): Promise<TestDatabase> {
  if (dialect === 'postgres') {
    const given = process.env[POSTGRES_VARIABLE];
    const postgres = given === undefined ? await (own ??= startPostgres()) : null;
    const url = postgres === null ? await createDatabaseAt(given ?? '') : await postgres.createDatabase();
    return { options: { postgres: { url } }, dispose: async () => {} };
  }
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-pglite-'));
  const dataDir = join(folder, 'data');
  await cp(await template(), dataDir, { recursive: true });
  return {
    options: { pglite: { dataDir, vacuumEveryMs: 0 } },
    dispose: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Ends the PostgreSQL that `createTestDatabase` started in this process, if it did. */
export async function stopTestPostgres(): Promise<void> {
  const postgres = await own;
  own = null;
  await postgres?.stop();
}

async function createDatabaseAt(server: string): Promise<string> {
  const name = `test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`;
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  return Object.assign(new URL(server), { pathname: `/${name}` }).href;
}

async function template(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const text = await readFile(join(dirname(entry), '..', 'package.json'), 'utf8');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a package's own description
  const { version } = JSON.parse(text) as { version: string };
  const folder = join(tmpdir(), `lockstep-pglite-template-${version}-${process.getuid?.() ?? 0}`);
  const exists = await readdir(folder).then(
    (names) => names.includes('PG_VERSION'),
    () => false,
  );
  if (exists) return folder;
  const making = await mkdtemp(join(tmpdir(), 'lockstep-pglite-making-'));
  const database = await openDatabase({ pglite: { dataDir: making } });
  await database.close();
  try {
    await rename(making, folder);
  } catch {
    // Another process was faster; its folder is as good.
    await rm(making, { recursive: true, force: true });
  }
  return folder;
}
