import { breakFeed } from '@lockstep/server';
import type { Database } from '@lockstep/server';
import { sql } from 'kysely';
import { createSearchIndex, dropSearchIndex } from '../db/migrations.ts';
import type { Tables } from '../db/tables.ts';
import { insertMany } from '../features/people/index.ts';
import { countLoaded } from '../features/statistics/index.ts';
import { demoPeople } from './people.ts';

const chunk = 2_000;
const clockSetting = 'demo-clock';

/** A start shifts demo times only when they have fallen behind by more than this, in milliseconds. */
const shiftAfterMs = 60 * 60 * 1000;

/** Fills an empty directory with demo people. */
export async function loadDemo(
  database: Database<Tables>,
  options: { count: number; now: number; onProgress?(loaded: number): void },
): Promise<void> {
  const { count, now, onProgress } = options;
  const { db } = database;
  // One build at the end is several times faster than keeping the index through every insert.
  await sql.raw(dropSearchIndex).execute(db);
  let users: Parameters<typeof insertMany>[1][number][] = [];
  let loaded = 0;
  const flush = async () => {
    const batch = users;
    users = [];
    await database.transaction((tx) => insertMany(tx, batch, { demo: true }));
    loaded += batch.length;
    onProgress?.(loaded);
  };
  for (const user of demoPeople({ count, now })) {
    users.push(user);
    if (users.length === chunk) await flush();
  }
  if (users.length > 0) await flush();
  await sql.raw(createSearchIndex).execute(db);
  await sql`analyze people`.execute(db);
  await database.transaction(countLoaded);
  const value = String(now);
  await db
    .insertInto('settings')
    .values({ name: clockSetting, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/**
 * Moves the times of demo people forward by as much as the clock went on since they were last set, so that "active
 * today" stays true. People whom somebody has touched are no longer demo people. Call it before the feed starts.
 * @returns how many people moved.
 */
export async function shiftDemo(database: Database<Tables>, now: number): Promise<number> {
  return database.transaction(async (tx) => {
    const setting = await tx
      .selectFrom('settings')
      .select('value')
      .where('name', '=', clockSetting)
      .forUpdate()
      .executeTakeFirst();
    const behind = setting === undefined ? 0 : now - Number(setting.value);
    if (behind < shiftAfterMs) return 0;
    const step = sql`make_interval(secs => ${behind / 1000}::float8)`;
    const { numAffectedRows = 0n } = await sql`
      update people set
        last_active = last_active + ${step}, created_at = created_at + ${step}, updated_at = updated_at + ${step},
        version = version + 1
      where demo`.execute(tx);
    await sql`update people_movements set at = at + ${step} where demo`.execute(tx);
    await tx
      .updateTable('settings')
      .set({ value: String(now) })
      .where('name', '=', clockSetting)
      .execute();
    await breakFeed(tx);
    return Number(numAffectedRows);
  });
}
