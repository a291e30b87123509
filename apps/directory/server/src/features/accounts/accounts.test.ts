import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LightMyRequestResponse } from 'fastify';
import { bodyOf, refusalOf, startHarness, testOrigin, testPassword } from '../../testing/harness.ts';
import type { Harness, Person } from '../../testing/harness.ts';

let h: Harness;
beforeAll(async () => {
  h = await startHarness({ app: { trustedProxies: ['10.9.9.9'] } });
});
afterAll(() => h.close());

const fromPage = { origin: testOrigin };

/** A browser's jar: what answers set is sent again. */
function jar() {
  const cookies = new Map<string, string>();
  return {
    cookies,
    take(response: LightMyRequestResponse) {
      for (const { name, value } of response.cookies) {
        if (value === '') cookies.delete(name);
        else cookies.set(name, value);
      }
    },
    header: () => ({
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...fromPage,
    }),
  };
}

async function signIn(person: Person, headers: Record<string, string> = {}) {
  const response = await h.send('POST', '/api/auth/login', {
    body: { email: person.email, password: testPassword },
    headers,
  });
  const { data } = bodyOf<{ data: { token: string; user: { id: string } } }>(response, 200);
  const browser = jar();
  browser.take(response);
  return { ...data, response, browser };
}

const refresh = (headers: Record<string, string>) => h.send('POST', '/api/auth/refresh', { headers });
const asks = (token: string) =>
  h.send('GET', '/api/auth/session', { headers: { authorization: `Bearer ${token}` } });

