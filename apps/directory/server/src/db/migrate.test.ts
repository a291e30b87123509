import { openDatabase, serverMigrations } from '@lockstep/server';
import type { Database, Dialect } from '@lockstep/server';
import { createTestDatabase } from '@lockstep/server/testing';
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { describe, expect, test } from 'vitest';
import { insertMany } from '../features/people/index.ts';
import { directoryMigrations } from './migrations.ts';
import { migrate } from './migrate.ts';
import { newUser } from './person.ts';
import type { Tables } from './tables.ts';

async function withDatabase(
  dialect: Dialect,
  work: (database: Database<Tables>) => Promise<void>,
): Promise<void> {
  const store = await createTestDatabase(dialect);
  const database = await openDatabase<Tables>(store.options);
  try {
    await work(database);
  } finally {
    await database.close();
    await store.dispose();
  }
}

const somebody = (at: number, now: string, role: 'admin' | 'user' = 'user') =>
  newUser({
    id: `019e830e-1a00-7000-8000-00000000000${at}`,
    name: `N ${at}`,
    email: `n.${at}@example.org`,
    role,
    now,
  });

describe.each<Dialect>(['pglite', 'postgres'])('migrations (%s)', (dialect) => {
  test('F23 count the people of a database of before, and leave those of a newer version alone', async () => {
    await withDatabase(dialect, async (database) => {
      // As the first version left it.
      const first = Object.fromEntries(
        Object.entries(directoryMigrations).filter(([name]) => name <= '0002_accounts'),
      );
      const old = new Migrator({
        db: database.db,
        provider: { getMigrations: async () => ({ ...serverMigrations, ...first }) },
        allowUnorderedMigrations: true,
      });
      expect((await old.migrateToLatest()).error).toBeUndefined();
      const [may, june] = ['2026-05-03T10:20:30.000Z', '2026-06-01T12:30:00.000Z'];
      const before = [somebody(1, may, 'admin'), somebody(2, may), somebody(3, june)];
      await database.transaction((tx) => insertMany(tx, before, { demo: false }));
      await sql`update people set deleted_at = '2026-06-02T08:00:00Z' where email_key = 'n.2@example.org'`.execute(
        database.db,
      );

      await migrate(database);
      await migrate(database);
      const moved = await database.db.selectFrom('people_movements').selectAll().orderBy('at').execute();
      expect(moved.map(({ demo: _demo, ...rest }) => rest)).toEqual([
        { at: '2026-05-03T10:00:00.000Z', admins: 1, moderators: 0, users: 1, created: 2, deleted: 0 },
        { at: '2026-06-01T12:00:00.000Z', admins: 0, moderators: 0, users: 1, created: 1, deleted: 0 },
        { at: '2026-06-02T08:00:00.000Z', admins: 0, moderators: 0, users: -1, created: 0, deleted: 1 },
      ]);
      // A node of the first version goes on beside this one.
      await database.transaction((tx) => insertMany(tx, [somebody(4, june)], { demo: false }));

      // And this one starts again beside a newer one.
      await sql`insert into kysely_migration (name, timestamp) values ('9999_newer', ${new Date().toISOString()})`.execute(
        database.db,
      );
      await migrate(database);
    });
  });

  test('two nodes that start at once on an empty database both come up', async () => {
    await withDatabase(dialect, async (database) => {
      await Promise.all([migrate(database), migrate(database)]);
      expect(await database.db.selectFrom('views').select('id').execute()).toEqual([]);
    });
  });
});
