import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { LIMITS, PUBLIC_FIELDS, SERVER_FIELDS } from '../constants.ts';
import { normalise } from '../text.ts';
import { person } from '../testing/people.ts';
import * as door from './index.ts';

const { createUserBody, faultOf, listUsersQuery, patchUserBody, userSchema } = door;

const valid = { name: 'Ada Lovelace', email: 'ada@example.org' };

/** The code and the places that a server would answer with, or `accepted`. */
function verdict(schema: z.ZodType, input: unknown, place: 'body' | 'query' = 'body'): string {
  const { error } = schema.safeParse(input);
  if (error === undefined) return 'accepted';
  const fault = faultOf(error, place);
  return [fault.code, ...fault.errors.map(({ path }) => path)].join(' ');
}

describe('names', () => {
  test.each([
    ['200 letters', 'x'.repeat(200), 'accepted'],
    ['201 letters', 'x'.repeat(201), 'malformed /name'],
    ['HTML, which is only text', '<img src=x onerror=alert(1)>', 'accepted'],
    ['right to left', 'محمد', 'accepted'],
    ['a joiner that Persian needs', 'علی\u200cرضا', 'accepted'],
    ['the name of a prototype member', '__proto__', 'accepted'],
    ['nothing', '', 'malformed /name'],
    ['white space', ' \u3000 ', 'malformed /name'],
    ['nothing that can be seen', '\u200b\u200d\ufeff', 'malformed /name'],
    ['NUL', 'Ada\0', 'malformed /name'],
    ['a line break', 'Ada\nadmin', 'malformed /name'],
    ['a lone surrogate', 'Ada\ud800', 'malformed /name'],
    ['a direction override', '\u202eadA', 'malformed /name'],
    ['an isolate', '\u2066Ada', 'malformed /name'],
    ['a number', 7, 'malformed /name'],
    ['null', null, 'malformed /name'],
  ])('%s', (_, name, expected) => {
    expect(verdict(createUserBody, { ...valid, name })).toBe(expected);
  });

  test('a name that is accepted can be found and sorted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }), (name) => {
        expect(verdict(createUserBody, { ...valid, name }) === 'accepted' && normalise(name) === '').toBe(
          false,
        );
      }),
    );
  });
});

describe('addresses', () => {
  test.each([
    'ada@example.org',
    'a.b+c@x.example',
    "o'neil@example.org",
    'admin@localhost',
    'josé@bücher.example',
    'a@b',
  ])('takes %s', (email) => {
    expect(verdict(createUserBody, { ...valid, email })).toBe('accepted');
  });

  test.each([
    '',
    'ada',
    '@example.org',
    'ada@',
    'ada@@example.org',
    'a b@example.org',
    'ada@example..',
    'ada@example..org',
    'ada@-',
    'ada@.org',
    'ada@example.org\n',
    'ada\0@example.org',
    'Ada <ada@example.org>',
    'a@b,c@d',
    `${'x'.repeat(250)}@b.example`,
    '\u202eada@example.org',
    'ada\ud800@example.org',
  ])('refuses %j', (email) => {
    expect(verdict(createUserBody, { ...valid, email })).toBe('malformed /email');
  });

  test('decides at once on an address made to be slow', () => {
    expect(verdict(createUserBody, { ...valid, email: `a@${'a.'.repeat(126)}` })).toBe('malformed /email');
    expect(verdict(createUserBody, { ...valid, email: `a@${'a'.repeat(1_000_000)}.` })).toBe(
      'malformed /email',
    );
  });
});

describe('what bodies refuse', () => {
  test.each([
    ['an unknown field', createUserBody, { ...valid, admin: true }, 'unknown-field /admin'],
    [
      'an unknown preference',
      patchUserBody,
      { preferences: { font: 'x' } },
      'unknown-field /preferences/font',
    ],
    [
      'a member named __proto__',
      patchUserBody,
      JSON.parse('{"__proto__":{"role":"admin"}}'),
      'unknown-field /__proto__',
    ],
    ['a name with a slash', patchUserBody, { 'a/b~': 1 }, 'unknown-field /a~1b~0'],
    ['a removed field', patchUserBody, { name: null }, 'malformed /name'],
    ['removed preferences', patchUserBody, { preferences: null }, 'malformed /preferences'],
    ['an unknown role', patchUserBody, { role: 'root' }, 'malformed /role'],
    [
      'a boolean as text',
      patchUserBody,
      { preferences: { notifications: 'yes' } },
      'malformed /preferences/notifications',
    ],
    [
      'a language that is none',
      patchUserBody,
      { preferences: { language: '../en' } },
      'malformed /preferences/language',
    ],
    ['an empty patch', patchUserBody, {}, 'malformed '],
    ['a list', patchUserBody, [], 'malformed '],
    ['null', patchUserBody, null, 'malformed '],
    [
      'an id of another version',
      createUserBody,
      { ...valid, id: '017f22e2-79b0-4cc3-98c4-dc0c0c07398f' },
      'malformed /id',
    ],
    ['a batch of nothing', door.batchUsersBody, { updates: [] }, 'malformed /updates'],
    [
      'a batch with version 0',
      door.batchUsersBody,
      { updates: [{ id: person({}).id, changes: { name: 'A' }, version: 0 }] },
      'malformed /updates/0/version',
    ],
    [
      'a batch past its limit',
      door.batchUsersBody,
      {
        updates: Array.from({ length: LIMITS.batch + 1 }, () => ({
          id: person({}).id,
          changes: { name: 'A' },
        })),
      },
      'malformed /updates',
    ],
    [
      'a short password',
      door.passwordBody,
      { currentPassword: 'x', newPassword: 'eleven char' },
      'malformed /newPassword',
    ],
  ])('%s', (_, schema, body, expected) => {
    expect(verdict(schema, body)).toBe(expected);
  });

  test.each(SERVER_FIELDS)('%s is forbidden, not unknown: it exists, but the server writes it', (field) => {
    expect(verdict(patchUserBody, { [field]: 'x' })).toBe(`field-forbidden /${field}`);
    expect(verdict(createUserBody, { ...valid, [field]: 'x' })).toBe(`field-forbidden /${field}`);
  });

  test('of several faults the gravest gives the code, and all are listed', () => {
    expect(verdict(patchUserBody, { version: 1, foo: 1 })).toBe('unknown-field /version /foo');
    expect(verdict(patchUserBody, { version: 1, role: 'x' })).toBe('malformed /role /version');
  });

  test('a body of 20,000 unknown keys names 50 of them', () => {
    const body = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, at]));
    expect(verdict(patchUserBody, body).split(' ')).toHaveLength(51);
  });

  test('a 64-character passphrase is welcome', () => {
    expect(
      verdict(door.passwordBody, {
        currentPassword: 'x',
        newPassword: 'correct horse battery staple '.repeat(3).slice(0, 64),
      }),
    ).toBe('accepted');
  });
});

