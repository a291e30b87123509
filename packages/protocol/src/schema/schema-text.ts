import { z } from 'zod';
import { canonicalJson } from '../canonical-json.ts';

/** Members of a JSON Schema that explain and do not decide. */
const PROSE = new Set(['description', 'title', 'examples', '$schema']);

/**
 * A schema's JSON Schema as one canonical text without prose: what a lock hashes. Rules that JSON Schema cannot express
 * (refinements) are not in it; tests hold those.
 * @param side `input`: what a sender may write; `output`: what a reader gets after defaults and conversions.
 */
export function schemaText(schema: z.ZodType, side: 'input' | 'output'): string {
  return canonicalJson(withoutProse(z.toJSONSchema(schema, { io: side, unrepresentable: 'any' })));
}

function withoutProse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutProse);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      // Below `properties` the names are those of the wire: a field may well be called `title`.
      .filter(([key, member]) => !(PROSE.has(key) && typeof member !== 'object'))
      .map(([key, member]) => [key, withoutProse(member)]),
  );
}
