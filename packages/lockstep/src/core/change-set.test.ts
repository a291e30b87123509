import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printedSeed } from '../testing/index.ts';
import { compose, invert, isEmpty, kindOf, mergeChanges, NO_CHANGES } from './change-set.ts';
import type { ChangeSet, RowChange } from './change-set.ts';
import type { Row } from './row.ts';

type World = ReadonlyMap<string, Row>;

const ids = ['a', 'b', '__proto__', 'toString'];
const rows: readonly Row[] = [{ n: 0 }, { n: 1 }, { n: 2 }];
const collections = ['users', 'posts'];

const keyOf = (collection: string, id: string): string => JSON.stringify([collection, id]);

/** The change set between two worlds. */
function between(from: World, to: World): ChangeSet {
  const changes: RowChange[] = [];
  for (const collection of collections) {
    for (const id of ids) {
      const key = keyOf(collection, id);
      const change = { collection, id, from: from.get(key) ?? null, to: to.get(key) ?? null };
      if (change.from !== change.to) changes.push(change);
    }
  }
  return changes;
}

function apply(world: World, changes: ChangeSet): World {
  const next = new Map(world);
  for (const { collection, id, from, to } of changes) {
    expect(next.get(keyOf(collection, id)) ?? null).toBe(from);
    if (to === null) next.delete(keyOf(collection, id));
    else next.set(keyOf(collection, id), to);
  }
  return next;
}

const worlds = fc
  .array(fc.tuple(fc.constantFrom(...collections), fc.constantFrom(...ids), fc.constantFrom(...rows)))
  .map((entries): World => new Map(entries.map(([collection, id, row]) => [keyOf(collection, id), row])));

const byKey = (changes: ChangeSet): ReadonlyMap<string, RowChange> =>
  new Map(changes.map((change) => [keyOf(change.collection, change.id), change]));

describe('change sets', () => {
  const seed = printedSeed('change sets');
  const check = (property: fc.IPropertyWithHooks<[World, World, World]>): void =>
    fc.assert(property, { seed, numRuns: 1000 });

  test('S1.1 a change is of a row that came, changed or went, at most one a row', () => {
    expect(kindOf({ collection: 'users', id: 'a', from: null, to: {} })).toBe('added');
    expect(kindOf({ collection: 'users', id: 'a', from: {}, to: {} })).toBe('updated');
    expect(kindOf({ collection: 'users', id: 'a', from: {}, to: null })).toBe('removed');
    check(
      fc.property(worlds, worlds, worlds, (a, b, c) => {
        const composed = compose(between(a, b), between(b, c));
        expect(byKey(composed).size).toBe(composed.length);
      }),
    );
  });

  test('S1.2 composing is one after the other; a row that ends as it began is not in it', () => {
    check(
      fc.property(worlds, worlds, worlds, (a, b, c) => {
        const composed = compose(between(a, b), between(b, c));
        expect(byKey(composed)).toEqual(byKey(between(a, c)));
        expect(apply(a, composed)).toEqual(c);
      }),
    );
  });

  test('S1.3 the inverse is the way back', () => {
    check(
      fc.property(worlds, worlds, worlds, (a, b, c) => {
        const there = between(a, b);
        expect(apply(b, invert(there))).toEqual(a);
        expect(isEmpty(compose(there, invert(there)))).toBe(true);
        expect(invert(invert(there))).toEqual(there);
        const onwards = compose(there, between(b, c));
        expect(byKey(invert(onwards))).toEqual(byKey(compose(between(c, b), invert(there))));
      }),
    );
  });

  test('S1.4 composing is associative, and the empty change set changes nothing', () => {
    check(
      fc.property(worlds, worlds, worlds, (a, b, c) => {
        const [ab, bc, ca] = [between(a, b), between(b, c), between(c, a)];
        expect(byKey(compose(compose(ab, bc), ca))).toEqual(byKey(compose(ab, compose(bc, ca))));
        expect(compose(ab, NO_CHANGES)).toEqual(ab);
        expect(compose(NO_CHANGES, ab)).toEqual(ab);
      }),
    );
  });

  test('S1.5 changes of one row in a sequence merge into one', () => {
    const [first, second, third] = rows as [Row, Row, Row];
    const change = (from: Row | null, to: Row | null): RowChange => ({
      collection: 'users',
      id: 'a',
      from,
      to,
    });
    expect(mergeChanges([change(null, first), change(first, second), change(second, third)])).toEqual([
      change(null, third),
    ]);
    expect(mergeChanges([change(null, first), change(first, null)])).toBe(NO_CHANGES);
    expect(mergeChanges([change(first, null), change(null, first)])).toBe(NO_CHANGES);
    expect(mergeChanges([change(first, null), change(null, second)])).toEqual([change(first, second)]);
  });
});
