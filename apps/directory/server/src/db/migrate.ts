import { serverMigrations } from '@lockstep/server';
import type { Database } from '@lockstep/server';
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { Migration } from 'kysely/migration';
import { directoryMigrations } from './migrations.ts';
import type { Tables } from './tables.ts';

const own: Readonly<Record<string, Migration>> = { ...serverMigrations, ...directoryMigrations };

/**
 * Brings the database's tables up to date; nodes that start at once take turns. A node of an older version may start
 * again while a newer one has already migrated: what it does not know is left as it is.
 */
export async function migrate(database: Database<Tables>): Promise<void> {
  let newer = await newerMigrations(database);
  for (;;) {
    const known = newer;
    const migrator = new Migrator({
      db: database.db,
      provider: { getMigrations: async () => ({ ...own, ...known }) },
      allowUnorderedMigrations: true,
    });
    const { error } = await migrator.migrateToLatest();
    if (error === undefined) return;
    newer = await newerMigrations(database);
    // A newer node may have come first just now; every other failure is one.
    if (Object.keys(newer).length === Object.keys(known).length) throw error;
  }
}

/** What a newer version has done to this database: nothing that this one has to do again. */
async function newerMigrations({ db }: Database<Tables>): Promise<Record<string, Migration>> {
  const found = await sql<{ exists: boolean }>`
    select to_regclass('kysely_migration') is not null as exists`.execute(db);
  if (found.rows[0]?.exists !== true) return {};
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  const nothing: Migration = { up: async () => {} };
  return Object.fromEntries(
    rows.filter(({ name }) => !Object.hasOwn(own, name)).map(({ name }) => [name, nothing]),
  );
}
