import type { FastifyReply } from 'fastify';
import type { SessionsTable } from '../../db/tables.ts';
import { refreshCookie, sessionCookie, setCookie } from '../../http/cookies.ts';

/** Removes both cookies. */
export function takeBack(reply: FastifyReply): void {
  setCookie(reply, refreshCookie, '', 0);
  setCookie(reply, sessionCookie, '', 0);
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
