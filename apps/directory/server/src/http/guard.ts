import type { Audience } from '@directory/contract/schema';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller } from './caller.ts';
import { cookieOf, refreshCookie, sessionCookie } from './cookies.ts';
import type { Origins } from './origins.ts';
import { Refusal } from './problems.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is signed in, if anyone. */
    caller: Caller | null;
  }
}

export interface GuardOptions {
  origins: Origins;
  /** The caller behind an access token, or null where the token or its session is no longer valid. */
  authenticate(token: string): Promise<Caller | null>;
  /** Told of each request by somebody who is signed in. */
  onSeen?(caller: Caller): void;
}

const reads = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Decides, before any body is read, who is calling and whether they may call at all. */
export function guard(app: FastifyInstance, options: GuardOptions): void {
  app.decorateRequest('caller', null);
  app.addHook('onRequest', async (request) => {
    const { call } = request.routeOptions.config;
    if (call === undefined) return;
    const credential = credentialOf(request);
    const writes = !reads.has(request.method);
    const { origin } = request.headers;
    // Browsers send cookies on their own, so then the page must be ours. Programs that sign in need not name an origin.
    const byCookie = credential?.by === 'cookie' || actsByRefreshCookie(request);
    const byPage = credential === null && origin !== undefined;
    if (writes && (byCookie || byPage) && !options.origins.allows(origin)) {
      throw new Refusal('wrong-origin');
    }
    if (credential !== null) request.caller = await options.authenticate(credential.token);
    admit(call.audience, request.caller);
    if (request.caller !== null) options.onSeen?.(request.caller);
  });
}

function admit(audience: Audience, caller: Caller | null): void {
  if (audience === 'anyone') return;
  if (caller === null)
    throw new Refusal('not-signed-in', undefined, { headers: { 'www-authenticate': 'Bearer' } });
  if (audience === 'admin' && caller.role !== 'admin') throw new Refusal('forbidden');
  if (audience === 'staff' && caller.role === 'user') throw new Refusal('forbidden');
}

/** A Bearer token wins over the cookie: whoever sets the header means it, and no browser does so on its own. */
export function credentialOf(request: FastifyRequest): { by: 'bearer' | 'cookie'; token: string } | null {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization) ?? [];
    return { by: 'bearer', token: token ?? '' };
  }
  const token = cookieOf(request, sessionCookie);
  return token === undefined ? null : { by: 'cookie', token };
}

/** Refresh and logout act on the refresh cookie, whatever else the request carries. */
function actsByRefreshCookie(request: FastifyRequest): boolean {
  const path = request.routeOptions.url;
  const acts = path === '/api/auth/refresh' || path === '/api/auth/logout';
  return acts && cookieOf(request, refreshCookie) !== undefined;
}
