import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const invitationMigrations: Record<string, Migration> = {
  '0005_invitations': { up: createInvitations },
};

async function createInvitations(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table invitations (
      id uuid primary key,
      token_hash text not null unique,
      email text not null,
      email_key text collate "C" not null,
      name text,
      role text not null check (role in ('admin', 'moderator', 'user')),
      invited_by uuid not null,
      invited_by_name text not null,
      created_at timestamptz(3) not null,
      expires_at timestamptz(3) not null,
      accepted_at timestamptz(3),
      accepted_by uuid
    )`.execute(db);
  await sql`create index invitations_email on invitations (email_key) where accepted_at is null`.execute(db);
}
