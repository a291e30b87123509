import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { User } from '@directory/contract';
import { uuidv7 } from '@lockstep/protocol';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodyOf, refusalOf, startHarness, testPassword } from '../../testing/harness.ts';
import type { Harness, Person } from '../../testing/harness.ts';

const setting = (h: Harness) => ({
  set: (
    what: 'disable' | 'enable',
    person: { id: string },
    by: Person,
    headers: Record<string, string> = {},
  ) => h.send('POST', `/api/users/${person.id}/${what}`, { by, headers }),
  status: async (person: { id: string }) =>
    bodyOf<{ data: User }>(await h.send('GET', `/api/users/${person.id}`, { by: h.admin }), 200).data.status,
});

describe('disabling and enabling', () => {
  let h: Harness;
  let set: ReturnType<typeof setting>['set'];
  let status: ReturnType<typeof setting>['status'];
  beforeAll(async () => {
    h = await startHarness();
    ({ set, status } = setting(h));
  });
  afterAll(() => h.close());

  const signIn = (person: Person) =>
    h.send('POST', '/api/auth/login', { body: { email: person.email, password: testPassword } });

  test('a disabled person is out at once: token, session, refresh and sign-in', async () => {
    const somebody = await h.join('user');
    const cookies = [(await signIn(somebody)).headers['set-cookie']].flat();
    const cookie = cookies.map((text) => text?.split(';', 1)[0]).join('; ');
    const response = await set('disable', somebody, h.moderator);
    expect(bodyOf<{ data: User }>(response, 200).data).toMatchObject({ status: 'disabled', version: 2 });
    expect(response.headers['etag']).toBe('"2"');
    await h.settled();
    expect(refusalOf(await h.send('GET', '/api/auth/session', { by: somebody })).status).toBe(401);
    expect(refusalOf(await signIn(somebody))).toEqual({ status: 401, code: 'wrong-credentials' });
    const refresh = await h.send('POST', '/api/auth/refresh', {
      headers: { cookie, origin: 'http://directory.test' },
    });
    expect(refusalOf(refresh).status).toBe(401);
  });

  test.each(['disable', 'delete'] as const)(
    'no session of before revives after %s and its undoing',
    async (how) => {
      const somebody = await h.join('user');
      if (how === 'disable') await set('disable', somebody, h.admin);
      else await h.send('DELETE', `/api/users/${somebody.id}`, { by: h.admin });
      const undo = how === 'disable' ? 'enable' : 'restore';
      bodyOf(await h.send('POST', `/api/users/${somebody.id}/${undo}`, { by: h.admin }), 200);
      await h.settled();
      expect(refusalOf(await h.send('GET', '/api/auth/session', { by: somebody })).status).toBe(401);
      bodyOf(await signIn(somebody), 200);
    },
  );

  test('the socket of a disabled person closes with 4401', async () => {
    const somebody = await h.join('user');
    await h.directory.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = h.directory.app.server.address() as AddressInfo;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/realtime`, 'lockstep.v1', {
      headers: { authorization: `Bearer ${somebody.token}` },
    });
    await once(socket, 'message');
    const closed = once(socket, 'close');
    await set('disable', somebody, h.admin);
    const [code] = await closed;
    expect(code).toBe(4401);
  });

  test('is conditional and applied once', async () => {
    const somebody = await h.join('user');
    const stale = await set('disable', somebody, h.admin, { 'if-match': '"7"' });
    expect(refusalOf(stale)).toEqual({ status: 412, code: 'stale-version' });
    const headers = { 'idempotency-key': uuidv7(h.world.now(), h.world.randomBytes(10)), 'if-match': '"1"' };
    bodyOf(await set('disable', somebody, h.admin, headers), 200);
    const replayed = await set('disable', somebody, h.admin, headers);
    expect(replayed.headers['idempotency-replayed']).toBe('true');
    expect(bodyOf<{ data: User }>(replayed, 200).data.version).toBe(2);
    // Without a condition there is nothing to change, and so no new version.
    expect(bodyOf<{ data: User }>(await set('disable', somebody, h.admin), 200).data.version).toBe(2);
    expect(bodyOf<{ data: User }>(await set('enable', somebody, h.admin), 200).data).toMatchObject({
      version: 3,
      status: 'active',
    });
  });

  test.each([
    ['moderator', 'user', 200],
    ['moderator', 'moderator', 403],
    ['moderator', 'admin', 403],
    ['user', 'user', 403],
    ['admin', 'moderator', 200],
  ] as const)('by %s of a %s: %d', async (by, role, expected) => {
    const target = await h.join(role);
    expect((await set('disable', target, h[by])).statusCode).toBe(expected);
    expect(await status(target)).toBe(expected === 200 ? 'disabled' : 'active');
  });

  test('nobody there, or deleted, is not found', async () => {
    const [gone] = await h.add({});
    await h.send('DELETE', `/api/users/${gone?.id}`, { by: h.admin });
    for (const id of [gone?.id ?? '', '0193e5f0-0000-7000-8000-000000000000', '__proto__']) {
      expect(refusalOf(await set('disable', { id }, h.admin)).code).toBe('not-found');
    }
  });

  test('the last administrator stays', async () => {
    const { db } = h.database;
    await db
      .updateTable('people')
      .set({ status: 'disabled' })
      .where('role', '=', 'admin')
      .where('id', '<>', h.admin.id)
      .execute();
    expect(refusalOf(await set('disable', h.admin, h.admin))).toEqual({ status: 409, code: 'last-admin' });
    const second = await h.join('admin');
    bodyOf(await set('disable', second, h.admin), 200);
    expect(refusalOf(await set('disable', h.admin, h.admin)).code).toBe('last-admin');
  });
});

test('two administrators who disable, demote or delete each other at once: one remains', async () => {
  const h = await startHarness({ dialect: 'postgres' });
  try {
    const ways = [
      (target: Person, by: Person) => h.send('POST', `/api/users/${target.id}/disable`, { by }),
      (target: Person, by: Person) => h.send('DELETE', `/api/users/${target.id}`, { by }),
      (target: Person, by: Person) =>
        h.send('PATCH', `/api/users/${target.id}`, { by, body: { role: 'user' } }),
    ];
    const admins = h.database.db
      .selectFrom('people')
      .select('id')
      .where('role', '=', 'admin')
      .where('status', '=', 'active')
      .where('deleted_at', 'is', null);
    for (const way of [...ways, ...ways]) {
      await h.database.db
        .updateTable('people')
        .set({ status: 'disabled' })
        .where('role', '=', 'admin')
        .execute();
      const [a, b] = [await h.join('admin'), await h.join('admin')];
      const answers = await Promise.all([way(b, a), way(a, b)]);
      const [first = 0, second = 0] = answers.map(({ statusCode }) => statusCode).toSorted((x, y) => x - y);
      expect(first).toBeLessThan(300);
      // The second finds itself the last one, or no longer an administrator at all.
      expect([401, 403, 409]).toContain(second);
      expect(await admins.execute()).toHaveLength(1);
    }
  } finally {
    await h.close();
  }
});
