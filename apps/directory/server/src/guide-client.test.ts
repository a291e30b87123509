import { once } from 'node:events';
import type { User } from '@directory/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { demoPeople } from './demo/people.ts';
import { startHarness, testPassword } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

/**
 * The guide's client, as it appears on the wire: its paths, its headers (every request announces JSON, whether it has a
 * body or not), the shape of its bodies, and the places in the answers that it reads. Nothing else may be needed.
 */
let h: Harness;
let base: string;
let origin: string;
let token = '';
const cookies = new Map<string, string>();

beforeAll(async () => {
  h = await startHarness();
  await h.add(...demoPeople({ count: 120, now: h.world.now() }));
  await h.directory.app.listen({ port: 0, host: '127.0.0.1' });
  const address = h.directory.app.server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  h.directory.origins.bind('127.0.0.1', port);
  base = `http://127.0.0.1:${port}`;
  // The guide opens its sockets at localhost, wherever its page came from.
  origin = `http://localhost:${port}`;
  const answer = await request('/auth/login', {
    method: 'POST',
    body: { email: h.admin.email, password: testPassword },
  });
  ({ token } = (answer.body as { data: { token: string } }).data);
});
afterAll(() => h.close());

interface Answer {
  status: number;
  body: unknown;
}

/** As a browser sends it for a page of this server: cookies and origin come along by themselves. */
async function request(url: string, options: { method?: string; body?: unknown } = {}): Promise<Answer> {
  const { method = 'GET', body } = options;
  const response = await fetch(`${base}/api${url}`, {
    method,
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(method === 'GET' ? {} : { origin }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  for (const line of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    cookies.set(name, value);
  }
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text) };
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the test says what it expects
const dataOf = <T>({ status, body }: Answer): T => {
  if (status < 200 || status > 299)
    throw new Error(`expected success, received ${status} ${JSON.stringify(body)}`);
  return (body as { data: T }).data;
};

interface Page {
  users: User[];
  total: number;
  hasMore: boolean;
}

describe('the guide’s client', () => {
  test('reads pages with its own parameters', async () => {
    const url = '/users?page=1&pageSize=20&sortBy=lastActive&sortOrder=desc&role=user&search=a&isActive=true';
    const { users, total, hasMore } = dataOf<Page>(await request(url));
    expect(users.length).toBeLessThanOrEqual(20);
    expect(hasMore).toBe(total > users.length);
    for (const user of users) {
      expect(Object.keys(user)).toEqual(
        expect.arrayContaining(['id', 'name', 'email', 'role', 'lastActive', 'preferences']),
      );
    }
    const second = dataOf<Page>(await request('/users?page=2&pageSize=20&sortBy=lastActive&sortOrder=desc'));
    expect(second.users).toHaveLength(20);
  });

  test('scrolls with cursors, unwrapped', async () => {
    const first = (await request('/users/infinite?limit=20')).body as Page & { nextCursor: string };
    expect(first.users).toHaveLength(20);
    expect(first.hasMore).toBe(true);
    const second = (await request(`/users/infinite?limit=20&cursor=${first.nextCursor}`)).body as Page;
    const seen = new Set([...first.users, ...second.users].map(({ id }) => id));
    expect(seen.size).toBe(40);
  });

  test('G31 creates, reads, edits and deletes, each in the envelope', async () => {
    const made = dataOf<User>(
      await request('/users', {
        method: 'POST',
        body: {
          name: 'Guide Person',
          email: 'guide.person@example.org',
          role: 'user',
          preferences: { theme: 'light', notifications: true, language: 'en' },
        },
      }),
    );
    expect(dataOf<User>(await request(`/users/${made.id}`))).toEqual(made);
    const edited = dataOf<User>(
      await request(`/users/${made.id}`, { method: 'PATCH', body: { name: 'Edited', role: 'moderator' } }),
    );
    expect(edited).toMatchObject({ name: 'Edited', role: 'moderator', version: 2 });
    // G18: no body and a JSON content type.
    expect(await request(`/users/${made.id}`, { method: 'DELETE' })).toEqual({ status: 204, body: null });
    // G29: reading what is gone says so, in words where the client looks for them.
    const gone = await request(`/users/${made.id}`);
    expect(gone).toMatchObject({
      status: 404,
      body: { code: 'not-found', message: expect.any(String) as string },
    });
  });

  test('edits many at once', async () => {
    const [a, b] = await h.add({}, {});
    const updates = [
      { id: a?.id, changes: { name: 'A' } },
      { id: b?.id, changes: { preferences: { theme: 'dark' } } },
    ];
    const users = dataOf<User[]>(await request('/users/batch', { method: 'PATCH', body: { updates } }));
    expect(users.map(({ id }) => id)).toEqual([a?.id, b?.id]);
  });

  test('searches with its limit', async () => {
    const users = dataOf<User[]>(await request(`/users/search?q=${encodeURIComponent('ma')}&limit=10`));
    expect(users.length).toBeGreaterThan(0);
    expect(users.length).toBeLessThanOrEqual(10);
  });

  test('G37 G38 refreshes after a 401 and reads the token at the top', async () => {
    h.world.advance(15 * 60_000);
    expect((await request('/users/stats')).status).toBe(401);
    const refreshed = await request('/auth/refresh', { method: 'POST' });
    expect(refreshed.status).toBe(200);
    ({ token } = refreshed.body as { token: string });
    expect((await request('/users/stats')).status).toBe(200);
  });

  test('G40 hears /realtime and one person’s changes by its cookie alone', async () => {
    const [user] = await h.add({ preferences: { theme: 'light', notifications: true, language: 'fr' } });
    const headers = { cookie: `lockstep_session=${cookies.get('lockstep_session')}`, origin };
    const [all, single] = [`/realtime`, `/users/${user?.id}/subscribe`].map(
      (path) => new WebSocket(base.replace('http', 'ws') + path, { headers }),
    );
    if (all === undefined || single === undefined || user === undefined) throw new Error('expected sockets');
    await Promise.all([once(all, 'open'), once(single, 'open')]);
    const heard = Promise.all([once(all, 'message'), once(single, 'message')]);
    await request(`/users/${user.id}`, { method: 'PATCH', body: { preferences: { theme: 'dark' } } });
    const [event, partial] = (await heard).map(
      ([data]) => JSON.parse(String(data)) as Record<string, unknown>,
    );
    expect(event).toMatchObject({
      type: 'USER_UPDATED',
      data: { id: user.id, preferences: { theme: 'dark' } },
    });
    // The client lays the partial over its row; nothing may get lost.
    expect({ ...user, ...partial }).toMatchObject({
      name: user.name,
      preferences: { theme: 'dark', notifications: true, language: 'fr' },
    });
    all.terminate();
    single.terminate();
  });
});
