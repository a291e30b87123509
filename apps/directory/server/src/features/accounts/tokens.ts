import { createHmac, timingSafeEqual } from 'node:crypto';
import { numberMember, textMember } from '../../members.ts';

/** How long an access token and the session cookie live, in seconds. */
export const accessSeconds = 15 * 60;

export interface AccessClaims {
  /** The person. */
  sub: string;
  /** The session. */
  sid: string;
  /** Seconds since 1970. */
  exp: number;
}

export interface AccessTokens {
  issue(userId: string, sessionId: string): string;
  /** The claims of a token that this server made and that has not expired; null for every other text. */
  read(token: string): AccessClaims | null;
}

const header = Buffer.from('{"alg":"HS256","typ":"at+jwt"}').toString('base64url');
const audience = 'directory';
const mostGenuine = 10_000;

/**
 * Access tokens: JWTs with one algorithm. The header is compared with the only one that is ever made and is never
 * obeyed, so "alg": "none" and swapped algorithms are just other texts. Whether the session still stands is not in
 * the token: `Access` asks that on every request.
 */
export function createAccessTokens(key: Uint8Array, now: () => number): AccessTokens {
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('base64url');
  /** A client sends one token with hundreds of requests. */
  const genuine = new Map<string, AccessClaims>();

  const verify = (token: string): AccessClaims | null => {
    const [head, body, signature, ...rest] = token.split('.');
    if (head !== header || body === undefined || signature === undefined || rest.length > 0) return null;
    // As texts: base64 has several spellings of the same bytes.
    const expected = Buffer.from(sign(`${head}.${body}`));
    const received = Buffer.from(signature);
    if (received.length !== expected.length || !timingSafeEqual(received, expected)) return null;
    const claims: unknown = JSON.parse(Buffer.from(body, 'base64url').toString());
    const [sub, sid, aud] = [textMember(claims, 'sub'), textMember(claims, 'sid'), textMember(claims, 'aud')];
    const exp = numberMember(claims, 'exp');
    if (sub === undefined || sid === undefined || exp === undefined || aud !== audience) return null;
    return { sub, sid, exp };
  };

  return {
    issue(userId, sessionId) {
      const seconds = Math.floor(now() / 1000);
      const claims = {
        sub: userId,
        sid: sessionId,
        aud: audience,
        iat: seconds,
        exp: seconds + accessSeconds,
      };
      const text = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
      return `${text}.${sign(text)}`;
    },
    read(token) {
      let claims = genuine.get(token);
      if (claims === undefined) {
        const found = verify(token);
        if (found === null) return null;
        claims = found;
        if (genuine.size >= mostGenuine) genuine.clear();
        genuine.set(token, claims);
      }
      return claims.exp * 1000 > now() ? claims : null;
    },
  };
}
