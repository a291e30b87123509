import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SORT_FIELDS, SORT_ORDERS } from './constants.ts';
import { compareUsers, isSortField, orderings } from './ordering.ts';
import type { Sortable } from './ordering.ts';
import { person, people } from './testing/people.ts';

const bySort = SORT_FIELDS.flatMap((field) => SORT_ORDERS.map((order) => [field, order] as const));

describe.each(bySort)('D10: people by %s %s', (field, order) => {
  const compare = compareUsers(field, order);

  test('is one total order in which only equal ids are equal', () => {
    fc.assert(
      fc.property(people({ minLength: 3, maxLength: 3 }), ([a, b, c]) => {
        const [x, y, z] = [a, b, c] as [Sortable, Sortable, Sortable];
        expect(Math.sign(compare(x, y)) + Math.sign(compare(y, x))).toBe(0);
        expect(compare(x, y) === 0).toBe(x.id === y.id);
        expect(compare(x, y) <= 0 && compare(y, z) <= 0 && compare(x, z) > 0).toBe(false);
      }),
    );
  });

  test('breaks ties by ascending id', () => {
    const low = person({ id: '00000000-0000-7000-8000-000000000001' });
    const high = { ...low, id: '00000000-0000-7000-8000-000000000002' };
    expect([high, low].toSorted(compare)).toEqual([low, high]);
  });

  test('puts a field that may not be read where the empty text is', () => {
    const { id, name, role, lastActive, avatarUrl, version, ...hidden } = person({});
    const visible = { id, name, role, lastActive, avatarUrl, version };
    expect(orderings[field].key(visible)).toBe(field in hidden ? '' : orderings[field].key(person({})));
  });
});

test('sorts names by what they say, not by how they are written', () => {
  const named = [
    'Zoë',
    'émile',
    'Ada',
    'ada',
    'Łukasz',
    'Müller',
    'MUELLER',
    'Ὅμηρος',
    'Ägir',
    '😀',
    '～',
  ].map((name, at) => person({ name, id: `00000000-0000-7000-8000-00000000000${at.toString(16)}` }));
  expect(named.toSorted(compareUsers('name', 'asc')).map(({ name }) => name)).toEqual([
    'Ada',
    'ada',
    'Ägir',
    'émile',
    'Łukasz',
    'MUELLER',
    'Müller',
    'Zoë',
    '～',
    'Ὅμηρος',
    '😀',
  ]);
});

test('times sort as texts as they sort as times', () => {
  fc.assert(
    fc.property(people({ minLength: 2, maxLength: 2 }), ([a, b]) => {
      const [x, y] = [a, b] as [Sortable, Sortable];
      const byTime = Math.sign(Date.parse(x.lastActive) - Date.parse(y.lastActive));
      expect(x.lastActive < y.lastActive).toBe(byTime < 0);
    }),
  );
});

test('D11: names of Object.prototype are no sort fields', () => {
  expect(['__proto__', 'constructor', 'toString', 'id', ''].filter(isSortField)).toEqual([]);
});
