import type { User } from '@directory/contract';
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

/** Of the nodes that start at once on a new database, one fills it. */
const loadLock = 7_201_002;

/**
 * Fills an empty directory with demo people, wholly or, if the process ends half-way, not at all. A directory that has
 * people keeps them as they are.
 */
export async function loadDemo(
  database: Database<Tables>,
  options: { count: number; now: number; onProgress?(loaded: number): void },
): Promise<void> {
  const { count, now, onProgress } = options;
  await database.transaction(async (tx) => {
    // Another node may need longer than a wait for a row is allowed to take.
    await sql`set local lock_timeout = 0`.execute(tx);
    await sql`select pg_advisory_xact_lock(${loadLock})`.execute(tx);
    if ((await tx.selectFrom('people').select('id').limit(1).executeTakeFirst()) !== undefined) return;
    // One build at the end is several times faster than keeping the index through every insert.
    await sql.raw(dropSearchIndex).execute(tx);
    let users: User[] = [];
    let loaded = 0;
    const flush = async () => {
      const batch = users;
      users = [];
      await insertMany(tx, batch, { demo: true });
      loaded += batch.length;
      onProgress?.(loaded);
    };
    for (const user of demoPeople({ count, now })) {
      users.push(user);
      if (users.length === chunk) await flush();
    }
    if (users.length > 0) await flush();
    await sql.raw(createSearchIndex).execute(tx);
    await sql`analyze people`.execute(tx);
    await countLoaded(tx);
    const value = String(now);
    await tx
      .insertInto('settings')
      .values({ name: clockSetting, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
      .execute();
  });
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
