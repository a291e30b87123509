import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sessionsAnswer } from '@directory/contract/schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFirstAccounts } from '../../first-accounts.ts';
import { bodyOf, refusalOf, startHarness, testOrigin, testPassword } from '../../testing/harness.ts';
import type { Harness, Person } from '../../testing/harness.ts';

let h: Harness;
beforeAll(async () => {
  h = await startHarness();
});
afterAll(() => h.close());

const newPassword = 'zebra lamp quilt river';

async function signIn(person: { email: string }, password = testPassword) {
  const response = await h.send('POST', '/api/auth/login', {
    body: { email: person.email, password },
    headers: { 'user-agent': 'Second Browser' },
  });
  const { token } = bodyOf<{ data: { token: string } }>(response, 200).data;
  const cookie = response.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  return { token, cookie };
}

const asks = async (token: string) =>
  (await h.send('GET', '/api/auth/session', { headers: { authorization: `Bearer ${token}` } })).statusCode;

const sessionsOf = async (by: Person) => {
  const answer = bodyOf<{ data: Array<{ id: string; current: boolean; userAgent: string }> }>(
    await h.send('GET', '/api/auth/sessions', { by }),
    200,
  );
  expect(sessionsAnswer.parse(answer)).toEqual(answer);
  return answer.data;
};

const change = (by: Person, body: unknown) => h.send('POST', '/api/auth/password', { by, body });

describe('sessions', () => {
  test('are listed to their owner alone, last used first, the asking one marked', async () => {
    const somebody = await h.join('user');
    h.world.advance(1_000);
    await signIn(somebody);
    const sessions = await sessionsOf(somebody);
    expect(sessions.map(({ current, userAgent }) => [current, userAgent])).toEqual([
      [false, 'Second Browser'],
      [true, 'tests'],
    ]);
    const others = new Set((await sessionsOf(h.admin)).map(({ id }) => id));
    expect(sessions.some(({ id }) => others.has(id))).toBe(false);
  });

  test('one is ended: its token is over at once, the other goes on, and it is gone from the list', async () => {
    const somebody = await h.join('user');
    const second = await signIn(somebody);
    const [other] = (await sessionsOf(somebody)).filter(({ current }) => !current);
    const ended = await h.send('DELETE', `/api/auth/sessions/${other?.id}`, { by: somebody });
    expect([ended.statusCode, ended.body]).toEqual([204, '']);
    expect(await asks(second.token)).toBe(401);
    expect(await asks(somebody.token)).toBe(200);
    expect(await sessionsOf(somebody)).toHaveLength(1);
    const again = await h.send('DELETE', `/api/auth/sessions/${other?.id}`, { by: somebody });
    expect(refusalOf(again)).toEqual({ status: 404, code: 'not-found' });
  });

  test('the own one may be ended as well, and takes its cookies with it', async () => {
    const somebody = await h.join('user');
    const response = await h.send('DELETE', `/api/auth/sessions/${somebody.sessionId}`, { by: somebody });
    expect(response.cookies.map(({ name, maxAge }) => [name, maxAge])).toEqual([
      ['lockstep_refresh', 0],
      ['lockstep_session', 0],
    ]);
    expect(await asks(somebody.token)).toBe(401);
  });

  test('somebody else’s is as unknown as one that never was', async () => {
    for (const id of [h.admin.sessionId, '0193e5f0-0000-7000-8000-000000000000', 'constructor']) {
      const response = await h.send('DELETE', `/api/auth/sessions/${id}`, { by: h.moderator });
      expect(refusalOf(response)).toEqual({ status: 404, code: 'not-found' });
    }
    expect(await asks(h.admin.token)).toBe(200);
  });

  test('one that has expired is not listed', async () => {
    const somebody = await h.join('user');
    await h.database.db
      .updateTable('sessions')
      .set({ expires_at: new Date(h.world.now() - 1).toISOString() })
      .where('id', '<>', somebody.sessionId)
      .where('user_id', '=', somebody.id)
      .execute();
    await signIn(somebody);
    expect(await sessionsOf(somebody)).toHaveLength(2);
  });
});

