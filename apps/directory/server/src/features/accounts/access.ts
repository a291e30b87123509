import type { Database, Feed } from '@lockstep/server';
import { userEntity } from '../../db/person.ts';
import type { Tables } from '../../db/tables.ts';
import type { Caller } from '../../http/caller.ts';
import { sessionEntity } from './sessions.ts';
import type { AccessTokens } from './tokens.ts';

/** Callers are asked anew after this time even if the feed says nothing, in milliseconds. */
const freshMs = 30_000;
const mostCallers = 50_000;

export interface Access {
  /** The caller behind an access token, as of now; null where the token, the session or the person is no longer valid. */
  authenticate(token: string): Promise<Caller | null>;
  /** The caller of a session, as of now. */
  callerOf(sessionId: string, userId: string): Promise<Caller | null>;
  /** Forgets a session on this node at once, without waiting for the feed. */
  forget(sessionId: string): void;
  stop(): void;
}

/**
 * Answers who is calling without asking the database each time. Revoked sessions and changed people arrive through the
 * feed, on every node, and are forgotten at once; so a token never outlives the right it stands for by more than the
 * feed's delay.
 */
export function createAccess(options: {
  database: Database<Tables>;
  feed: Pick<Feed, 'follow'>;
  tokens: AccessTokens;
  now(): number;
}): Access {
  const { database, feed, tokens, now } = options;
  const known = new Map<string, { caller: Caller; until: number }>();
  const sessionsOf = new Map<string, Set<string>>();
  /** Counts what was forgotten: a read that began before must not be remembered after. */
  let forgotten = 0;

  const forget = (sessionId: string) => {
    const entry = known.get(sessionId);
    if (entry === undefined) return;
    known.delete(sessionId);
    sessionsOf.get(entry.caller.id)?.delete(sessionId);
    if (sessionsOf.get(entry.caller.id)?.size === 0) sessionsOf.delete(entry.caller.id);
  };

  const remember = (caller: Caller) => {
    if (known.size >= mostCallers) for (const oldest of known.keys()) if (forget(oldest) === undefined) break;
    known.set(caller.sessionId, { caller, until: now() + freshMs });
    const siblings = sessionsOf.get(caller.id) ?? new Set();
    sessionsOf.set(caller.id, siblings.add(caller.sessionId));
  };

  const stop = feed.follow(({ changes }) => {
    for (const change of changes) {
      if (change.entity === sessionEntity) {
        forgotten += 1;
        forget(change.id);
      } else if (change.entity === userEntity) {
        forgotten += 1;
        for (const sessionId of sessionsOf.get(change.id) ?? []) forget(sessionId);
      }
    }
  });

  const callerOf = async (sessionId: string, userId: string): Promise<Caller | null> => {
    const entry = known.get(sessionId);
    if (entry !== undefined && entry.until > now()) return entry.caller.id === userId ? entry.caller : null;
    const before = forgotten;
    const row = await database.db
      .selectFrom('sessions as s')
      .innerJoin('people as p', 'p.id', 's.user_id')
      .select(['p.id', 'p.name', 'p.role', 'p.status', 'p.deleted_at', 'p.last_active'])
      .select(['s.expires_at', 's.revoked_at'])
      .where('s.id', '=', sessionId)
      .where('p.id', '=', userId)
      .executeTakeFirst();
    forget(sessionId);
    if (row === undefined || row.revoked_at !== null || row.deleted_at !== null || row.status !== 'active')
      return null;
    const expiresAt = Date.parse(row.expires_at);
    if (expiresAt <= now()) return null;
    const { id, name, role } = row;
    const caller: Caller = { id, name, role, sessionId, expiresAt, lastActive: Date.parse(row.last_active) };
    if (forgotten === before) remember(caller);
    return caller;
  };

  return {
    stop,
    callerOf,
    forget(sessionId) {
      forgotten += 1;
      forget(sessionId);
    },
    async authenticate(token) {
      const claims = tokens.read(token);
      return claims === null ? null : callerOf(claims.sid, claims.sub);
    },
  };
}
