import { createHash } from 'node:crypto';
import { uuidv7 } from '@lockstep/protocol';
import { commitIntent } from '@lockstep/server';
import type { Database, NewChange } from '@lockstep/server';
import type { Transaction } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import type { World } from '../../ports.ts';

/** A session ends when it was not refreshed for so long, in milliseconds. */
export const sessionMs = 30 * 24 * 60 * 60 * 1000;

/** A spent refresh token works once more within this time: two tabs may refresh at once, and answers get lost. */
const graceMs = 10_000;

/** Spent tokens are remembered so long, so that their reuse is noticed. */
const rememberSpentMs = 7 * 24 * 60 * 60 * 1000;

/** The feed's name for sessions. Nobody may read these changes; they carry a revocation to every node within the feed's delay. */
export const sessionEntity = 'session';

export interface OpenedSession {
  userId: string;
  sessionId: string;
  refreshToken: string;
}

type Tx = Transaction<Tables>;

/** What belongs into the same transaction. */
export type Also = (tx: Tx) => Promise<void>;

export interface Sessions {
  open(userId: string, client: { address: string; userAgent: string }, also?: Also): Promise<OpenedSession>;
  /**
   * Trades a refresh token for a new one. Null: it was never valid, or its reuse has just revoked the session.
   * @param onReuse Told of such a revocation, within its transaction.
   */
  refresh(token: string, onReuse?: (tx: Tx, session: Ended) => Promise<void>): Promise<OpenedSession | null>;
  /** Ends one session; true where it was open. `also` is done only then. */
  close(sessionId: string, actor: string | null, also?: Also): Promise<boolean>;
  /** Ends the session of a refresh token, spent or not. */
  closeByToken(token: string): Promise<void>;
  /** Ends all sessions of a person, save one. */
  closeAll(userId: string, actor: string | null, except?: string, also?: Also): Promise<void>;
  /** Forgets what has ended. */
  sweep(): Promise<void>;
}

export function createSessions(database: Database<Tables>, world: World): Sessions {
  const newToken = () => Buffer.from(world.randomBytes(32)).toString('base64url');

  /** Session ends travel through the feed, in the transaction that makes them true. */
  const commit = async <T>(
    actor: string | null,
    work: (tx: Transaction<Tables>) => Promise<{ result: T; ended: readonly Ended[] }>,
  ): Promise<T> => {
    let outcome: { result: T; ended: readonly Ended[] } | undefined;
    await commitIntent(database, { key: null, actor, hash: '', now: world.now() }, async (tx) => {
      outcome = await work(tx);
      return { status: 204, body: null, changes: outcome.ended.map(endOf) };
    });
    if (outcome === undefined) throw new Error('expected an applied write, received a replay without a key');
    return outcome.result;
  };

  const revoke = (tx: Transaction<Tables>) =>
    tx
      .updateTable('sessions')
      .set({ revoked_at: isoAt(world.now()) })
      .where('revoked_at', 'is', null)
      .returning(['id', 'user_id']);

  const addToken = (tx: Transaction<Tables>, sessionId: string, token: string) =>
    tx
      .insertInto('refresh_tokens')
      .values({ hash: hashOf(token), session_id: sessionId, issued_at: isoAt(world.now()), spent_at: null })
      .execute();

  return {
    async open(userId, client, also) {
      const now = world.now();
      const sessionId = uuidv7(now, world.randomBytes(10));
      const refreshToken = newToken();
      await database.transaction(async (tx) => {
        await tx
          .insertInto('sessions')
          .values({
            id: sessionId,
            user_id: userId,
            created_at: isoAt(now),
            last_used_at: isoAt(now),
            expires_at: isoAt(now + sessionMs),
            user_agent: client.userAgent.slice(0, 300),
            address: client.address,
            revoked_at: null,
          })
          .execute();
        await addToken(tx, sessionId, refreshToken);
        await also?.(tx);
      });
      return { userId, sessionId, refreshToken };
    },

    refresh(token, onReuse) {
      return commit<OpenedSession | null>(null, async (tx) => {
        const now = world.now();
        const found = await tx
          .selectFrom('refresh_tokens as t')
          .innerJoin('sessions as s', 's.id', 't.session_id')
          .innerJoin('people as p', 'p.id', 's.user_id')
          .select([
            't.spent_at',
            't.grace_used',
            's.id as session_id',
            's.user_id',
            's.expires_at',
            's.revoked_at',
          ])
          .select(['p.status', 'p.deleted_at'])
          .where('t.hash', '=', hashOf(token))
          // The session is the lock of its whole family.
          .forUpdate(['t', 's'])
          .executeTakeFirst();
        const dead = found === undefined || found.revoked_at !== null || Date.parse(found.expires_at) <= now;
        if (dead || found.status !== 'active' || found.deleted_at !== null)
          return { result: null, ended: [] };

        const { session_id: sessionId, user_id: userId } = found;
        if (found.spent_at === null) {
          // Spends the siblings that a graceful reuse has made, too: only one of them reached the browser.
          await tx
            .updateTable('refresh_tokens')
            .set({ spent_at: isoAt(now) })
            .where('session_id', '=', sessionId)
            .where('spent_at', 'is', null)
            .execute();
        } else if (!found.grace_used && Date.parse(found.spent_at) + graceMs >= now) {
          await tx
            .updateTable('refresh_tokens')
            .set({ grace_used: true })
            .where('hash', '=', hashOf(token))
            .execute();
        } else {
          const ended = await revoke(tx).where('id', '=', sessionId).execute();
          for (const session of ended) await onReuse?.(tx, session);
          return { result: null, ended };
        }
        const refreshToken = newToken();
        await addToken(tx, sessionId, refreshToken);
        await tx
          .updateTable('sessions')
          .set({ last_used_at: isoAt(now), expires_at: isoAt(now + sessionMs) })
          .where('id', '=', sessionId)
          .execute();
        return { result: { userId, sessionId, refreshToken }, ended: [] };
      });
    },

    close(sessionId, actor, also) {
      return commit(actor, async (tx) => {
        const ended = await revoke(tx).where('id', '=', sessionId).execute();
        if (ended.length > 0) await also?.(tx);
        return { result: ended.length > 0, ended };
      });
    },

    async closeByToken(token) {
      const found = await database.db
        .selectFrom('refresh_tokens')
        .select('session_id')
        .where('hash', '=', hashOf(token))
        .executeTakeFirst();
      if (found !== undefined) await this.close(found.session_id, null);
    },

    async closeAll(userId, actor, except, also) {
      await commit(actor, async (tx) => {
        const all = revoke(tx).where('user_id', '=', userId);
        const ended = await (except === undefined ? all : all.where('id', '<>', except)).execute();
        await also?.(tx);
        return { result: undefined, ended };
      });
    },

    async sweep() {
      const now = world.now();
      const long = isoAt(now - rememberSpentMs);
      await database.db.deleteFrom('refresh_tokens').where('spent_at', '<', long).execute();
      await database.db
        .deleteFrom('sessions')
        .where((where) => where.or([where('expires_at', '<', isoAt(now)), where('revoked_at', '<', long)]))
        .execute();
    },
  };
}

const isoAt = (ms: number): string => new Date(ms).toISOString();

export interface Ended {
  id: string;
  user_id: string;
}

function endOf({ id, user_id: userId }: Ended): NewChange {
  return { entity: sessionEntity, id, op: 'delete', version: 2, before: { userId } };
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');
