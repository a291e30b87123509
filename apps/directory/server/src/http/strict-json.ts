import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { Refusal } from './problems.ts';

/** Deeper nesting than any body of this API; recursion over a body that passed is safe. */
const deepest = 32;

/**
 * Reads JSON bodies and nothing else: a body of any other type is 415. An empty body with a JSON content type is no
 * body, since the guide's client announces JSON on every request (G18).
 */
export function readStrictJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    (_request, body, done) => {
      try {
        done(null, parseStrictJson(body));
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  );
}

/** Throws `Refusal` (malformed) for anything but well-formed JSON text of harmless shape. */
export function parseStrictJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw malformed('The body is not UTF-8.');
  const text = bytes.toString('utf8');
  refuseDepth(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('The body is not JSON.');
  }
  // Only an escape can bring in a NUL, a lone surrogate or a prototype key spelled in disguise.
  if (text.includes('\\u') || text.includes('"__proto__"')) refuseHostileText(value, '');
  return value;
}

/** JSON.parse itself copes with any depth, but what walks the value afterwards does not. */
function refuseDepth(text: string): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (inString) {
      if (unit === 0x5c) at += 1;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x7b || unit === 0x5b) {
      depth += 1;
      if (depth > deepest) throw malformed(`The body is nested more than ${deepest} levels deep.`);
    } else if (unit === 0x7d || unit === 0x5d) depth -= 1;
  }
}

function refuseHostileText(value: unknown, path: string): void {
  if (typeof value === 'string') {
    if (isHostileText(value)) throw malformed('A text holds a NUL or half a surrogate pair.', path);
  } else if (Array.isArray(value)) {
    value.forEach((item, at) => refuseHostileText(item, `${path}/${at}`));
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const inner = `${path}/${key}`;
      if (key === '__proto__' || isHostileText(key)) throw malformed('A member name is not allowed.', inner);
      refuseHostileText(item, inner);
    }
  }
}

/** PostgreSQL stores neither NUL nor half a surrogate pair. */
export function isHostileText(text: string): boolean {
  return text.includes('\0') || !text.isWellFormed();
}

function malformed(detail: string, path?: string): Refusal {
  return new Refusal('malformed', detail, path === undefined ? {} : { errors: [{ path, message: detail }] });
}
