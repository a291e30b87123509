import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ACTIVE_MS } from './constants.ts';
import { activeUntil, compileFilter, isActiveAt, matchesFilter } from './filter.ts';
import { NOW, people, person } from './testing/people.ts';
import { normalise } from './text.ts';
import { searchKey, sortKey } from './user.ts';

const at = (ms: number) => person({ lastActive: new Date(ms).toISOString() });

describe('matchesFilter', () => {
  test('holds everyone where nothing is said', () => {
    expect(matchesFilter({}, person({}), NOW)).toBe(true);
    expect(matchesFilter({ search: ' \u200b ' }, person({}), NOW)).toBe(true);
  });

  test.each([
    [{ role: 'admin' }, { role: 'admin' }, { role: 'user' }],
    [{ language: 'ja' }, { preferences: { theme: 'dark', notifications: true, language: 'ja' } }, {}],
    [{ notifications: false }, { preferences: { theme: 'dark', notifications: false, language: 'en' } }, {}],
    [{ search: 'lovel' }, { name: 'Ada LOVELACE' }, { name: 'Grace' }],
    [{ search: 'b.exam' }, { email: 'ada@b.example' }, { email: 'ada@c.example' }],
    [{ search: 'jose' }, { name: 'José' }, { name: 'Joe' }],
    [{ search: '%' }, { name: '100%' }, { name: 'Ada' }],
  ] as const)('%j holds %j and not %j', (filter, inside, outside) => {
    expect(matchesFilter(filter, person(inside), NOW)).toBe(true);
    expect(matchesFilter(filter, person(outside), NOW)).toBe(false);
  });

  test('does not find a text that begins in the name and ends in the address', () => {
    expect(matchesFilter({ search: 'lovelace ada@' }, person({}), NOW)).toBe(false);
    expect(matchesFilter({ search: 'lovelaceada' }, person({}), NOW)).toBe(false);
  });

  test('searches the name alone where the address may not be read', () => {
    const { id, name, role, lastActive, avatarUrl, version } = person({});
    const visible = { id, name, role, lastActive, avatarUrl, version };
    expect(matchesFilter({ search: 'example' }, visible, NOW)).toBe(false);
    expect(matchesFilter({ search: 'ada' }, visible, NOW)).toBe(true);
    expect(matchesFilter({ language: 'en' }, visible, NOW)).toBe(false);
  });

  test('is the conjunction of its parts', () => {
    fc.assert(
      fc.property(people({ minLength: 1, maxLength: 10 }), (group) => {
        const filter = {
          role: 'admin',
          isActive: true,
          language: 'en',
          notifications: true,
          search: 'a',
        } as const;
        for (const user of group) {
          const parts = Object.entries(filter).every(([key, value]) =>
            matchesFilter({ [key]: value }, user, NOW),
          );
          expect(matchesFilter(filter, user, NOW)).toBe(parts);
        }
      }),
    );
  });

  test('G11: the same person leaves the active as time passes', () => {
    const user = at(NOW);
    const holds = compileFilter({ isActive: true });
    expect([NOW, NOW + ACTIVE_MS - 1, NOW + ACTIVE_MS].map((now) => holds(user, now))).toEqual([
      true,
      true,
      false,
    ]);
    expect(activeUntil(user)).toBe(NOW + ACTIVE_MS);
    fc.assert(
      fc.property(fc.integer({ min: -2 * ACTIVE_MS, max: 2 * ACTIVE_MS }), (shift) => {
        expect(isActiveAt(user, NOW + shift)).toBe(NOW + shift < activeUntil(user));
      }),
    );
  });
});

test('compileFilter reads search texts where its caller keeps them', () => {
  const read: string[] = [];
  const holds = compileFilter({ search: 'KEPT' }, (user) => {
    read.push(user.id);
    return 'a kept text';
  });
  expect(holds(person({}), NOW)).toBe(true);
  expect(read).toEqual([person({}).id]);
});

test('keys are of the name, and of name and address apart', () => {
  expect(sortKey({ name: ' Zoë ' })).toBe('zoe');
  expect(searchKey({ name: 'Zoë', email: 'ZOE@x.org' })).toBe('zoe\nzoe@x.org');
  expect(searchKey({ name: 'Zoë' })).toBe('zoe');
  expect(normalise('zoe\nzoe')).toBe('zoe zoe');
});
