import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const viewMigrations: Record<string, Migration> = {
  '0004_views': { up: createViews },
};

async function createViews(db: Kysely<unknown>): Promise<void> {
  // Deleted views stay a while as tombstones, so that nobody makes one under the same id with a lower version.
  await sql`
    create table views (
      id uuid primary key,
      owner uuid not null references people (id) on delete cascade,
      name text not null,
      shared boolean not null,
      filter json not null,
      sort_by text not null,
      sort_order text not null,
      columns json not null,
      version integer not null,
      created_at timestamptz(3) not null,
      updated_at timestamptz(3) not null,
      deleted_at timestamptz(3)
    )`.execute(db);
  await sql`create index views_of_owner on views (owner) where deleted_at is null`.execute(db);
  await sql`create index views_shared on views (shared) where shared and deleted_at is null`.execute(db);
}
