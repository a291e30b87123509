import { once } from 'node:events';
import type { User } from '@directory/contract';
import type { ServerFrame } from '@lockstep/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startHarness, testOrigin } from '../../testing/harness.ts';
import type { Harness, Person } from '../../testing/harness.ts';

let h: Harness;
let base: string;
const open = new Set<WebSocket>();

beforeAll(async () => {
  h = await startHarness();
  await h.directory.app.listen({ port: 0, host: '127.0.0.1' });
  const address = h.directory.app.server.address();
  base = `ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterAll(async () => {
  for (const socket of open) socket.terminate();
  await h.close();
});

/** A socket, and what it hears, one frame after the other. */
async function connect(path: string, options: { by?: Person; origin?: string; protocol?: string } = {}) {
  const { by, origin, protocol } = options;
  const socket = new WebSocket(base + path, protocol === undefined ? [] : [protocol], {
    headers: {
      ...(by === undefined ? {} : { cookie: `lockstep_session=${by.token}` }),
      ...(origin === undefined ? {} : { origin }),
    },
  });
  open.add(socket);
  const heard: unknown[] = [];
  const waiting: Array<() => void> = [];
  socket.on('message', (data: Buffer) => {
    heard.push(JSON.parse(data.toString()));
    waiting.shift()?.();
  });
  const closed = once(socket, 'close').then(([code]) => Number(code));
  await once(socket, 'open');
  return {
    closed,
    send: (frame: object) => socket.send(JSON.stringify(frame)),
    /** The next frame that is no heartbeat. */
    async next<T>(): Promise<T> {
      if (heard.length === 0) await new Promise<void>((done) => waiting.push(done));
      const frame = heard.shift() as { type?: string };
      return frame.type === 'PING' ? this.next<T>() : (frame as T);
    },
  };
}

const patch = (id: string, body: object) => h.send('PATCH', `/api/users/${id}`, { by: h.admin, body });
const one = async (given: Partial<User> = {}) => {
  const [user] = await h.add(given);
  if (user === undefined) throw new Error('expected a person');
  return user;
};

interface Event {
  type: string;
  data: Partial<User>;
  offset: number;
  version: number;
}

describe('/realtime without a subprotocol', () => {
  test('tells of people made, changed and deleted, one event a frame', async () => {
    const socket = await connect('/realtime', { by: h.admin, origin: testOrigin });
    const body = { name: 'New', email: 'new.live@example.org' };
    const { data } = (await h.send('POST', '/api/users', { by: h.admin, body })).json<{ data: User }>();
    expect(await socket.next<Event>()).toEqual({
      type: 'USER_CREATED',
      data,
      offset: expect.any(Number) as number,
      version: 1,
    });
    await patch(data.id, { preferences: { theme: 'dark' } });
    const updated = await socket.next<Event>();
    expect(updated).toMatchObject({ type: 'USER_UPDATED', version: 2 });
    expect(updated.data.preferences).toEqual({ ...data.preferences, theme: 'dark' });
    await h.send('DELETE', `/api/users/${data.id}`, { by: h.admin });
    expect(await socket.next<Event>()).toMatchObject({
      type: 'USER_DELETED',
      data: { id: data.id },
      version: 3,
    });
  });

  test('role user hears the public part of others, and all of themselves', async () => {
    const socket = await connect('/realtime', { by: h.user, origin: testOrigin });
    const other = await one();
    await patch(other.id, { name: 'Public', email: 'secret@example.org' });
    const { data } = await socket.next<Event>();
    expect(Object.keys(data).toSorted()).toEqual([
      'avatarUrl',
      'id',
      'lastActive',
      'name',
      'role',
      'version',
    ]);
    await patch(h.user.id, { name: 'Me' });
    expect((await socket.next<Event>()).data.email).toBe(h.user.email);
  });
});

describe('/realtime with lockstep.v1', () => {
  test('says hello, resumes without a hole, and sends before and after', async () => {
    const user = await one();
    await patch(user.id, { name: 'Missed' });
    await h.settled();
    const since = h.directory.feed.offset() - 1;
    const socket = await connect('/realtime', { protocol: 'lockstep.v1' });
    socket.send({ type: 'AUTH', token: h.admin.token });
    expect(await socket.next<ServerFrame>()).toMatchObject({ type: 'HELLO', protocol: 1, offset: since + 1 });
    socket.send({ type: 'RESUME', since });
    await patch(user.id, { preferences: { language: 'de' } });
    const changes: unknown[] = [];
    while (changes.length < 2) {
      const frame = await socket.next<ServerFrame>();
      if (frame.type === 'CHANGES') changes.push(...frame.changes);
    }
    expect(changes).toMatchObject([
      { entity: 'user', id: user.id, op: 'update', version: 2, before: { name: user.name } },
      { op: 'update', version: 3, before: { preferences: { language: 'en' } }, actor: h.admin.id },
    ]);
  });

  test('the end of a session keeps offsets dense and says nothing', async () => {
    const leaving = await h.join('user');
    const since = h.directory.feed.offset();
    await h.send('POST', '/api/auth/logout', { by: leaving });
    await h.settled();
    const { data } = (await h.send('GET', `/api/changes?since=${since}`, { by: h.admin })).json<{
      data: { changes: unknown[]; offset: number };
    }>();
    expect(data).toMatchObject({ changes: [{ op: 'none' }], offset: since + 1 });
  });
});

describe('/users/:id/subscribe', () => {
  test('G9 sends that person’s changed fields, nested ones whole', async () => {
    const [watched, other] = [await one(), await one()];
    const socket = await connect(`/users/${watched.id}/subscribe`, { by: h.moderator, origin: testOrigin });
    await patch(other.id, { name: 'Somebody else' });
    h.world.advance(1);
    await patch(watched.id, { preferences: { notifications: false } });
    const { updatedAt, ...rest } = await socket.next<Partial<User>>();
    expect(rest).toEqual({
      id: watched.id,
      version: 2,
      preferences: { ...watched.preferences, notifications: false },
    });
    expect(updatedAt).toBeDefined();
  });
});

describe('a socket is refused', () => {
  const refused = (path: string, headers: Record<string, string>) =>
    new Promise<number>((done, fail) => {
      const socket = new WebSocket(base + path, { headers });
      socket.on('unexpected-response', (_request, response) => {
        done(response.statusCode ?? 0);
        socket.terminate();
      });
      socket.on('open', () => fail(new Error('expected a refusal')));
      socket.on('error', () => {});
    });

  test.each(['/realtime', '/users/0193e5f0-0000-7000-8000-000000000000/subscribe'])(
    'on %s to a page of another origin',
    async (path) => {
      const cookie = `lockstep_session=${h.admin.token}`;
      expect(await refused(path, { cookie, origin: 'http://evil.test' })).toBe(403);
      expect(await refused(path, { cookie, origin: 'null' })).toBe(403);
    },
  );

  test('with 4401 where the token is nobody’s', async () => {
    const socket = await connect('/realtime', { protocol: 'lockstep.v1' });
    socket.send({ type: 'AUTH', token: 'made.up.token' });
    expect(await socket.closed).toBe(4401);
  });
});

describe('a change of rights', () => {
  test('ends the sockets of somebody disabled, deleted or signed out', async () => {
    for (const leave of [
      (person: Person) => h.send('DELETE', `/api/users/${person.id}`, { by: h.admin }),
      (person: Person) => h.send('POST', '/api/auth/logout', { by: person }),
    ]) {
      const person = await h.join('user');
      const socket = await connect('/realtime', { by: person, protocol: 'lockstep.v1' });
      expect(await socket.next<ServerFrame>()).toMatchObject({ type: 'HELLO' });
      await leave(person);
      expect(await socket.closed).toBe(4401);
    }
  });

  test('resets the sockets of somebody demoted, and what follows is what they may read now', async () => {
    const person = await h.join('moderator');
    const socket = await connect('/realtime', { by: person, protocol: 'lockstep.v1' });
    const hello = await socket.next<Extract<ServerFrame, { type: 'HELLO' }>>();
    socket.send({ type: 'RESUME', since: hello.offset });
    await patch(person.id, { role: 'user' });
    let frame = await socket.next<ServerFrame>();
    while (frame.type !== 'RESET') frame = await socket.next<ServerFrame>();
    expect(frame.reason).toBe('rights');
    await h.settled();
    socket.send({ type: 'RESUME', since: h.directory.feed.offset() });
    const other = await one();
    await patch(other.id, { email: 'hidden@example.org' });
    let seen = await socket.next<ServerFrame>();
    while (seen.type !== 'CHANGES') seen = await socket.next<ServerFrame>();
    expect(JSON.stringify(seen)).not.toContain('hidden@example.org');
  });
});
