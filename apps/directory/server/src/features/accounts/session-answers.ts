import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SessionsTable } from '../../db/tables.ts';
import { refreshCookie, sessionCookie, setCookie } from '../../http/cookies.ts';
import { sessionMs } from './sessions.ts';
import type { OpenedSession } from './sessions.ts';
import { accessSeconds } from './tokens.ts';
import type { AccessTokens } from './tokens.ts';

/** Removes both cookies. */
export function takeBack(reply: FastifyReply): void {
  setCookie(reply, refreshCookie, '', 0);
  setCookie(reply, sessionCookie, '', 0);
}

/** Gives the browser its cookies; answers the access token for everything else. */
export function handOver(reply: FastifyReply, tokens: AccessTokens, opened: OpenedSession): string {
  const token = tokens.issue(opened.userId, opened.sessionId);
  setCookie(reply, refreshCookie, opened.refreshToken, sessionMs / 1000);
  setCookie(reply, sessionCookie, token, accessSeconds);
  return token;
}

export function clientOf(request: FastifyRequest) {
  return { address: request.ip, userAgent: request.headers['user-agent'] ?? '' };
}

/** @param current The session that asks. */
export function sessionOf(row: SessionsTable, current: string) {
  return {
    id: row.id,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    address: row.address,
    userAgent: row.user_agent,
    current: row.id === current,
  };
}
