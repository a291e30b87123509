import { emailKey } from '@directory/contract';
import type { Database } from '@lockstep/server';
import type { CompiledQuery, Kysely } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import type { World } from '../../ports.ts';
import { generatePassword, hashPassword } from './passwords.ts';
import { createSessions } from './sessions.ts';

/** Stores a password's hash. `initial`: the server made the password up, so it may be shown until it is changed. */
export async function writeCredential(
  db: Kysely<Tables>,
  account: { userId: string; hash: string; initial: boolean; now: number },
): Promise<void> {
  const { userId, hash, initial } = account;
  const given = { hash, initial, changed_at: new Date(account.now).toISOString() };
  await db
    .insertInto('credentials')
    .values({ user_id: userId, ...given })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(given))
    .execute();
}

/**
 * Gives the account a new password and ends its sessions; null where there is no such account.
 * @param recordOf makes the record of it, for the same transaction.
 */
export async function resetPassword(
  database: Database<Tables>,
  email: string,
  world: World,
  recordOf: (userId: string) => CompiledQuery,
): Promise<string | null> {
  const person = await database.db
    .selectFrom('people')
    .select('id')
    .where('email_key', '=', emailKey(email))
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (person === undefined) return null;
  const password = generatePassword(world);
  const hash = await hashPassword(password);
  await createSessions(database, world).closeAll(person.id, null, undefined, async (tx) => {
    await writeCredential(tx, { userId: person.id, hash, initial: false, now: world.now() });
    await tx.executeQuery(recordOf(person.id));
  });
  return password;
}