describe('query keys', () => {
  test('become values, with defaults', () => {
    expect(listUsersQuery.parse({})).toEqual({
      page: 1,
      pageSize: 20,
      sortBy: 'lastActive',
      sortOrder: 'desc',
    });
    expect(
      listUsersQuery.parse({
        page: '3',
        pageSize: '50',
        sortBy: 'name',
        sortOrder: 'asc',
        role: 'admin',
        search: '%',
        isActive: 'false',
        language: 'ja',
        notifications: 'true',
      }),
    ).toEqual({
      page: 3,
      pageSize: 50,
      sortBy: 'name',
      sortOrder: 'asc',
      role: 'admin',
      search: '%',
      isActive: false,
      language: 'ja',
      notifications: true,
    });
  });

  test.each([
    ...[
      '0',
      '-1',
      '1.5',
      'abc',
      '',
      ' 1',
      '1 ',
      '+1',
      '01',
      '1e3',
      '0x10',
      '1e9',
      '99999999999999999999',
      '١',
      'Infinity',
    ].map((page) => [{ page }, 'malformed page'] as const),
    [{ pageSize: '501' }, 'malformed pageSize'],
    [{ page: ['1', '2'] }, 'malformed page'],
    [{ isActive: '1' }, 'malformed isActive'],
    [{ isActive: '' }, 'malformed isActive'],
    [{ sortBy: '__proto__' }, 'malformed sortBy'],
    [{ sortBy: 'password' }, 'malformed sortBy'],
    [{ search: 'x'.repeat(10_240) }, 'malformed search'],
    [{ role: ['admin', 'user'] }, 'malformed role'],
    [{ limit: '5' }, 'unknown-field limit'],
    [{ version: '5' }, 'unknown-field version'],
    [JSON.parse('{"__proto__":"x"}') as object, 'unknown-field __proto__'],
  ] as const)('%j: %s', (query, expected) => {
    expect(verdict(listUsersQuery, query, 'query')).toBe(expected);
  });

  test.each([
    [door.snapshotUsersQuery, { limit: '5000' }, { limit: '5001' }],
    [door.changesQuery, { since: '0', limit: '1000' }, { since: '0', limit: '1001' }],
    [door.changesQuery, { since: String(Number.MAX_SAFE_INTEGER) }, { since: String(2 ** 53) }],
    [door.changesQuery, { since: '0' }, {}],
    [
      door.seriesQuery,
      { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' },
      { from: '2026-01-01', to: '2026-02-01' },
    ],
    [door.batchUsersQuery, { mode: 'each' }, { mode: 'some' }],
    [door.importQuery, { dryRun: 'true' }, { dryRun: 'TRUE' }],
    [door.searchUsersQuery, { q: '' }, {}],
  ])('%# holds its bounds', (schema, good, bad) => {
    expect(verdict(schema, good, 'query')).toBe('accepted');
    expect(verdict(schema, bad, 'query')).toMatch(/^malformed/);
  });
});

describe('people', () => {
  test('the public part has exactly the public fields', () => {
    expect(Object.keys(door.publicUserSchema.shape).toSorted()).toEqual([...PUBLIC_FIELDS].toSorted());
    expect(door.publicUserSchema.parse(person({}))).not.toHaveProperty('email');
  });

  test('every field of a person is writable by a body, written by the server, or the id', () => {
    const written = new Set([...Object.keys(patchUserBody.shape), ...SERVER_FIELDS, 'id']);
    expect(Object.keys(userSchema.shape).toSorted()).toEqual([...written].toSorted());
  });

  test('a whole person is read as such, not as their public part', () => {
    expect(door.readableUser.parse(person({}))).toEqual(person({}));
  });
});
