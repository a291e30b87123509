import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusalOf, startHarness } from '../testing/harness.ts';
import type { Harness, SendOptions } from '../testing/harness.ts';

let h: Harness;
beforeAll(async () => {
  h = await startHarness();
});
afterAll(() => h.close());

const nobody = '0193e5f0-0000-7000-8000-000000000000';
const person = { name: 'N', email: 'n@example.org' };
const json = (text: string | Buffer, type = 'application/json'): SendOptions => ({
  body: text,
  headers: { 'content-type': type },
});
const deep = (levels: number) => `{"name":${'['.repeat(levels)}${']'.repeat(levels)}}`;

/** What is sent, and the one answer that it gets. `:me` stands for the id of the administrator who asks. */
const table: Array<
  [
    what: string,
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    options: SendOptions,
    status: number,
    code: string,
  ]
> = [
  // Addresses
  ['an unknown address', 'GET', '/api/nothing', {}, 404, 'not-found'],
  ['an address above the root', 'GET', '/../../etc/passwd', {}, 404, 'not-found'],
  ['a broken escape', 'GET', '/api/users/%zz', {}, 400, 'malformed'],
  ['a NUL in an address', 'GET', '/api/users/%00', {}, 404, 'not-found'],
  ['a very long address', 'GET', `/api/users/${'a'.repeat(4000)}`, {}, 400, 'malformed'],
  ['a wrong method', 'PUT', '/api/users', {}, 405, 'method-not-allowed'],
  ['a wrong method on one person', 'POST', `/api/users/${nobody}`, {}, 405, 'method-not-allowed'],
  ['the id __proto__', 'PATCH', '/api/users/__proto__', { body: { name: 'X' } }, 404, 'not-found'],
  ['the id constructor', 'DELETE', '/api/users/constructor', {}, 404, 'not-found'],
  ['the id hasOwnProperty', 'GET', '/api/users/hasOwnProperty', {}, 404, 'not-found'],
  ['an id in capitals', 'GET', `/api/users/${nobody.toUpperCase()}`, {}, 404, 'not-found'],
  // Query keys
  ['an unknown query key', 'GET', '/api/users?colour=red', {}, 400, 'unknown-field'],
  ['the query key __proto__', 'GET', '/api/users?__proto__=1', {}, 400, 'unknown-field'],
  ['a query key on a call without any', 'GET', `/api/users/${nobody}?x=1`, {}, 400, 'unknown-field'],
  ['a repeated query key', 'GET', '/api/users?page=1&page=2', {}, 400, 'malformed'],
  ['a query key in brackets', 'GET', '/api/users?role[]=admin', {}, 400, 'unknown-field'],
  ['an empty role', 'GET', '/api/users?role=', {}, 400, 'malformed'],
  ['an unknown sort field', 'GET', '/api/users?sortBy=password', {}, 400, 'malformed'],
  ['a flag that is none', 'GET', '/api/users?isActive=yes', {}, 400, 'malformed'],
  ['a NUL in a search', 'GET', '/api/users?search=%00', {}, 400, 'malformed'],
  ['half a surrogate pair in a search', 'GET', '/api/users?search=%ED%A0%80', {}, 400, 'malformed'],
  ['a search of 10 kB', 'GET', `/api/users/search?q=${'a'.repeat(10_240)}`, {}, 400, 'malformed'],
  // Numbers
  ['limit 1e9', 'GET', '/api/users/infinite?limit=1e9', {}, 400, 'malformed'],
  ['limit -1', 'GET', '/api/users/infinite?limit=-1', {}, 400, 'malformed'],
  ['limit 0', 'GET', '/api/users/infinite?limit=0', {}, 400, 'malformed'],
  ['limit abc', 'GET', '/api/users/infinite?limit=abc', {}, 400, 'malformed'],
  ['a limit of 20 digits', 'GET', '/api/users/infinite?limit=99999999999999999999', {}, 400, 'malformed'],
  ['a limit above the greatest', 'GET', '/api/users/infinite?limit=501', {}, 400, 'malformed'],
  ['page 0', 'GET', '/api/users?page=0', {}, 400, 'malformed'],
  ['page 1.5', 'GET', '/api/users?page=1.5', {}, 400, 'malformed'],
  ['a page in words', 'GET', '/api/users?page=٣', {}, 400, 'malformed'],
  ['since -1', 'GET', '/api/changes?since=-1', {}, 400, 'malformed'],
  ['no since', 'GET', '/api/changes', {}, 400, 'malformed'],
  ['a since far ahead', 'GET', '/api/changes?since=9007199254740991', {}, 410, 'below-horizon'],
  ['an empty cursor', 'GET', '/api/users/infinite?cursor=', {}, 400, 'malformed'],
  ['a made-up cursor', 'GET', '/api/users/infinite?cursor=%25%27', {}, 400, 'bad-cursor'],
  // Bodies
  ['no body', 'POST', '/api/users', { headers: { 'content-type': 'application/json' } }, 400, 'malformed'],
  ['an empty object', 'PATCH', '/api/users/:me', { body: {} }, 400, 'malformed'],
  ['null', 'PATCH', '/api/users/:me', { body: null }, 400, 'malformed'],
  ['an array', 'POST', '/api/users', { body: [person] }, 400, 'malformed'],
  ['broken JSON', 'POST', '/api/users', json('{"name":'), 400, 'malformed'],
  ['JSON with a comment', 'POST', '/api/users', json('{/**/}'), 400, 'malformed'],
  ['bytes that are no UTF-8', 'POST', '/api/users', json(Buffer.from([0x7b, 0xff, 0x7d])), 400, 'malformed'],
  ['a body 33 levels deep', 'PATCH', '/api/users/:me', json(deep(33)), 400, 'malformed'],
  ['a body 100,000 levels deep', 'PATCH', '/api/users/:me', json(deep(100_000)), 400, 'malformed'],
  ['a body of 2 MB', 'POST', '/api/users', json(`{"name":"${'a'.repeat(2_000_000)}"}`), 413, 'too-large'],
  ['JSON as plain text', 'POST', '/api/users', json('{}', 'text/plain'), 415, 'unsupported-type'],
  [
    'a form',
    'POST',
    '/api/users',
    json('name=N', 'application/x-www-form-urlencoded'),
    415,
    'unsupported-type',
  ],
  ['no content type', 'POST', '/api/users', json('{}', ''), 415, 'unsupported-type'],
  [
    'the key __proto__',
    'POST',
    '/api/users',
    json('{"__proto__":{"role":"admin"},"name":"N"}'),
    400,
    'malformed',
  ],
  [
    'a nested __proto__',
    'PATCH',
    '/api/users/:me',
    json('{"preferences":{"__proto__":{}}}'),
    400,
    'malformed',
  ],
  ['__proto__ in escapes', 'POST', '/api/users', json('{"\\u005f_proto__":1}'), 400, 'malformed'],
  [
    'the key constructor',
    'POST',
    '/api/users',
    { body: { ...person, constructor: 1 } },
    400,
    'unknown-field',
  ],
  ['an unknown field', 'POST', '/api/users', { body: { ...person, nickname: 'N' } }, 400, 'unknown-field'],
  [
    'a field of the server',
    'POST',
    '/api/users',
    { body: { ...person, version: 9 } },
    403,
    'field-forbidden',
  ],
  ['lastActive', 'PATCH', '/api/users/:me', { body: { lastActive: 'now' } }, 403, 'field-forbidden'],
  ['status', 'PATCH', '/api/users/:me', { body: { status: 'disabled' } }, 403, 'field-forbidden'],
  ['a body where none belongs', 'DELETE', `/api/users/${nobody}`, { body: { sure: true } }, 400, 'malformed'],
  // Types: nothing is turned into something else
  ['a number for a name', 'PATCH', '/api/users/:me', { body: { name: 123 } }, 400, 'malformed'],
  ['null for a name', 'PATCH', '/api/users/:me', { body: { name: null } }, 400, 'malformed'],
  [
    'text for a flag',
    'PATCH',
    '/api/users/:me',
    { body: { preferences: { notifications: 'true' } } },
    400,
    'malformed',
  ],
  ['null for preferences', 'PATCH', '/api/users/:me', { body: { preferences: null } }, 400, 'malformed'],
  ['an unknown role', 'PATCH', '/api/users/:me', { body: { role: 'root' } }, 400, 'malformed'],
  // Text
  ['a NUL in a name', 'PATCH', '/api/users/:me', json('{"name":"a\\u0000b"}'), 400, 'malformed'],
  ['half a surrogate pair', 'PATCH', '/api/users/:me', json('{"name":"a\\ud800b"}'), 400, 'malformed'],
  ['a direction override', 'PATCH', '/api/users/:me', { body: { name: 'a\u202eb' } }, 400, 'malformed'],
  [
    'a name that nobody sees',
    'PATCH',
    '/api/users/:me',
    { body: { name: '\u200b\u200d' } },
    400,
    'malformed',
  ],
  [
    'a name of 201 characters',
    'PATCH',
    '/api/users/:me',
    { body: { name: 'a'.repeat(201) } },
    400,
    'malformed',
  ],
  [
    'an address with a line break',
    'PATCH',
    '/api/users/:me',
    { body: { email: 'a@b.org\nbcc:c@d.org' } },
    400,
    'malformed',
  ],
  ['an address without a host', 'PATCH', '/api/users/:me', { body: { email: 'a@' } }, 400, 'malformed'],
  // Many
  ['an empty batch', 'PATCH', '/api/users/batch', { body: { updates: [] } }, 400, 'malformed'],
  [
    'a batch of 1,001',
    'PATCH',
    '/api/users/batch',
    { body: { updates: Array.from({ length: 1001 }, () => ({ id: nobody, changes: { name: 'X' } })) } },
    400,
    'malformed',
  ],
  ['an unknown mode', 'PATCH', '/api/users/batch?mode=some', { body: { updates: [] } }, 400, 'malformed'],
  // Keys
  [
    'a key that is none',
    'PATCH',
    '/api/users/:me',
    { body: { name: 'X' }, headers: { 'idempotency-key': '1' } },
    400,
    'malformed',
  ],
  // Who asks
  [
    'a Bearer of nothing',
    'GET',
    '/api/users',
    { headers: { authorization: 'Bearer ' } },
    401,
    'not-signed-in',
  ],
  ['another scheme', 'GET', '/api/users', { headers: { authorization: 'Basic YTpi' } }, 401, 'not-signed-in'],
];

