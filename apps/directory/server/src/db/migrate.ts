import { serverMigrations } from '@lockstep/server';
import type { Database } from '@lockstep/server';
import { Migrator } from 'kysely/migration';
import { directoryMigrations } from './migrations.ts';
import type { Tables } from './tables.ts';

/** Brings the database's tables up to date; nodes that start at once take turns. */
export async function migrate(database: Database<Tables>): Promise<void> {
  const migrator = new Migrator({
    db: database.db,
    provider: { getMigrations: async () => ({ ...serverMigrations, ...directoryMigrations }) },
    allowUnorderedMigrations: true,
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
