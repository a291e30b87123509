import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Records of what happened: the history of each person, the audit, and how the numbers of people moved. All are only
 * appended to, in order of time, so a block range index is enough to find what is past its retention.
 */
export const recordMigrations: Record<string, Migration> = {
  '0003_records': { up: createRecords },
};

async function createRecords(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table person_history (
      user_id uuid not null,
      version integer not null,
      at timestamptz(3) not null,
      actor_id uuid,
      actor_name text,
      request_id text not null,
      before json,
      after json,
      primary key (user_id, version)
    )`.execute(db);
  await sql`create index person_history_at on person_history using brin (at)`.execute(db);
  await sql`
    create table audit (
      id uuid primary key,
      at timestamptz(3) not null,
      actor_id uuid,
      actor_name text,
      action text collate "C" not null,
      entity text,
      entity_id text,
      request_id text not null,
      address text,
      details json not null
    )`.execute(db);
  await sql`create index audit_actor on audit (actor_id, id desc)`.execute(db);
  await sql`create index audit_action on audit (action, id desc)`.execute(db);
  // One row for each commit that moved a number, never one row for all: writers do not wait for one another.
  await sql`
    create table people_movements (
      at timestamptz(3) not null,
      admins integer not null,
      moderators integer not null,
      users integer not null,
      created integer not null,
      deleted integer not null,
      demo boolean not null default false
    )`.execute(db);
  await sql`create index people_movements_at on people_movements (at)`.execute(db);
  // What can be known of people who were here before: when they came and went, in the role they have now.
  await sql`
    insert into people_movements (at, admins, moderators, users, created, deleted, demo)
    select date_trunc('hour', moved.at, 'UTC'),
      coalesce(sum(moved.step) filter (where role = 'admin'), 0),
      coalesce(sum(moved.step) filter (where role = 'moderator'), 0),
      coalesce(sum(moved.step) filter (where role = 'user'), 0),
      count(*) filter (where moved.step = 1), count(*) filter (where moved.step = -1), demo
    from people
      cross join lateral (values (created_at, 1), (deleted_at, -1)) as moved (at, step)
    where moved.at is not null
    group by 1, demo`.execute(db);
}
