import { emailKey, tidyName } from '@directory/contract';
import type { Role } from '@directory/contract';
import type { Kysely, Transaction } from 'kysely';
import { sql } from 'kysely';
import type { InvitationRow, Tables } from '../../db/tables.ts';
import { Refusal } from '../../http/problems.ts';

type Tx = Transaction<Tables>;

/** An invitation is open for a week. */
export const openMs = 7 * 24 * 60 * 60 * 1000;

/** Accepted and expired ones stay in the list so long. */
export const rememberedMs = 30 * 24 * 60 * 60 * 1000;

/** So many may be open; the list is read whole. */
export const mostOpen = 500;

/** Held while open invitations are counted and replaced. */
const countLock = 7_201_003;

export interface Invitation {
  id: string;
  email: string;
  name: string | null;
  role: Role;
  invitedBy: { id: string; name: string };
  state: 'open' | 'accepted' | 'expired';
  createdAt: string;
  expiresAt: string;
}

export function invitationOf(row: InvitationRow, nowMs: number): Invitation {
  const over = Date.parse(row.expires_at) <= nowMs;
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    role: row.role,
    invitedBy: { id: row.invited_by, name: row.invited_by_name },
    state: row.accepted_at !== null ? 'accepted' : over ? 'expired' : 'open',
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

/** Newest first. */
export async function listInvitations(db: Kysely<Tables>, nowMs: number): Promise<Invitation[]> {
  const since = new Date(nowMs - rememberedMs).toISOString();
  const rows = await db
    .selectFrom('invitations')
    .selectAll()
    .where('expires_at', '>', since)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(2 * mostOpen)
    .execute();
  return rows.map((row) => invitationOf(row, nowMs));
}

/** An open invitation to the same address gives way: only the newest link works. */
export async function createInvitation(
  tx: Tx,
  given: {
    id: string;
    tokenHash: string;
    email: string;
    name?: string;
    role?: Role;
    by: { id: string; name: string };
    nowMs: number;
  },
): Promise<{ invitation: Invitation; replaced: number }> {
  const { nowMs } = given;
  const now = new Date(nowMs).toISOString();
  const key = emailKey(given.email);
  await sql`select pg_advisory_xact_lock(${countLock})`.execute(tx);
  const holder = await tx
    .selectFrom('people')
    .select('id')
    .where('email_key', '=', key)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (holder !== undefined) {
    throw new Refusal('email-taken', undefined, { errors: [{ path: '/email', message: 'is taken' }] });
  }
  const { numDeletedRows } = await tx
    .deleteFrom('invitations')
    .where('email_key', '=', key)
    .where('accepted_at', 'is', null)
    .executeTakeFirst();
  const { open } = await tx
    .selectFrom('invitations')
    .select(sql<number>`count(*)`.as('open'))
    .where('accepted_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow();
  if (open >= mostOpen)
    throw new Refusal('refused', `No more than ${mostOpen} invitations are open at a time.`);
  const row = await tx
    .insertInto('invitations')
    .values({
      id: given.id,
      token_hash: given.tokenHash,
      email: given.email,
      email_key: key,
      name: given.name === undefined ? null : tidyName(given.name),
      role: given.role ?? 'user',
      invited_by: given.by.id,
      invited_by_name: given.by.name,
      created_at: now,
      expires_at: new Date(nowMs + openMs).toISOString(),
      accepted_at: null,
      accepted_by: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { invitation: invitationOf(row, nowMs), replaced: Number(numDeletedRows) };
}

export async function withdrawInvitation(tx: Tx, id: string): Promise<InvitationRow> {
  const row = await tx
    .selectFrom('invitations')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new Refusal('not-found');
  if (row.accepted_at !== null) throw new Refusal('invitation-used');
  await tx.deleteFrom('invitations').where('id', '=', id).execute();
  return row;
}

/**
 * The open invitation of a link; null for every other text. It stands as long as its author is an administrator: nobody
 * keeps a way in beyond the right to open one.
 */
export async function openInvitation(
  db: Kysely<Tables>,
  tokenHash: string,
  now: string,
): Promise<InvitationRow | null> {
  const row = await openOnes(db, tokenHash, now).executeTakeFirst();
  return row ?? null;
}

/** Takes the invitation for one person. Of several at once one gets it, the others wait and then get `invitation-used`. */
export async function takeInvitation(tx: Tx, tokenHash: string, now: string, userId: string): Promise<void> {
  const row = await openOnes(tx, tokenHash, now).forUpdate('invitations').executeTakeFirst();
  if (row === undefined) throw new Refusal('invitation-used');
  await tx
    .updateTable('invitations')
    .set({ accepted_at: now, accepted_by: userId })
    .where('id', '=', row.id)
    .execute();
}

/** Forgets what was accepted, or has expired, before a time. */
export async function forgetEnded(db: Kysely<Tables>, beforeMs: number): Promise<void> {
  await db.deleteFrom('invitations').where('expires_at', '<', new Date(beforeMs).toISOString()).execute();
}

function openOnes(db: Kysely<Tables>, tokenHash: string, now: string) {
  return db
    .selectFrom('invitations')
    .innerJoin('people', 'people.id', 'invitations.invited_by')
    .selectAll('invitations')
    .where('token_hash', '=', tokenHash)
    .where('accepted_at', 'is', null)
    .where('expires_at', '>', now)
    .where('people.role', '=', 'admin')
    .where('people.status', '=', 'active')
    .where('people.deleted_at', 'is', null);
}