describe('hostile input', () => {
  test.each(table)('%s', async (_what, method, url, options, status, code) => {
    const response = await h.send(method, url.replace(':me', h.admin.id), {
      by: h.admin,
      ...options,
      ...merge(options),
    });
    expect(refusalOf(response)).toMatchObject({ status, code });
    expect(response.body).not.toMatch(/at .*\.ts:\d+|node_modules|SELECT|select /);
    if (status === 405) expect(response.headers['allow']).toMatch(/^[A-Z]+(, [A-Z]+)*$/);
  });

  const merge = ({ headers = {} }: SendOptions): SendOptions => ({
    headers: { authorization: `Bearer ${h.admin.token}`, ...headers },
  });

  test('a hostile field is named by its path', async () => {
    const body = { updates: [{ id: h.admin.id, changes: { preferences: { 'a/b~c': 1 } } }] };
    const response = await h.send('PATCH', '/api/users/batch', { by: h.admin, body });
    expect(refusalOf(response).paths).toEqual(['/updates/0/changes/preferences/a~1b~0c']);
  });

  test('nobody is anybody without signing in', async () => {
    const calls = [
      '/api/users',
      '/api/users/stats',
      `/api/users/${nobody}`,
      '/api/changes?since=0',
      '/api/auth/session',
    ];
    for (const url of calls) {
      const response = await h.send('GET', url);
      expect(refusalOf(response)).toEqual({ status: 401, code: 'not-signed-in' });
      expect(response.headers['www-authenticate']).toBe('Bearer');
    }
  });

  test('every answer carries the headers that keep it where it belongs', async () => {
    for (const url of ['/healthz', '/api/users', '/api/nothing']) {
      const { headers } = await h.send('GET', url);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cache-control': 'no-store',
        'cross-origin-resource-policy': 'same-origin',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});
