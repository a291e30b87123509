import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { isJsonObject, setOwn } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import { applyMergePatch, MAX_DEPTH, mergePatchBetween } from './merge-patch.ts';

const hostile = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];
const key = fc.oneof(fc.constantFrom('a', 'b', 'c', ''), fc.constantFrom(...hostile));

const { object } = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<Json>(null, true, 0, 1, '', 'x'),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((members) => {
    const made: Record<string, Json> = {};
    for (const [name, member] of members) setOwn(made, name, member);
    return made;
  }),
}));

/** The pseudo-code of RFC 7396, section 2, written out, on Maps: an oracle without prototypes or sharing. */
function oracle(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const members = new Map<string, Json>(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) members.delete(name);
    else members.set(name, oracle(members.get(name), change));
  }
  return Object.fromEntries(members);
}

function withoutNulls(value: Json): Json {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]): [string, Json][] =>
      member === null ? [] : [[name, withoutNulls(member)]],
    ),
  );
}

function nested(depth: number): JsonObject {
  let value: JsonObject = {};
  for (let at = 1; at < depth; at += 1) value = { a: value };
  return value;
}

describe('applyMergePatch', () => {
  // The cases of RFC 7396, appendix A, that have an object on both sides.
  test.each<[JsonObject, JsonObject, JsonObject]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('RFC 7396: %j with %j is %j', (target, patch, result) => {
    expect(applyMergePatch(target, patch)).toEqual(result);
  });

  test('G9: a nested patch keeps its siblings', () => {
    const user = { preferences: { theme: 'light', notifications: true, language: 'en' } };
    expect(applyMergePatch(user, { preferences: { theme: 'dark' } })).toEqual({
      preferences: { theme: 'dark', notifications: true, language: 'en' },
    });
  });

  test('agrees with the pseudo-code of the RFC, and leaves both arguments as they were', () => {
    fc.assert(
      fc.property(object, object, (target, patch) => {
        const before = canonicalJson([target, patch]);
        expect(canonicalJson(applyMergePatch(target, patch))).toBe(canonicalJson(oracle(target, patch)));
        expect(canonicalJson([target, patch])).toBe(before);
      }),
      { numRuns: 2000 },
    );
  });

  test('keeps the identity of what did not change: all of it, or each member', () => {
    fc.assert(
      fc.property(object, object, (target, patch) => {
        const result = applyMergePatch(target, patch);
        expect(result === target).toBe(canonicalJson(result) === canonicalJson(target));
        for (const [name, member] of Object.entries(result)) {
          const old = Object.hasOwn(target, name) ? target[name] : undefined;
          if (old !== undefined && canonicalJson(member) === canonicalJson(old)) expect(member).toBe(old);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('returns the target itself for a patch that repeats some of it', () => {
    fc.assert(
      fc.property(object, fc.func(fc.boolean()), (value, keep) => {
        const target = withoutNulls(value) as JsonObject;
        const repeated = Object.fromEntries(
          Object.entries(structuredClone(target)).filter(([name]) => keep(name)),
        );
        expect(applyMergePatch(target, repeated)).toBe(target);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(hostile)('D11: a member named %s is data', (name) => {
    const patch = JSON.parse(`{"${name}":{"polluted":1}}`) as JsonObject;
    const result = applyMergePatch({ a: 1 }, patch);
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(Object.hasOwn(result, name)).toBe(true);
    expect(JSON.parse(JSON.stringify(result))[name]).toEqual({ polluted: 1 });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.hasOwn(applyMergePatch(result, JSON.parse(`{"${name}":null}`) as JsonObject), name)).toBe(
      false,
    );
  });

  test('refuses nesting beyond the limit instead of exhausting the stack', () => {
    expect(applyMergePatch({}, nested(MAX_DEPTH))).toEqual(nested(MAX_DEPTH));
    expect(() => applyMergePatch({}, nested(100_000))).toThrow(RangeError);
    const list = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as Json;
    const same = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as Json;
    expect(() => applyMergePatch({ a: list }, { a: same })).toThrow(RangeError);
  });
});

describe('mergePatchBetween', () => {
  test('makes the patch that leads from one to the other, up to members that are null', () => {
    fc.assert(
      fc.property(object, object, (from, to) => {
        const result = applyMergePatch(from, mergePatchBetween(from, to));
        expect(canonicalJson(withoutNulls(result))).toBe(canonicalJson(withoutNulls(to)));
      }),
      { numRuns: 2000 },
    );
  });

  test('is exact where the target holds no null outside arrays', () => {
    fc.assert(
      fc.property(object, object, (from, target) => {
        const to = withoutNulls(target) as JsonObject;
        expect(canonicalJson(applyMergePatch(from, mergePatchBetween(from, to)))).toBe(canonicalJson(to));
      }),
    );
  });

  test('says nothing where nothing differs, and only what differs otherwise', () => {
    fc.assert(
      fc.property(object, (value) => {
        expect(mergePatchBetween(value, structuredClone(value))).toEqual({});
      }),
    );
    expect(mergePatchBetween({ a: 1, b: { c: 1, d: [1, 2] } }, { b: { c: 1, d: [1] }, e: null })).toEqual({
      a: null,
      b: { d: [1] },
    });
  });

  test('a member that becomes null is removed, which readers take for null', () => {
    const patch = mergePatchBetween({ avatarUrl: '/a.webp', name: 'Ada' }, { avatarUrl: null, name: 'Ada' });
    expect(patch).toEqual({ avatarUrl: null });
    expect(applyMergePatch({ avatarUrl: '/a.webp', name: 'Ada' }, patch)).toEqual({ name: 'Ada' });
  });
});
