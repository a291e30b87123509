import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * The tables of this package, for the application's migrator: their names begin with `lockstep_`, their keys with `0000_lockstep_`,
 * so they run first on a new database. Set `allowUnorderedMigrations: true`, since later versions add to them after yours ran.
 */
export const serverMigrations: Record<string, Migration> = {
  '0000_lockstep_001_commit_and_feed': {
    async up(db) {
      await sql`
        create table lockstep_intents (
          key uuid primary key,
          actor text,
          hash text not null,
          received_at timestamptz not null,
          status integer,
          headers json,
          body json
        )`.execute(db);
      await sql`create index lockstep_intents_received_at on lockstep_intents (received_at)`.execute(db);
      await sql`
        create table lockstep_outbox (
          seq bigint generated always as identity primary key,
          change json not null
        )`.execute(db);
      await sql`
        create table lockstep_feed (
          position bigint primary key,
          at timestamptz not null,
          change json not null
        )`.execute(db);
      await sql`
        create table lockstep_feed_state (
          one boolean primary key default true check (one),
          position bigint not null,
          horizon bigint not null
        )`.execute(db);
      await sql`insert into lockstep_feed_state (position, horizon) values (0, 0)`.execute(db);
    },
    async down(db) {
      await sql`drop table lockstep_feed_state, lockstep_feed, lockstep_outbox, lockstep_intents`.execute(db);
    },
  },
};
