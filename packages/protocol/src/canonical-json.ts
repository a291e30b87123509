import { MAX_DEPTH } from './merge-patch.ts';

/**
 * One text for one JSON value: members sorted by UTF-16 units, no white space, numbers as ECMAScript prints them
 * (the rules of RFC 8785). Members that are `undefined` are left out, as `JSON.stringify` does. Used to hash request bodies.
 * @throws TypeError for what JSON cannot say (functions, NaN, bigint); RangeError deeper than `MAX_DEPTH`.
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0);
}

function write(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new RangeError(`expected JSON nested at most ${MAX_DEPTH} deep`);
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(',')}]`;
  if (typeof value === 'object') {
    const members: [string, unknown][] = Object.entries(value);
    const texts = members
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${write(member, depth + 1)}`);
    return `{${texts.join(',')}}`;
  }
  throw new TypeError(`expected a JSON value, received ${typeof value === 'number' ? value : typeof value}`);
}
