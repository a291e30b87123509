import { randomBytes } from 'node:crypto';
import { createUuidv7 } from '@lockstep/protocol';
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterAll, beforeAll, describe } from 'vitest';
import { commitIntent, hashRequest } from '../commit/index.ts';
import type { CommitOutcome } from '../commit/index.ts';
import { openDatabase } from '../database/index.ts';
import type { Database, Dialect } from '../database/index.ts';
import type { Feed, FullChange } from '../feed/index.ts';
import { serverMigrations } from '../migrations.ts';
import { createTestDatabase } from './databases.ts';
import type { TestDatabase } from './databases.ts';

export const newKey = createUuidv7(Date.now, (count) => randomBytes(count));

/** Runs one suite on each adapter, on an empty database with this package's tables and a table of counters. */
export function onBothDatabases(
  title: string,
  suite: (open: () => Database, dialect: Dialect) => void,
): void {
  describe.each<Dialect>(['pglite', 'postgres'])(`${title} (%s)`, (dialect) => {
    let made: TestDatabase;
    let database: Database;
    beforeAll(async () => {
      made = await createTestDatabase(dialect);
      database = await openDatabase(made.options);
      await prepare(database);
    }, 60_000);
    afterAll(async () => {
      await database.close();
      await made.dispose();
    });
    suite(() => database, dialect);
  });
}

/** The tables of this package, and one for the tests' own effects. */
export async function prepare(database: Database): Promise<void> {
  const migrator = new Migrator({
    db: database.db,
    provider: { getMigrations: async () => serverMigrations },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  await sql`create table if not exists counters (id text primary key, version integer not null, value integer not null)`.execute(
    database.db,
  );
}

export interface Counter {
  id: string;
  version: number;
  value: number;
}

export interface CountOptions {
  key?: string | null;
  actor?: string | null;
  by?: number;
  now?: number;
  /** Runs between the effect and its end. */
  then?: () => Promise<void> | void;
}

/** A write as an application makes it: raises one counter and says so in a change. */
export function count(database: Database, id: string, options: CountOptions = {}): Promise<CommitOutcome> {
  const { key = newKey(), actor = 'tester', by = 1, now = Date.now(), then } = options;
  const hash = hashRequest({ method: 'POST', path: `/counters/${id}`, body: { by } });
  return commitIntent(database, { key, actor, hash, now }, async (tx) => {
    const { rows } = await sql<Counter>`
      insert into counters (id, version, value) values (${id}, 1, ${by})
      on conflict (id) do update set version = counters.version + 1, value = counters.value + excluded.value
      returning id, version, value`.execute(tx);
    const [row] = rows;
    if (row === undefined) throw new Error('expected a row');
    await then?.();
    return {
      status: 200,
      body: { data: { ...row } },
      headers: { etag: `"${row.version}"` },
      changes: [
        {
          entity: 'counter',
          id,
          op: row.version === 1 ? 'insert' : 'update',
          version: row.version,
          row: { ...row },
        },
      ],
    };
  });
}

export const counters = async (database: Database): Promise<Counter[]> =>
  (await sql<Counter>`select * from counters order by id`.execute(database.db)).rows;

/** Resolves with all changes once the feed has delivered `amount` of them, counted from the call. */
export function collect(feed: Feed, amount: number): { done: Promise<FullChange[]>; seen: FullChange[] } {
  const seen: FullChange[] = [];
  let expected = feed.offset();
  const done = new Promise<FullChange[]>((resolve, reject) => {
    const stop = feed.follow(({ changes, offset }) => {
      if (offset - changes.length !== expected)
        reject(new Error(`expected changes after ${expected}, received ${offset - changes.length}`));
      expected = offset;
      seen.push(...changes);
      if (seen.length < amount) return;
      stop();
      resolve(seen);
    });
  });
  return { done, seen };
}

/** Asks again until the answer is not undefined; for what happens in another process. */
export async function eventually<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  withinMs = 20_000,
): Promise<T> {
  const giveUp = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > giveUp) throw new Error(`expected an answer within ${withinMs} ms`);
    await new Promise((next) => setTimeout(next, 20));
  }
}
