import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusalOf, startHarness, testOrigin, testPassword } from '../testing/harness.ts';
import type { Harness, SendOptions } from '../testing/harness.ts';

let h: Harness;
beforeAll(async () => {
  h = await startHarness();
});
afterAll(() => h.close());

const nobody = '0193e5f0-0000-7000-8000-000000000000';
const view = { name: 'V', shared: false, filter: {}, sortBy: 'name', sortOrder: 'asc', columns: ['name'] };
const password = 'zebra lamp quilt river';
const json = (text: string, type = 'application/json'): SendOptions => ({
  body: text,
  headers: { 'content-type': type },
});
const from = 'from=2026-01-01T00:00:00.000Z';
const to = 'to=2026-02-01T00:00:00.000Z';

type Row = [
  what: string,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  url: string,
  options: SendOptions,
  status: number,
  code: string,
];

/** What an administrator sends, and the one answer that it gets. `:me` stands for the administrator's own id. */
const table: Row[] = [
  // Sessions and the password
  ['the session __proto__', 'DELETE', '/api/auth/sessions/__proto__', {}, 404, 'not-found'],
  ['nobody’s session', 'DELETE', `/api/auth/sessions/${nobody}`, {}, 404, 'not-found'],
  ['all sessions', 'DELETE', '/api/auth/sessions', {}, 405, 'method-not-allowed'],
  ['sessions of somebody', 'GET', `/api/auth/sessions?user=${nobody}`, {}, 400, 'unknown-field'],
  [
    'a password by query',
    'POST',
    `/api/auth/password?newPassword=${password.replaceAll(' ', '')}`,
    { body: { currentPassword: 'x', newPassword: password } },
    400,
    'unknown-field',
  ],
  [
    'a password as a number',
    'POST',
    '/api/auth/password',
    { body: { currentPassword: 1, newPassword: 123456789012 } },
    400,
    'malformed',
  ],
  [
    'a password as a list',
    'POST',
    '/api/auth/password',
    { body: { currentPassword: ['a'], newPassword: [password] } },
    400,
    'malformed',
  ],
  [
    'somebody else’s password',
    'POST',
    '/api/auth/password',
    { body: { currentPassword: 'x', newPassword: password, userId: nobody } },
    400,
    'unknown-field',
  ],
  [
    'a NUL in a password',
    'POST',
    '/api/auth/password',
    json(`{"currentPassword":"x","newPassword":"${password}\\u0000"}`),
    400,
    'malformed',
  ],
  [
    'half a surrogate pair in a password',
    'POST',
    '/api/auth/password',
    json(`{"currentPassword":"x","newPassword":"${password}\\udc00"}`),
    400,
    'malformed',
  ],
  [
    'a password of 2 MB',
    'POST',
    '/api/auth/password',
    { body: { currentPassword: 'x', newPassword: 'x'.repeat(2_000_000) } },
    413,
    'too-large',
  ],
  [
    'a current password of 2 kB',
    'POST',
    '/api/auth/password',
    { body: { currentPassword: 'x'.repeat(2_000), newPassword: password } },
    400,
    'malformed',
  ],
  [
    'the own password, wrong',
    'POST',
    '/api/auth/password',
    { body: { currentPassword: 'guess', newPassword: password } },
    422,
    'wrong-password',
  ],
  [
    'a guessed password',
    'POST',
    '/api/auth/password',
    { body: { currentPassword: testPassword, newPassword: 'P@ssw0rd1234' } },
    422,
    'weak-password',
  ],
  [
    'a password form',
    'POST',
    '/api/auth/password',
    json('currentPassword=x', 'application/x-www-form-urlencoded'),
    415,
    'unsupported-type',
  ],
  // Disabling and enabling
  ['disabling constructor', 'POST', '/api/users/constructor/disable', {}, 404, 'not-found'],
  ['disabling nobody', 'POST', `/api/users/${nobody}/disable`, {}, 404, 'not-found'],
  [
    'disabling with a body',
    'POST',
    '/api/users/:me/disable',
    { body: { status: 'disabled' } },
    400,
    'malformed',
  ],
  ['disabling by GET', 'GET', '/api/users/:me/disable', {}, 405, 'method-not-allowed'],
  ['the last administrator', 'POST', '/api/users/:me/disable', {}, 409, 'last-admin'],
  ['a weak tag', 'POST', '/api/users/:me/enable', { headers: { 'if-match': 'W/"1"' } }, 400, 'malformed'],
  ['two tags', 'POST', '/api/users/:me/enable', { headers: { 'if-match': '"1", "2"' } }, 400, 'malformed'],
  [
    'a tag of 11 digits',
    'POST',
    '/api/users/:me/enable',
    { headers: { 'if-match': '"12345678901"' } },
    400,
    'malformed',
  ],
  ['a stale tag', 'POST', '/api/users/:me/enable', { headers: { 'if-match': '"9"' } }, 412, 'stale-version'],
  [
    'a key from long ago',
    'POST',
    '/api/users/:me/enable',
    { headers: { 'idempotency-key': '00000000-0000-7000-8000-000000000000' } },
    409,
    'intent-expired',
  ],
  [
    'a key from the far future',
    'POST',
    '/api/users/:me/enable',
    { headers: { 'idempotency-key': 'ffffffff-ffff-7000-8000-000000000000' } },
    422,
    'clock-skew',
  ],
  // History
  ['the history of toString', 'GET', '/api/users/toString/history', {}, 404, 'not-found'],
  ['the history of nobody', 'GET', `/api/users/${nobody}/history`, {}, 404, 'not-found'],
  ['history with limit 0', 'GET', '/api/users/:me/history?limit=0', {}, 400, 'malformed'],
  ['history with limit 501', 'GET', '/api/users/:me/history?limit=501', {}, 400, 'malformed'],
  [
    'history with limit 20 digits',
    'GET',
    '/api/users/:me/history?limit=99999999999999999999',
    {},
    400,
    'malformed',
  ],
  ['a made-up cursor of a history', 'GET', '/api/users/:me/history?cursor=MQ', {}, 400, 'bad-cursor'],
  [
    'a cursor of SQL',
    'GET',
    `/api/users/:me/history?cursor=${encodeURIComponent("1' or '1'='1")}`,
    {},
    400,
    'bad-cursor',
  ],
  [
    'a cursor of 2,001 characters',
    'GET',
    `/api/users/:me/history?cursor=${'a'.repeat(2_001)}`,
    {},
    400,
    'malformed',
  ],
  ['writing history', 'POST', '/api/users/:me/history', { body: {} }, 405, 'method-not-allowed'],
  ['deleting history', 'DELETE', '/api/users/:me/history', {}, 405, 'method-not-allowed'],
  // Audit
  ['the audit of __proto__', 'GET', '/api/audit?actor=__proto__', {}, 400, 'malformed'],
  ['an action in capitals', 'GET', '/api/audit?action=SIGN-IN', {}, 400, 'malformed'],
  [
    'an action of SQL',
    'GET',
    `/api/audit?action=${encodeURIComponent("a'; drop table audit; --")}`,
    {},
    400,
    'malformed',
  ],
  ['the 30th of February', 'GET', '/api/audit?from=2026-02-30T00:00:00.000Z', {}, 400, 'malformed'],
  ['the 25th hour', 'GET', '/api/audit?to=2026-02-01T25:00:00.000Z', {}, 400, 'malformed'],
  ['the year 0', 'GET', '/api/audit?from=0000-01-01T00:00:00.000Z', {}, 400, 'malformed'],
  ['infinity', 'GET', '/api/audit?from=infinity', {}, 400, 'malformed'],
  ['a NUL in a time', 'GET', '/api/audit?from=2026-02-01T00:00:00.000Z%00', {}, 400, 'malformed'],
  ['two actors', 'GET', `/api/audit?actor=${nobody}&actor=${nobody}`, {}, 400, 'malformed'],
  [
    'a forged cursor of the audit',
    'GET',
    `/api/audit?cursor=${Buffer.alloc(64).toString('base64url')}`,
    {},
    400,
    'bad-cursor',
  ],
  ['wiping the audit', 'DELETE', '/api/audit', {}, 405, 'method-not-allowed'],
  // Series
  ['a series without a range', 'GET', '/api/users/stats/series', {}, 400, 'malformed'],
  ['a series of seconds', 'GET', `/api/users/stats/series?${from}&${to}&bucket=second`, {}, 400, 'malformed'],
  [
    'a series backwards',
    'GET',
    `/api/users/stats/series?${from.replace('2026', '2027')}&${to}`,
    {},
    422,
    'refused',
  ],
  [
    'a series of 50 years of hours',
    'GET',
    '/api/users/stats/series?from=1976-01-01T00:00:00.000Z&to=2026-01-01T00:00:00.000Z&bucket=hour',
    {},
    422,
    'refused',
  ],
  // Views
  ['the view __proto__', 'PATCH', '/api/views/__proto__', { body: { name: 'x' } }, 404, 'not-found'],
  ['nobody’s view', 'DELETE', `/api/views/${nobody}`, {}, 404, 'not-found'],
  [
    'a view for somebody else',
    'POST',
    '/api/views',
    { body: { ...view, owner: nobody } },
    400,
    'unknown-field',
  ],
  ['a view with a version', 'POST', '/api/views', { body: { ...view, version: 9 } }, 403, 'field-forbidden'],
  [
    'a view under a random id',
    'POST',
    '/api/views',
    { body: { ...view, id: '0193e5f0-0000-4000-8000-000000000000' } },
    400,
    'malformed',
  ],
  ['a view under __proto__', 'POST', '/api/views', { body: { ...view, id: '__proto__' } }, 400, 'malformed'],
  [
    'a filter with __proto__',
    'POST',
    '/api/views',
    json(JSON.stringify(view).replace('"filter":{}', '"filter":{"__proto__":{"role":"admin"}}')),
    400,
    'malformed',
  ],
  [
    'a filter of SQL',
    'POST',
    '/api/views',
    { body: { ...view, filter: { where: '1=1' } } },
    400,
    'unknown-field',
  ],
  ['a filter as text', 'POST', '/api/views', { body: { ...view, filter: 'role=admin' } }, 400, 'malformed'],
  [
    'a view of 33 levels',
    'POST',
    '/api/views',
    json(`{"filter":${'['.repeat(33)}${']'.repeat(33)}}`),
    400,
    'malformed',
  ],
  [
    'a view whose name nobody sees',
    'POST',
    '/api/views',
    { body: { ...view, name: '\u200b' } },
    400,
    'malformed',
  ],
  [
    'a column of 51 characters',
    'POST',
    '/api/views',
    { body: { ...view, columns: ['c'.repeat(51)] } },
    400,
    'malformed',
  ],
  ['an empty patch of a view', 'PATCH', `/api/views/${nobody}`, { body: {} }, 400, 'malformed'],
  ['a view put', 'PUT', `/api/views/${nobody}`, { body: view }, 405, 'method-not-allowed'],
  // Invitations
  ['an invitation without an address', 'POST', '/api/invitations', { body: {} }, 400, 'malformed'],
  [
    'two addresses in one',
    'POST',
    '/api/invitations',
    { body: { email: 'a@example.org,b@example.org' } },
    400,
    'malformed',
  ],
  [
    'an address with a header',
    'POST',
    '/api/invitations',
    { body: { email: 'a@example.org\r\nbcc: b@example.org' } },
    400,
    'malformed',
  ],
  [
    'a king',
    'POST',
    '/api/invitations',
    { body: { email: 'a@example.org', role: 'king' } },
    400,
    'malformed',
  ],
  [
    'a chosen secret',
    'POST',
    '/api/invitations',
    { body: { email: 'a@example.org', token: 'mine' } },
    400,
    'unknown-field',
  ],
  [
    'an endless invitation',
    'POST',
    '/api/invitations',
    { body: { email: 'a@example.org', expiresAt: '9999-12-31T23:59:59.999Z' } },
    400,
    'unknown-field',
  ],
  ['the invitation hasOwnProperty', 'DELETE', '/api/invitations/hasOwnProperty', {}, 404, 'not-found'],
  ['accepting with nothing', 'POST', '/api/invitations/accept', { body: {} }, 400, 'malformed'],
  [
    'accepting as administrator',
    'POST',
    '/api/invitations/accept',
    { body: { token: 'x', name: 'X', password, role: 'admin' } },
    400,
    'unknown-field',
  ],
  [
    'accepting with a list of secrets',
    'POST',
    '/api/invitations/accept',
    { body: { token: ['a', 'b'], name: 'X', password } },
    400,
    'malformed',
  ],
  [
    'accepting with a pattern',
    'POST',
    '/api/invitations/accept',
    { body: { token: '%', name: 'X', password } },
    410,
    'invitation-used',
  ],
  ['accepting by GET', 'GET', '/api/invitations/accept?token=x', {}, 405, 'method-not-allowed'],
];

