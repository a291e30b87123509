import { emailKey } from '@directory/contract';
import type { User } from '@directory/contract';
import { mergePatchBetween } from '@lockstep/protocol';
import type { NewChange } from '@lockstep/server';
import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import { asJson, rowOf, userEntity, userOf } from '../../db/person.ts';
import type { Tables } from '../../db/tables.ts';
import { Refusal } from '../../http/problems.ts';
import { textMember } from '../../members.ts';

type Tx = Transaction<Tables>;

/** A person as found under a lock. */
export interface Found {
  user: User;
  deleted: boolean;
}

/** What becomes of one person in a transaction. Every write to `people` goes through `save`, so nothing changes unseen. */
export type Step =
  | { op: 'insert'; user: User }
  | { op: 'update'; from: User; to: User }
  | { op: 'delete'; from: User; version: number }
  | { op: 'restore'; user: User };

/** Locks people in the order of their ids, so that two writers of the same rows wait in line. */
export async function lock(tx: Tx, ids: readonly string[]): Promise<Map<string, Found>> {
  const query = tx.selectFrom('people').selectAll().orderBy('id').forUpdate();
  const rows = await (
    ids.length === 1
      ? query.where('id', '=', ids[0] ?? '')
      : query.where(sql<boolean>`id = any(${[...ids]}::uuid[])`)
  ).execute();
  return new Map(rows.map((row) => [row.id, { user: userOf(row), deleted: row.deleted_at !== null }]));
}

/** Writes the steps and answers the changes that the feed tells. Throws `email-taken` and `id-taken`. */
export async function save(tx: Tx, steps: readonly Step[], now: string): Promise<NewChange[]> {
  const updates = steps.filter((step) => step.op === 'update').map((step) => step.to);
  try {
    if (updates.length > 1) await updateMany(tx, updates);
    for (const step of steps) {
      if (step.op !== 'update') await write(tx, step, now);
      else if (updates.length === 1) await updateMany(tx, [step.to]);
    }
  } catch (error) {
    throw takenOr(error);
  }
  const barred = steps.filter(isBarred).map(({ from }) => from.id);
  if (barred.length > 0) await endSessions(tx, barred, now);
  return steps.map(changeOf);
}

async function write(tx: Tx, step: Exclude<Step, { op: 'update' }>, now: string): Promise<void> {
  switch (step.op) {
    case 'insert':
      await tx.insertInto('people').values(rowOf(step.user)).execute();
      return;
    case 'delete':
      await tx
        .updateTable('people')
        .set({ deleted_at: now, version: step.version, demo: false })
        .where('id', '=', step.from.id)
        .execute();
      return;
    case 'restore':
      await tx
        .updateTable('people')
        .set({ deleted_at: null, version: step.user.version, updated_at: step.user.updatedAt })
        .where('id', '=', step.user.id)
        .execute();
      return;
  }
}

type Barring = Extract<Step, { from: User }>;

const isBarred = (step: Step): step is Barring =>
  step.op === 'delete' ||
  (step.op === 'update' && step.from.status === 'active' && step.to.status === 'disabled');

/** Whoever comes back signs in anew. That the sessions are over, every node learns by the change of the person. */
async function endSessions(tx: Tx, ids: readonly string[], now: string): Promise<void> {
  await tx
    .updateTable('sessions')
    .set({ revoked_at: now })
    .where(sql<boolean>`user_id = any(${[...ids]}::uuid[])`)
    .where('revoked_at', 'is', null)
    .execute();
}

/** One statement for any number of rows. */
async function updateMany(tx: Tx, users: readonly User[]): Promise<void> {
  if (users.length === 1 && users[0] !== undefined) {
    const { id, ...columns } = rowOf(users[0]);
    await tx.updateTable('people').set(columns).where('id', '=', id).execute();
    return;
  }
  const rows = JSON.stringify(users.map((user) => rowOf(user)));
  await sql`
    update people set
      name = r.name, email = r.email, email_key = r.email_key, role = r.role, status = r.status, theme = r.theme,
      notifications = r.notifications, language = r.language, avatar_url = r.avatar_url, last_active = r.last_active,
      version = r.version, updated_at = r.updated_at, demo = r.demo, sort_key = r.sort_key, search_key = r.search_key
    from jsonb_populate_recordset(null::people, ${rows}::jsonb) as r
    where people.id = r.id`.execute(tx);
}

/** New people, many at once, without telling the feed: for loading before anybody looks. */
export async function insertMany(tx: Tx, users: readonly User[], extras: { demo: boolean }): Promise<void> {
  const rows = JSON.stringify(users.map((user) => rowOf(user, extras)));
  await sql`insert into people select * from jsonb_populate_recordset(null::people, ${rows}::jsonb)`.execute(
    tx,
  );
}

function changeOf(step: Step): NewChange {
  const entity = userEntity;
  if (step.op === 'delete') {
    const { from, version } = step;
    return { entity, id: from.id, op: 'delete', version, before: asJson(from) };
  }
  if (step.op === 'update') {
    const { from, to } = step;
    const before = mergePatchBetween(to, from);
    return { entity, id: to.id, op: 'update', version: to.version, row: asJson(to), before };
  }
  return { entity, id: step.user.id, op: 'insert', version: step.user.version, row: asJson(step.user) };
}

/** The unique indexes are the judges; a look before the write could be overtaken by another writer. */
function takenOr(error: unknown): unknown {
  if (textMember(error, 'code') !== '23505') return error;
  if (textMember(error, 'constraint') === 'people_email') {
    return new Refusal('email-taken', undefined, { errors: [{ path: '/email', message: 'is taken' }] });
  }
  return new Refusal('id-taken', undefined, { errors: [{ path: '/id', message: 'is taken' }] });
}

/** Which of the addresses other people have, as keys. */
export async function takenEmails(tx: Tx, emails: readonly string[]): Promise<Map<string, string>> {
  const keys = emails.map((email) => emailKey(email));
  const rows = await tx
    .selectFrom('people')
    .select(['id', 'email_key'])
    .where(sql<boolean>`email_key = any(${keys}::text[])`)
    .where('deleted_at', 'is', null)
    .execute();
  return new Map(rows.map((row) => [row.email_key, row.id]));
}

const lastAdminLock = 7_201_001;

/**
 * Throws `last-admin` unless an administrator who can sign in remains beside the given ones. Holds the question for
 * one transaction at a time: two administrators cannot demote each other at once.
 */
export async function keepAnAdmin(tx: Tx, without: readonly string[]): Promise<void> {
  await sql`select pg_advisory_xact_lock(${lastAdminLock})`.execute(tx);
  const other = await tx
    .selectFrom('people')
    .innerJoin('credentials', 'credentials.user_id', 'people.id')
    .select('people.id')
    .where('role', '=', 'admin')
    .where('status', '=', 'active')
    .where('deleted_at', 'is', null)
    .where(sql<boolean>`people.id <> all(${[...without]}::uuid[])`)
    .limit(1)
    .executeTakeFirst();
  if (other === undefined) throw new Refusal('last-admin');
}
