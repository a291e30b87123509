import fc from 'fast-check';
import { z } from 'zod';

/** The parts of JSON Schema that the contract's schemas come to. */
interface Schema {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
}

/** Names that are members of every object, and texts that parsers, databases, shells and browsers trip over. */
export const hostileTexts = [
  '',
  ' ',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  '-1',
  '1e9',
  '99999999999999999999',
  '0x10',
  '٣',
  '\0',
  'a\0b',
  '\ud800',
  '\u202eabc',
  '\u200b',
  '%',
  '_',
  "' or '1'='1",
  '"; drop table people; --',
  '$1',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  '\r\nset-cookie: a=b',
  '=cmd()',
  'a'.repeat(5_000),
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  '2026-02-30T00:00:00.000Z',
  '0000-01-01T00:00:00.000Z',
  '9999-12-31T23:59:59.999Z',
  '00000000-0000-0000-0000-000000000000',
] as const;

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: 'binary', maxLength: 30 }),
);

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom(null, true, false, 0, -1, 1.5, 1e300, Number.MAX_SAFE_INTEGER, [], {}, [[]], {
    a: { b: 1 },
  }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Values that a schema describes, most of them; what JSON Schema cannot say, it does not keep. */
export function valuesOf(schema: z.ZodType, samples: readonly string[] = []): fc.Arbitrary<unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what zod writes
  return arbitraryOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema, samples);
}

function arbitraryOf(schema: Schema, samples: readonly string[]): fc.Arbitrary<unknown> {
  const { type, enum: allowed, anyOf } = schema;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (allowed !== undefined) return fc.constantFrom(...allowed);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map((one) => arbitraryOf(one, samples)));
  switch (type) {
    case 'object':
      return objects(schema, samples);
    case 'array':
      return fc.array(arbitraryOf(schema.items ?? {}, samples), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, 4),
      });
    case 'string':
      return strings(schema, samples);
    case 'integer':
    case 'number':
      return fc.integer({
        min: Math.max(schema.minimum ?? 0, -1e9),
        max: Math.min(schema.maximum ?? 100, 1e9),
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case undefined:
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objects(
  { properties = {}, required = [] }: Schema,
  samples: readonly string[],
): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(
    Object.entries(properties).map(([name, member]) => [name, arbitraryOf(member, samples)]),
  );
  return fc.record(members, { requiredKeys: required.filter((name) => name in members) });
}

function strings(
  { pattern, minLength = 0, maxLength = 60 }: Schema,
  samples: readonly string[],
): fc.Arbitrary<string> {
  const known = fc.constantFrom('Ada Lovelace', 'ada@example.org', 'en', ...samples);
  if (pattern === undefined) {
    const most = Math.min(maxLength, Math.max(minLength, 60));
    return fc.oneof(known, fc.string({ minLength, maxLength: most }));
  }
  const expression = new RegExp(pattern, 'u');
  const fitting = samples.filter((sample) => expression.test(sample));
  const some = fitting.length === 0 ? [] : [fc.constantFrom(...fitting)];
  try {
    return fc.oneof(...some, fc.stringMatching(expression));
  } catch {
    // A pattern by properties of characters, which nobody can invert: such as an email address.
    const typical = ['ada@example.org', 'grace.hopper@navy.example', 'en', 'zh-Hant'].filter((text) =>
      expression.test(text),
    );
    return fc.oneof(...some, fc.constantFrom(...(typical.length === 0 ? [''] : typical)));
  }
}

/** Does one thing to a value, somewhere in it, that its schema did not foresee. */
export function tamperedWith(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null) return hostileValue;
  if (Array.isArray(value)) {
    return fc.oneof(
      hostileValue.map((item) => [...value, item]),
      fc.constant(Object.fromEntries(value.entries())),
      ...(value.length === 0 ? [] : [tamperedWith(value[0]).map((item) => [item, ...value.slice(1)])]),
    );
  }
  const entries = Object.entries(value);
  const added = fc
    .tuple(hostileText, hostileValue)
    .map(([key, item]) => Object.fromEntries([...entries, [key, item]]));
  const [first] = entries;
  if (first === undefined) return fc.oneof(added, hostileValue);
  const changed = fc.nat({ max: entries.length - 1 }).chain((at) =>
    fc.oneof(
      fc.constant(Object.fromEntries(entries.filter((_, index) => index !== at))),
      tamperedWith(entries[at]?.[1]).map((item) =>
        Object.fromEntries(entries.map(([key, old], index) => [key, index === at ? item : old])),
      ),
    ),
  );
  return fc.oneof(added, changed, hostileValue);
}