describe('changing the password', () => {
  test('needs the current one, ends all other sessions, and leaves this one', async () => {
    const somebody = await h.join('user');
    const second = await signIn(somebody);
    const response = await change(somebody, { currentPassword: testPassword, newPassword });
    expect(response.statusCode).toBe(204);
    await h.settled();
    expect(await asks(second.token)).toBe(401);
    expect(await asks(somebody.token)).toBe(200);
    const refresh = await h.send('POST', '/api/auth/refresh', {
      headers: { cookie: second.cookie, origin: testOrigin },
    });
    expect(refresh.statusCode).toBe(401);
    await signIn(somebody, newPassword);
    const old = await h.send('POST', '/api/auth/login', {
      body: { email: somebody.email, password: testPassword },
    });
    expect(refusalOf(old).code).toBe('wrong-credentials');
  });

  test.each([
    [
      'a wrong current one',
      { currentPassword: 'not it at all', newPassword },
      422,
      'wrong-password',
      '/currentPassword',
    ],
    [
      'a common one',
      { currentPassword: testPassword, newPassword: 'Password1234' },
      422,
      'weak-password',
      '/newPassword',
    ],
    [
      'a short one',
      { currentPassword: testPassword, newPassword: 'kvz7wq' },
      400,
      'malformed',
      '/newPassword',
    ],
    [
      'a long one',
      { currentPassword: testPassword, newPassword: 'x'.repeat(257) },
      400,
      'malformed',
      '/newPassword',
    ],
    ['none', { currentPassword: testPassword }, 400, 'malformed', '/newPassword'],
    [
      'another field',
      { currentPassword: testPassword, newPassword, role: 'admin' },
      400,
      'unknown-field',
      '/role',
    ],
  ])('refuses %s', async (_, body, status, code, path) => {
    const somebody = await h.join('user');
    expect(refusalOf(await change(somebody, body))).toEqual({ status, code, paths: [path] });
    await signIn(somebody);
  });

  test('refuses the own name', async () => {
    const somebody = await h.join('user', 'Bartholomew Featherstone');
    const body = { currentPassword: testPassword, newPassword: 'Featherstone-1984' };
    expect(refusalOf(await change(somebody, body)).code).toBe('weak-password');
  });

  test('takes a passphrase of 64 characters, and the longest', async () => {
    const somebody = await h.join('user');
    const long = 'river lamp quilt '.repeat(4).slice(0, 64);
    expect((await change(somebody, { currentPassword: testPassword, newPassword: long })).statusCode).toBe(
      204,
    );
    const longest = 'quilt river zebra '.repeat(15).slice(0, 256);
    expect((await change(somebody, { currentPassword: long, newPassword: longest })).statusCode).toBe(204);
    await signIn(somebody, longest);
  });

  test('is throttled like signing in', async () => {
    const somebody = await h.join('user');
    const guess = { currentPassword: 'a guess', newPassword };
    const answers = await Promise.all(Array.from({ length: 12 }, () => change(somebody, guess)));
    const codes = answers.map((answer) => refusalOf(answer).code);
    expect(codes.filter((code) => code === 'wrong-password')).toHaveLength(10);
    expect(codes.filter((code) => code === 'too-many-requests')).toHaveLength(2);
    const right = await change(somebody, { currentPassword: testPassword, newPassword });
    expect(right.statusCode).toBe(429);
    expect(Number(right.headers['retry-after'])).toBeGreaterThan(0);
  });

  test('two at once: one wins, the other finds its current password wrong', async () => {
    const somebody = await h.join('user');
    const answers = await Promise.all(
      ['zebra lamp quilt one', 'zebra lamp quilt two'].map((text) =>
        change(somebody, { currentPassword: testPassword, newPassword: text }),
      ),
    );
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([204, 422]);
  });

  test('the first passwords are shown until the administrator has another', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'directory-first-'));
    const fresh = await startHarness();
    try {
      await fresh.database.db.deleteFrom('credentials').execute();
      const options = { dataFolder: folder, admin: { email: null, password: null }, world: fresh.world };
      const first = await createFirstAccounts(fresh.database, options);
      expect(first.content).toContain('admin@directory.example');
      const [, password = ''] = /^admin +\S+ +(\S+)$/m.exec(first.content ?? '') ?? [];
      const login = await fresh.send('POST', '/api/auth/login', {
        body: { email: 'admin@directory.example', password },
      });
      const { token } = bodyOf<{ data: { token: string } }>(login, 200).data;
      const changed = await fresh.send('POST', '/api/auth/password', {
        body: { currentPassword: password, newPassword },
        headers: { authorization: `Bearer ${token}` },
      });
      expect(changed.statusCode).toBe(204);
      expect((await createFirstAccounts(fresh.database, options)).content).toBeNull();
    } finally {
      await fresh.close();
      await rm(folder, { recursive: true });
    }
  });
});
