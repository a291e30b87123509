import { randomBytes } from 'node:crypto';
import { createUuidv7 } from '@lockstep/protocol';
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { commitIntent, hashRequest } from '../commit/index.ts';
import type { CommitOutcome } from '../commit/index.ts';
import type { Database } from '../database/index.ts';
import { serverMigrations } from '../migrations.ts';

export const newKey = createUuidv7(Date.now, (count) => randomBytes(count));

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
  during?: () => Promise<void> | void;
}

/** A write as an application makes it: raises one counter and says so in a change. */
export function count(database: Database, id: string, options: CountOptions = {}): Promise<CommitOutcome> {
  const { key = newKey(), actor = 'tester', by = 1, now = Date.now(), during } = options;
  const hash = hashRequest({ method: 'POST', path: `/counters/${id}`, body: { by } });
  return commitIntent(database, { key, actor, hash, now }, async (tx) => {
    const { rows } = await sql<Counter>`
      insert into counters (id, version, value) values (${id}, 1, ${by})
      on conflict (id) do update set version = counters.version + 1, value = counters.value + excluded.value
      returning id, version, value`.execute(tx);
    const [row] = rows;
    if (row === undefined) throw new Error('expected a row');
    await during?.();
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
