import { emailKey } from '@directory/contract';
import { createUserBody, userSchema } from '@directory/contract/schema';
import { describe, expect, test } from 'vitest';
import { namePools } from './names.ts';
import { demoPeople } from './people.ts';

const now = Date.parse('2026-06-01T12:00:00.000Z');
const people = [...demoPeople({ count: 5_000, now })];

describe('demo people', () => {
  test('are the same for the same seed, and others for another', () => {
    expect([...demoPeople({ count: 50, now })]).toEqual(people.slice(0, 50));
    expect([...demoPeople({ count: 50, now, seed: 2 })]).not.toEqual(people.slice(0, 50));
  });

  test('differ in nothing but their times on another day', () => {
    const later = [...demoPeople({ count: 50, now: now + 1000 })];
    const shift = (iso: string) => new Date(Date.parse(iso) + 1000).toISOString();
    expect(later).toEqual(
      people.slice(0, 50).map((user) => ({
        ...user,
        lastActive: shift(user.lastActive),
        createdAt: shift(user.createdAt),
        updatedAt: shift(user.updatedAt),
      })),
    );
  });

  test('are people whom the API would take, each with an address and an id of their own', () => {
    for (const user of people) {
      expect(userSchema.parse(user)).toEqual(user);
      const { name, email, role, preferences } = user;
      expect(createUserBody.safeParse({ name, email, role, preferences }).success).toBe(true);
    }
    expect(new Set(people.map(({ email }) => emailKey(email))).size).toBe(people.length);
    expect(new Set(people.map(({ id }) => id)).size).toBe(people.length);
  });

  test('lived in order: made, then edited, then seen, and never in the future', () => {
    for (const { createdAt, updatedAt, lastActive } of people) {
      expect(createdAt <= updatedAt && updatedAt <= lastActive).toBe(true);
      expect(Date.parse(lastActive)).toBeLessThanOrEqual(now);
    }
  });

  test.each([
    'Latin',
    'Greek',
    'Cyrillic',
    'Arabic',
    'Hebrew',
    'Devanagari',
    'Bengali',
    'Tamil',
    'Thai',
    'Han',
    'Hangul',
    'Hiragana',
    'Georgian',
    'Armenian',
    'Ethiopic',
  ])('write their names in %s, too', (script) => {
    const letters = new RegExp(`\\p{Script=${script}}`, 'u');
    expect(people.filter(({ name }) => letters.test(name)).length).toBeGreaterThan(10);
  });

  test('hold roles and habits as people do', () => {
    const share = (of: (user: (typeof people)[number]) => boolean) =>
      people.filter(of).length / people.length;
    expect(share(({ role }) => role === 'admin')).toBeLessThan(0.02);
    expect(share(({ role }) => role === 'moderator')).toBeGreaterThan(0.02);
    expect(share(({ lastActive }) => Date.parse(lastActive) > now - 24 * 3600e3)).toBeGreaterThan(0.1);
    expect(share(({ status }) => status === 'disabled')).toBeGreaterThan(0.01);
  });

  test('every name has an address in plain letters', () => {
    for (const { given, family } of namePools) {
      for (const { native, latin } of [...given, ...family]) {
        expect(native).not.toBe('');
        expect(latin).toMatch(/^[a-z]+$/);
      }
    }
  });
});