describe('signing in', () => {
  test('answers a token, the person and cookies that scripts cannot read', async () => {
    const { token, user, response } = await signIn(h.admin);
    expect(user.id).toBe(h.admin.id);
    expect(bodyOf(await asks(token), 200)).toMatchObject({
      data: { user: { id: h.admin.id }, session: { current: true } },
    });
    const cookies = [response.headers['set-cookie']].flat();
    expect(cookies).toEqual([
      expect.stringMatching(
        /^lockstep_refresh=[\w-]{43}; Path=\/api\/auth; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
      ),
      expect.stringMatching(/^lockstep_session=[\w.-]+; Path=\/; Max-Age=900; HttpOnly; SameSite=Strict$/),
    ]);
  });

  test('over https the cookies are Secure and carry the prefixes that browsers enforce', async () => {
    const response = await h.directory.app.inject({
      method: 'POST',
      url: '/api/auth/login',
      remoteAddress: '10.9.9.9',
      headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.7' },
      payload: { email: h.admin.email, password: testPassword },
    });
    expect([response.headers['set-cookie']].flat()).toEqual([
      expect.stringMatching(/^__Secure-lockstep_refresh=.*; Secure$/),
      expect.stringMatching(/^__Host-lockstep_session=.*; Path=\/;.*; Secure$/),
    ]);
    expect(response.headers['strict-transport-security']).toBeDefined();
  });

  test('an unknown address, a wrong password and a disabled account look alike', async () => {
    const disabled = await h.join('user');
    await h.database.db
      .updateTable('people')
      .set({ status: 'disabled' })
      .where('id', '=', disabled.id)
      .execute();
    const attempts = [
      { email: 'nobody@example.org', password: testPassword },
      { email: h.user.email, password: 'wrong password here' },
      { email: disabled.email, password: testPassword },
    ];
    const answers = await Promise.all(attempts.map((body) => h.send('POST', '/api/auth/login', { body })));
    for (const answer of answers) {
      expect(refusalOf(answer)).toEqual({ status: 401, code: 'wrong-credentials' });
      expect(answer.json<{ detail: string }>().detail).toBe(answers[0]?.json<{ detail: string }>().detail);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
  });

  test('finds the address whatever its capitals', async () => {
    const response = await h.send('POST', '/api/auth/login', {
      body: { email: h.admin.email.toUpperCase(), password: testPassword },
    });
    expect(response.statusCode).toBe(200);
  });

  test('from a page of another origin is refused', async () => {
    const response = await h.send('POST', '/api/auth/login', {
      body: { email: h.admin.email, password: testPassword },
      headers: { origin: 'http://evil.test' },
    });
    expect(refusalOf(response)).toEqual({ status: 403, code: 'wrong-origin' });
  });

  test('is throttled per account and address, parallel guesses included, and forgives after the window', async () => {
    const target = await h.join('user');
    const guess = (password: string) =>
      h.send('POST', '/api/auth/login', { body: { email: target.email, password } });
    const answers = await Promise.all(Array.from({ length: 14 }, (_, at) => guess(`guess number ${at}`)));
    const statuses = answers.map(({ statusCode }) => statusCode);
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    const refused = await guess(testPassword);
    expect(refusalOf(refused)).toEqual({ status: 429, code: 'too-many-requests' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    // Somebody else at the same place, and the same person elsewhere, still come in.
    await signIn(h.moderator);
    const elsewhere = await h.directory.app.inject({
      method: 'POST',
      url: '/api/auth/login',
      remoteAddress: '198.51.100.4',
      payload: { email: target.email, password: testPassword },
    });
    expect(elsewhere.statusCode).toBe(200);
    h.world.advance(16 * 60_000);
    expect((await guess(testPassword)).statusCode).toBe(200);
  });

  test('a forged X-Forwarded-For does not make a new address', async () => {
    const target = await h.join('user');
    const guess = (at: number) =>
      h.send('POST', '/api/auth/login', {
        body: { email: target.email, password: 'no' },
        headers: { 'x-forwarded-for': `203.0.113.${at}` },
      });
    const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => guess(at)));
    expect(answers.filter(({ statusCode }) => statusCode === 429)).toHaveLength(2);
    h.world.advance(16 * 60_000);
  });
});

describe('refreshing', () => {
  test('F11 rotates the cookie and answers the token at the top level', async () => {
    const { browser, token } = await signIn(h.user);
    const spent = browser.cookies.get('lockstep_refresh');
    h.world.advance(1000);
    // The guide's client sends its old token and an empty JSON body.
    const response = await refresh({
      ...browser.header(),
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
    });
    const body = bodyOf<{ token: string }>(response, 200);
    expect(Object.keys(body)).toEqual(['token']);
    browser.take(response);
    expect(browser.cookies.get('lockstep_refresh')).not.toBe(spent);
    expect((await asks(body.token)).statusCode).toBe(200);
  });

  test('F11 a spent cookie works once more within 10 s, and then revokes the family', async () => {
    const { browser } = await signIn(h.user);
    const old = browser.header();
    const first = await refresh(old);
    h.world.advance(9_000);
    const second = await refresh(old);
    expect([first.statusCode, second.statusCode]).toEqual([200, 200]);
    const [a, b] = [jar(), jar()];
    a.take(first);
    b.take(second);
    const { token } = second.json<{ token: string }>();
    expect((await asks(token)).statusCode).toBe(200);
    expect(refusalOf(await refresh(old))).toEqual({ status: 401, code: 'not-signed-in' });
    await h.settled();
    // The whole family is gone: both cookies and the access tokens.
    expect((await refresh(a.header())).statusCode).toBe(401);
    expect((await refresh(b.header())).statusCode).toBe(401);
    expect(refusalOf(await asks(token)).code).toBe('not-signed-in');
  });

  test('F11 whichever of two parallel answers the browser keeps goes on', async () => {
    const { browser } = await signIn(h.user);
    const old = browser.header();
    const answers = await Promise.all([refresh(old), refresh(old)]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    for (const kept of answers) {
      const own = jar();
      own.take(kept);
      h.world.advance(1_000);
      expect((await refresh(own.header())).statusCode).toBe(200);
    }
  });

  test('a spent cookie after 10 s revokes the family', async () => {
    const { browser } = await signIn(h.user);
    const old = browser.header();
    browser.take(await refresh(old));
    h.world.advance(10_001);
    expect((await refresh(old)).statusCode).toBe(401);
    expect((await refresh(browser.header())).statusCode).toBe(401);
  });

  test('needs the page’s own origin', async () => {
    const { browser } = await signIn(h.user);
    const { cookie } = browser.header();
    for (const headers of [{ cookie }, { cookie, origin: 'http://evil.test' }, { cookie, origin: 'null' }]) {
      expect(refusalOf(await refresh(headers)).code).toBe('wrong-origin');
    }
    expect((await refresh(browser.header())).statusCode).toBe(200);
  });

  test('without a cookie, or with a made-up one, is not signed in', async () => {
    expect(refusalOf(await refresh(fromPage)).status).toBe(401);
    expect(refusalOf(await refresh({ cookie: 'lockstep_refresh=made-up', ...fromPage })).status).toBe(401);
  });

  test('ends with the session', async () => {
    const { browser } = await signIn(h.user);
    h.world.advance(31 * 24 * 3600e3);
    expect((await refresh(browser.header())).statusCode).toBe(401);
  });
});

describe('the session cookie', () => {
  test('reads alone, and writes only from the page’s own origin', async () => {
    const { browser } = await signIn(h.user);
    const { cookie } = browser.header();
    const read = await h.send('GET', '/api/auth/session', { headers: { cookie } });
    expect(read.statusCode).toBe(200);
    const write = (headers: Record<string, string>) =>
      h.send('PATCH', `/api/users/${h.user.id}`, {
        body: { name: 'By cookie' },
        headers: { cookie, ...headers },
      });
    expect(refusalOf(await write({})).code).toBe('wrong-origin');
    expect(refusalOf(await write({ origin: 'http://evil.test' })).code).toBe('wrong-origin');
    expect((await write(fromPage)).statusCode).toBe(200);
  });

  test('signing out ends cookies and tokens at once', async () => {
    const { browser, token } = await signIn(h.user);
    const response = await h.send('POST', '/api/auth/logout', {
      headers: { ...browser.header(), 'content-type': 'application/json' },
    });
    expect(response.statusCode).toBe(204);
    browser.take(response);
    expect([...browser.cookies]).toEqual([]);
    expect(refusalOf(await asks(token)).code).toBe('not-signed-in');
    const again = await h.send('POST', '/api/auth/logout', { headers: fromPage });
    expect(again.statusCode).toBe(204);
  });
});

describe('access tokens', () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('of another algorithm, key, audience or time are nobody’s', async () => {
    const { token, browser } = await signIn(h.user);
    const [header = '', body = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
    const signed = (head: object, text: object) => {
      const unsigned = `${part(head)}.${part(text)}`;
      return `${unsigned}.${createHmac('sha256', 'guess').update(unsigned).digest('base64url')}`;
    };
    const forged = [
      `${part({ alg: 'none', typ: 'at+jwt' })}.${body}.`,
      `${part({ alg: 'none', typ: 'at+jwt' })}.${body}.${signature}`,
      `${header}.${body}.`,
      `${header}.${part({ ...claims, sub: h.admin.id })}.${signature}`,
      signed({ alg: 'HS256', typ: 'at+jwt' }, claims),
      signed({ alg: 'HS256', typ: 'at+jwt' }, { ...claims, aud: 'other' }),
      `${token}.${signature}`,
      `${token}=`,
      'x',
      String(browser.cookies.get('lockstep_refresh')),
    ];
    for (const text of forged)
      expect(refusalOf(await asks(text))).toEqual({ status: 401, code: 'not-signed-in' });
    expect((await asks(token)).statusCode).toBe(200);
    h.world.advance(15 * 60_000);
    expect(refusalOf(await asks(token)).code).toBe('not-signed-in');
  });

  test('a refresh cookie is not taken for access', async () => {
    const { browser } = await signIn(h.user);
    const cookie = `lockstep_session=${browser.cookies.get('lockstep_refresh')}`;
    expect(refusalOf(await h.send('GET', '/api/auth/session', { headers: { cookie } })).code).toBe(
      'not-signed-in',
    );
  });

  test('F16 lose their right when the role is taken or the person is gone', async () => {
    const [boss, someone] = [await h.join('admin'), await h.join('moderator')];
    const list = () => h.send('GET', '/api/users?sortBy=email', { by: someone });
    expect((await list()).statusCode).toBe(200);
    await h.send('PATCH', `/api/users/${someone.id}`, { by: boss, body: { role: 'user' } });
    await h.settled();
    expect(refusalOf(await list()).code).toBe('field-forbidden');
    await h.send('DELETE', `/api/users/${someone.id}`, { by: boss });
    await h.settled();
    expect(refusalOf(await list()).code).toBe('not-signed-in');
  });
});

describe('the last administrator', () => {
  test('stays, also when two administrators demote each other at once', async () => {
    const pair = await startHarness({ dialect: 'postgres' });
    try {
      const other = await pair.join('admin');
      const demote = (by: Person, whom: Person) =>
        pair.send('PATCH', `/api/users/${whom.id}`, { by, body: { role: 'user' } });
      const answers = await Promise.all([demote(pair.admin, other), demote(other, pair.admin)]);
      expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([200, 409]);
      const refused = answers.find(({ statusCode }) => statusCode === 409);
      expect(refused === undefined ? null : refusalOf(refused).code).toBe('last-admin');
      // Demo administrators cannot sign in, so they do not count.
      await pair.add({ role: 'admin' });
      const left = answers[0]?.statusCode === 200 ? pair.admin : other;
      const remove = await pair.send('DELETE', `/api/users/${left.id}`, { by: left });
      expect(refusalOf(remove)).toEqual({ status: 409, code: 'last-admin' });
      const both = { updates: [{ id: left.id, changes: { role: 'user' } }] };
      const batch = await pair.send('PATCH', '/api/users/batch', { by: left, body: both });
      expect(refusalOf(batch).code).toBe('last-admin');
    } finally {
      await pair.close();
    }
  });
});
