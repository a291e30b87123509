import type { FastifyReply, FastifyRequest } from 'fastify';

interface CookieKind {
  readonly name: string;
  readonly path: string;
  /** The prefix that browsers enforce on https. */
  readonly securePrefix: '__Host-' | '__Secure-';
}

/** Holds the access token, for requests and sockets that cannot send a header. */
export const sessionCookie: CookieKind = { name: 'lockstep_session', path: '/', securePrefix: '__Host-' };

export const refreshCookie: CookieKind = {
  name: 'lockstep_refresh',
  path: '/api/auth',
  securePrefix: '__Secure-',
};

export function cookieOf(request: FastifyRequest, kind: CookieKind): string | undefined {
  const { cookie } = request.headers;
  if (cookie === undefined) return undefined;
  const wanted = nameOf(request, kind);
  for (const part of cookie.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === wanted) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** @param seconds Its life from now; 0 removes it. */
export function setCookie(reply: FastifyReply, kind: CookieKind, value: string, seconds: number): void {
  const { request } = reply;
  const secure = request.protocol === 'https' ? '; Secure' : '';
  const life = `Max-Age=${Math.max(0, Math.floor(seconds))}`;
  const text = `${nameOf(request, kind)}=${value}; Path=${kind.path}; ${life}; HttpOnly; SameSite=Strict${secure}`;
  reply.header('set-cookie', text);
}

function nameOf(request: FastifyRequest, kind: CookieKind): string {
  return request.protocol === 'https' ? kind.securePrefix + kind.name : kind.name;
}
