import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { invitationMigrations } from './schema/invitations.ts';
import { recordMigrations } from './schema/records.ts';
import { viewMigrations } from './schema/views.ts';

/** The directory's own tables, after those of `@lockstep/server`. A migration that has shipped is never edited. */
export const directoryMigrations: Record<string, Migration> = {
  '0001_people': { up: createPeople },
  '0002_accounts': { up: createAccounts },
  ...recordMigrations,
  ...viewMigrations,
  ...invitationMigrations,
};

async function run(db: Kysely<unknown>, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

async function createPeople(db: Kysely<unknown>): Promise<void> {
  await run(db, [
    'create extension if not exists pg_trgm',
    `create table people (
      id uuid primary key,
      name text not null,
      email text not null,
      email_key text collate "C" not null,
      role text collate "C" not null check (role in ('admin', 'moderator', 'user')),
      status text not null default 'active' check (status in ('active', 'disabled')),
      theme text not null check (theme in ('light', 'dark')),
      notifications boolean not null,
      language text not null,
      avatar_url text,
      last_active timestamptz(3) not null,
      version integer not null default 1,
      created_at timestamptz(3) not null,
      updated_at timestamptz(3) not null,
      deleted_at timestamptz(3),
      demo boolean not null default false,
      sort_key text collate "C" not null,
      search_key text collate "C" not null
    )`,
    'create unique index people_email on people (email_key) where deleted_at is null',
    // One index for each order of a list. Both directions of an order use the same one: equal keys are few, so the
    // database sorts them by id as it goes. Roles have few values, so that order needs one for each direction.
    'create index people_last_active on people (last_active desc, id) where deleted_at is null',
    'create index people_name on people (sort_key, id) where deleted_at is null',
    'create index people_created on people (created_at desc, id) where deleted_at is null',
    'create index people_updated on people (updated_at desc, id) where deleted_at is null',
    'create index people_role on people (role, id) where deleted_at is null',
    'create index people_role_desc on people (role desc, id) where deleted_at is null',
    // The list that people look at most: one role, last seen first. It also counts roles and activity.
    'create index people_role_last_active on people (role, last_active desc, id) where deleted_at is null',
    searchIndex,
  ]);
}

/**
 * Without the pending list (fastupdate), which makes searches after a bulk load thirty times slower until it is
 * vacuumed. Readers who may not see addresses search by name alone.
 */
const searchIndex = `create index people_search on people
  using gin (search_key gin_trgm_ops, sort_key gin_trgm_ops) with (fastupdate = off)`;

/** A bulk load into an empty table builds the search index once, at the end. */
export const dropSearchIndex = 'drop index if exists people_search';
export const createSearchIndex = searchIndex;

async function createAccounts(db: Kysely<unknown>): Promise<void> {
  await run(db, [
    `create table credentials (
      user_id uuid primary key references people (id) on delete cascade,
      hash text not null,
      initial boolean not null,
      changed_at timestamptz(3) not null
    )`,
    `create table sessions (
      id uuid primary key,
      user_id uuid not null references people (id) on delete cascade,
      created_at timestamptz(3) not null,
      last_used_at timestamptz(3) not null,
      expires_at timestamptz(3) not null,
      user_agent text not null,
      address text not null,
      revoked_at timestamptz(3)
    )`,
    'create index sessions_of_user on sessions (user_id) where revoked_at is null',
    `create table refresh_tokens (
      hash text primary key,
      session_id uuid not null references sessions (id) on delete cascade,
      issued_at timestamptz(3) not null,
      spent_at timestamptz(3),
      grace_used boolean not null default false
    )`,
    'create index refresh_tokens_of_session on refresh_tokens (session_id)',
    `create table sign_in_failures (
      subject text primary key,
      failures integer not null,
      since timestamptz(3) not null
    )`,
    'create table settings (name text primary key, value text not null)',
  ]);
}
