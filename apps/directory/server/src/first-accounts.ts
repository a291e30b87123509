import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emailKey } from '@directory/contract';
import type { User } from '@directory/contract';
import { emailText } from '@directory/contract/schema';
import { uuidv7 } from '@lockstep/protocol';
import type { Database } from '@lockstep/server';
import { creationOf, newUser, rowOf } from './db/person.ts';
import type { Tables } from './db/tables.ts';
import { generatePassword, hashPassword, writeCredential } from './features/accounts/index.ts';
import type { World } from './ports.ts';
import { createRecorders } from './recorders.ts';
import { bySystem } from './records.ts';
import { StartRefused } from './start-refused.ts';

export interface SignInSheet {
  readonly path: string;
  /** What the file says; null once the administrator has changed the password, or where the file is gone. */
  readonly content: string | null;
}

const accounts = [
  { role: 'admin', name: 'Directory Administrator', email: 'admin@directory.example' },
  { role: 'moderator', name: 'Directory Moderator', email: 'moderator@directory.example' },
  { role: 'user', name: 'Directory User', email: 'user@directory.example' },
] as const;

/**
 * Makes the three accounts of a new database, with passwords that nobody has chosen, and writes them to a file that only
 * its owner may read. A database that has accounts keeps them.
 */
export async function createFirstAccounts(
  database: Database<Tables>,
  options: { dataFolder: string; admin: { email: string | null; password: string | null }; world: World },
): Promise<SignInSheet> {
  const { dataFolder, admin, world } = options;
  const path = join(dataFolder, 'sign-in.txt');
  const { db } = database;
  const known = await db.selectFrom('credentials').select('user_id').limit(1).executeTakeFirst();
  if (known === undefined) {
    checkFirstAdmin(admin);
    const lines = [
      'Sign in to Directory with one of these accounts. Change the passwords, then delete this file.',
      '',
    ];
    const now = world.now();
    const people: Array<{ user: User; hash: string; initial: boolean }> = [];
    for (const { role, name, email } of accounts) {
      const isAdmin = role === 'admin';
      const given = isAdmin ? admin.password : null;
      const password = given ?? generatePassword(world);
      const user = newUser({
        id: uuidv7(now, world.randomBytes(10)),
        name,
        email: isAdmin ? (admin.email ?? email) : email,
        role,
        now: new Date(now).toISOString(),
      });
      people.push({ user, hash: await hashPassword(password), initial: given === null });
      const shown = given === null ? password : '(the one in DIRECTORY_ADMIN_PASSWORD)';
      lines.push(`${role.padEnd(10)} ${user.email.padEnd(30)} ${shown}`);
    }
    // Before the accounts: passwords in a file without accounts harm nobody, the reverse locks everybody out.
    await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
    // An older file keeps its mode when it is written over.
    await chmod(path, 0o600);
    await database.transaction(async (tx) => {
      for (const { user, hash, initial } of people) {
        await tx.insertInto('people').values(rowOf(user)).execute();
        await writeCredential(tx, { userId: user.id, hash, initial, now });
      }
      const provenance = bySystem('first-start', new Date(now).toISOString());
      const { record } = createRecorders(database, world);
      const made = people.map(({ user }) => creationOf(user));
      for (const query of record(provenance, made)) await tx.executeQuery(query);
    });
  }
  return { path, content: (await adminHasInitialPassword(database)) ? await contentOf(path) : null };
}

/** Said before anything is written, so that the next start with better values finds a new database. */
export function checkFirstAdmin({
  email,
  password,
}: {
  email: string | null;
  password: string | null;
}): void {
  if (email !== null && !emailText.safeParse(email).success) {
    throw new StartRefused(
      'bad-flag',
      `DIRECTORY_ADMIN_EMAIL expects an email address, received "${email}".`,
    );
  }
  if (
    email !== null &&
    accounts.some((one) => one.role !== 'admin' && emailKey(one.email) === emailKey(email))
  ) {
    throw new StartRefused(
      'bad-flag',
      `DIRECTORY_ADMIN_EMAIL is the address of another first account: ${email}.`,
    );
  }
  if (password !== null && (password.length < 12 || password.length > 256)) {
    throw new StartRefused('bad-flag', 'DIRECTORY_ADMIN_PASSWORD expects 12 to 256 characters.');
  }
}

async function adminHasInitialPassword(database: Database<Tables>): Promise<boolean> {
  const row = await database.db
    .selectFrom('credentials')
    .innerJoin('people', 'people.id', 'credentials.user_id')
    .select('credentials.user_id')
    .where('people.role', '=', 'admin')
    .where('credentials.initial', '=', true)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

async function contentOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
}