describe('hostile input', () => {
  test.each(table)('%s', async (_what, method, url, options, status, code) => {
    const response = await h.send(method, url.replace(':me', h.admin.id), {
      ...options,
      headers: { authorization: `Bearer ${h.admin.token}`, ...options.headers },
    });
    expect(refusalOf(response)).toMatchObject({ status, code });
    expect(response.body).not.toMatch(/\n\s+at |\.ts:\d+|node_modules|select /i);
  });

  test.each([
    ['POST', '/api/auth/password', { currentPassword: testPassword, newPassword: password }],
    ['DELETE', '/api/auth/sessions/:session', undefined],
    ['POST', '/api/users/:me/disable', undefined],
    ['POST', '/api/views', view],
    ['POST', '/api/invitations', { email: 'guest@example.org' }],
  ] as const)('a page of another origin cannot make a browser send %s %s', async (method, url, body) => {
    const address = url.replace(':me', h.admin.id).replace(':session', h.admin.sessionId);
    const headers = { cookie: `lockstep_session=${h.admin.token}` };
    for (const origin of [{ origin: 'https://evil.example' }, { origin: 'null' }, {}] as const) {
      const response = await h.send(method, address, { body, headers: { ...headers, ...origin } });
      expect(refusalOf(response)).toEqual({ status: 403, code: 'wrong-origin' });
    }
    const session = await h.send('GET', '/api/auth/session', { headers: { ...headers, origin: testOrigin } });
    expect(session.statusCode).toBe(200);
  });

  test.each([
    ['GET', '/api/auth/sessions'],
    ['DELETE', `/api/auth/sessions/${nobody}`],
    ['POST', '/api/auth/password'],
    ['POST', `/api/users/${nobody}/disable`],
    ['POST', `/api/users/${nobody}/enable`],
    ['GET', `/api/users/${nobody}/history`],
    ['GET', `/api/users/stats/series?${from}&${to}`],
    ['GET', '/api/audit'],
    ['GET', '/api/views'],
    ['POST', '/api/views'],
    ['PATCH', `/api/views/${nobody}`],
    ['DELETE', `/api/views/${nobody}`],
    ['GET', '/api/invitations'],
    ['POST', '/api/invitations'],
    ['DELETE', `/api/invitations/${nobody}`],
  ] as const)('%s %s is nothing for nobody, whatever the body', async (method, url) => {
    const body = method === 'POST' || method === 'PATCH' ? '{"__proto__":1' : undefined;
    expect(refusalOf(await h.send(method, url, { body }))).toEqual({ status: 401, code: 'not-signed-in' });
  });

  test('two keys of one write by two people do not meet', async () => {
    const key = '019e830e-1a00-7000-8000-00000000abcd';
    const options = { body: view, headers: { 'idempotency-key': key } };
    expect((await h.send('POST', '/api/views', { by: h.admin, ...options })).statusCode).toBe(201);
    const other = await h.send('POST', '/api/views', { by: h.user, ...options });
    expect(refusalOf(other)).toEqual({ status: 422, code: 'idempotency-mismatch' });
    expect(other.body).not.toContain(h.admin.id);
  });
});
