import { emailKey } from '@directory/contract';
import type { Database } from '@lockstep/server';
import { sql } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import { Refusal } from '../../http/problems.ts';

const windowSeconds = 15 * 60;

/**
 * Failed sign-ins within 15 minutes before the answer is 429. The narrow limit stops guessing at one account from one
 * place; the wide ones stop many places guessing at one account, and one place guessing at many, yet leave the owner of
 * a besieged account a way in.
 */
const limits = { accountFromAddress: 10, account: 100, address: 60, guesses: 30 } as const;

export interface SignInThrottle {
  /** Counts an attempt before its password is looked at, so that parallel guesses count too. Throws 429. */
  attempt(email: string, address: string): Promise<void>;
  /** Takes the attempt back: the password was right. */
  succeeded(email: string, address: string): Promise<void>;
  /** Counts an attempt of another kind from an address. Throws 429. */
  guess(kind: string, address: string): Promise<void>;
  /** Takes that attempt back: it was no guess. */
  guessed(kind: string, address: string): Promise<void>;
  /** Forgets windows that are over. */
  sweep(): Promise<void>;
}

/** Kept in the database: it holds for all nodes together and over restarts. */
export function createSignInThrottle(database: Database<Tables>, now: () => number): SignInThrottle {
  const count = async (counts: readonly Count[], refusal: string) => {
    const at = now();
    const since = new Date(at).toISOString();
    const over = new Date(at - windowSeconds * 1000).toISOString();
    const counted = await database.db
      .insertInto('sign_in_failures')
      .values(counts.map(({ subject }) => ({ subject, failures: 1, since })))
      .onConflict((conflict) =>
        conflict.column('subject').doUpdateSet({
          failures: sql`case when sign_in_failures.since < ${over} then 1 else sign_in_failures.failures + 1 end`,
          since: sql`case when sign_in_failures.since < ${over} then excluded.since else sign_in_failures.since end`,
        }),
      )
      .returning(['subject', 'failures', 'since'])
      .execute();
    for (const { subject, limit } of counts) {
      const row = counted.find((candidate) => candidate.subject === subject);
      if (row !== undefined && row.failures > limit) {
        const retryAfter = windowSeconds - (at - Date.parse(row.since)) / 1000;
        throw new Refusal('too-many-requests', refusal, { retryAfter });
      }
    }
  };
  const takeBack = async (subject: string) => {
    await database.db
      .updateTable('sign_in_failures')
      .set({ failures: sql`greatest(failures - 1, 0)` })
      .where('subject', '=', subject)
      .execute();
  };

  return {
    attempt: (email, address) => count(subjects(email, address), 'Too many attempts to sign in.'),
    guess: (kind, address) => count([guessing(kind, address)], 'Too many attempts.'),
    guessed: (kind, address) => takeBack(guessing(kind, address).subject),
    async succeeded(email, address) {
      const [narrow, ...wide] = subjects(email, address);
      await database.db
        .deleteFrom('sign_in_failures')
        .where('subject', '=', narrow?.subject ?? '')
        .execute();
      for (const { subject } of wide) await takeBack(subject);
    },
    async sweep() {
      const over = new Date(now() - windowSeconds * 1000).toISOString();
      await database.db.deleteFrom('sign_in_failures').where('since', '<', over).execute();
    },
  };
}

interface Count {
  subject: string;
  limit: number;
}

const guessing = (kind: string, address: string): Count => ({
  subject: `${kind} ${networkOf(address)}`,
  limit: limits.guesses,
});

/** In one order always, so that two attempts never wait for one another. */
function subjects(email: string, address: string): Count[] {
  const account = emailKey(email);
  const network = networkOf(address);
  return [
    { subject: `both ${network} ${account}`, limit: limits.accountFromAddress },
    { subject: `account ${account}`, limit: limits.account },
    { subject: `address ${network}`, limit: limits.address },
  ].toSorted((a, b) => (a.subject < b.subject ? 1 : -1));
}

/** One customer of an IPv6 network commands a whole /64. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
