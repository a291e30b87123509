import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { SUBPROTOCOL } from '@lockstep/protocol';
import { openDatabase } from '../database/index.ts';
import type { Database } from '../database/index.ts';
import { createFeed } from '../feed/index.ts';
import { eventually, onBothDatabases } from '../test-support/both-databases.ts';
import { count } from '../test-support/counting.ts';
import { changeOf, memoryFeed } from '../test-support/memory-feed.ts';
import { createHub } from './index.ts';
import type { ChannelRoute, Hub, HubOptions, Subject } from './index.ts';

interface Client {
  readonly socket: WebSocket;
  readonly frames: { type: string; [member: string]: unknown }[];
  readonly closed: Promise<number>;
  until(amount: number): Promise<Client['frames']>;
  say(frame: unknown): void;
}

const ends: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function connect(
  url: string,
  options: { protocols?: string[]; headers?: Record<string, string> } = {},
): Promise<Client> {
  const socket = new WebSocket(url, options.protocols ?? [SUBPROTOCOL], {
    headers: { authorization: 'ann', ...options.headers },
  });
  const frames: Client['frames'] = [];
  const looks = new Set<() => void>();
  socket.on('message', (data: Buffer) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test looks at what it is
    frames.push(JSON.parse(data.toString()) as Client['frames'][number]);
    for (const look of looks) look();
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  ends.push(() => socket.terminate());
  const client: Client = {
    socket,
    frames,
    closed,
    until: (amount) =>
      new Promise((resolve) => {
        const look = () => {
          if (frames.length < amount) return;
          looks.delete(look);
          resolve(frames);
        };
        looks.add(look);
        look();
      }),
    say: (frame) => socket.send(JSON.stringify(frame)),
  };
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(client));
    socket.once('unexpected-response', (_request, response) =>
      reject(new Error(String(response.statusCode))),
    );
    socket.on('error', reject);
  });
}

interface Running {
  app: FastifyInstance;
  hub: Hub<Subject>;
  url: string;
}

async function serve(
  options: Partial<HubOptions<Subject>> & Pick<HubOptions<Subject>, 'feed'>,
  routes: ChannelRoute<Subject>[] = [{}],
): Promise<Running> {
  const app = Fastify({ forceCloseConnections: true });
  const hub = createHub<Subject>({
    acceptsOrigin: (origin) => origin === undefined || origin === 'http://good.example',
    authenticateRequest: async ({ headers: { authorization = '' } }) => {
      if (authorization === '') return null;
      return authorization === 'bad'
        ? { ok: false, code: 'sign-in' }
        : { ok: true, subject: { id: authorization, name: authorization, rights: 'all' } };
    },
    authenticateToken: async (token) => ({ ok: true, subject: { id: token, name: token, rights: 'all' } }),
    authorise: (change) => change,
    acceptsTopic: () => true,
    ...options,
  });
  for (const route of routes) await app.register(hub.route(route));
  await app.listen({ host: '127.0.0.1', port: 0 });
  ends.push(() => app.close());
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return { app, hub, url: `ws://127.0.0.1:${address.port}` };
}

describe('the route', { timeout: 60_000 }, () => {
  it('speaks lockstep.v1 to those who ask for it, the plain form to others', async () => {
    const feed = memoryFeed();
    const { url } = await serve({ feed }, [
      { plainForm: ({ id }, { offset }) => ({ type: 'EVENT', id, offset }) },
      {
        path: '/things/:id/subscribe',
        lockstep: false,
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the path has it
        scope: ({ params }) => (params as { id: string }).id,
        plainForm: ({ id, row }, { scope }) => (id === scope ? { type: 'ROW', row: row ?? null } : null),
      },
    ]);
    const framed = await connect(`${url}/realtime`);
    const plain = await connect(`${url}/realtime`, { protocols: [] });
    const one = await connect(`${url}/things/b/subscribe`, { protocols: [] });
    await framed.until(1);
    framed.say({ type: 'RESUME', since: 0 });
    framed.say({ type: 'PING' });
    await framed.until(2);
    feed.push(changeOf('a', 1), changeOf('b', 1));
    expect((await framed.until(3)).map(({ type }) => type)).toEqual(['HELLO', 'PONG', 'CHANGES']);
    expect(await plain.until(2)).toEqual([
      { type: 'EVENT', id: 'a', offset: 1 },
      { type: 'EVENT', id: 'b', offset: 2 },
    ]);
    expect(await one.until(1)).toEqual([{ type: 'ROW', row: { id: 'b', version: 1 } }]);
    const wrong = await connect(`${url}/things/b/subscribe`);
    expect(await wrong.closed).toBe(4426);
  });

  it('checks the origin before the upgrade', async () => {
    const { url } = await serve({ feed: memoryFeed() });
    await expect(connect(`${url}/realtime`, { headers: { origin: 'http://evil.example' } })).rejects.toThrow(
      '403',
    );
    await connect(`${url}/realtime`, { headers: { origin: 'http://good.example' } });
  });

  it('answers HTTP without upgrade with 426, and 503 when it is full', async () => {
    const { app, url } = await serve({ feed: memoryFeed(), limits: { sockets: 1 } });
    const answer = await app.inject({ url: '/realtime' });
    expect([answer.statusCode, answer.headers.upgrade]).toEqual([426, 'websocket']);
    await connect(`${url}/realtime`);
    await expect(connect(`${url}/realtime`)).rejects.toThrow('503');
  });

  it('F23 closes with 4426 whom it has no common language with', async () => {
    const { url } = await serve({ feed: memoryFeed() });
    const later = await connect(`${url}/realtime`, { protocols: ['lockstep.v9'] });
    expect(await later.closed).toBe(4426);
    const none = await connect(`${url}/realtime`, { protocols: [] });
    expect(await none.closed).toBe(4426);
    const both = await connect(`${url}/realtime`, { protocols: ['lockstep.v9', SUBPROTOCOL] });
    expect((await both.until(1))[0]).toMatchObject({ type: 'HELLO' });
  });

  it('signs in by the handshake or by a first frame', async () => {
    const { url } = await serve({ feed: memoryFeed() });
    const bad = await connect(`${url}/realtime`, { headers: { authorization: 'bad' } });
    expect(await bad.closed).toBe(4401);
    const byFrame = await connect(`${url}/realtime`, { headers: { authorization: '' } });
    byFrame.say({ type: 'AUTH', token: 'bob' });
    expect((await byFrame.until(1))[0]).toMatchObject({ type: 'HELLO' });
  });

  it('asks the route whether the subject may use it, whichever way it signed in', async () => {
    const { url } = await serve({ feed: memoryFeed() }, [{ acceptsSubject: ({ id }) => id === 'ann' }]);
    expect((await (await connect(`${url}/realtime`)).until(1))[0]).toMatchObject({ type: 'HELLO' });
    expect(await (await connect(`${url}/realtime`, { headers: { authorization: 'bob' } })).closed).toBe(4403);
    const byFrame = await connect(`${url}/realtime`, { headers: { authorization: '' } });
    byFrame.say({ type: 'AUTH', token: 'bob' });
    expect(await byFrame.closed).toBe(4403);
  });

  it('closes with 1009 on a frame too large, 1008 on one that is none', async () => {
    const { url, hub } = await serve({ feed: memoryFeed(), limits: { frameBytes: 1_000 } });
    const large = await connect(`${url}/realtime`);
    large.socket.send('x'.repeat(1_001));
    expect(await large.closed).toBe(1009);
    const malformed = await connect(`${url}/realtime`);
    malformed.socket.send('{');
    expect(await malformed.closed).toBe(1008);
    const binary = await connect(`${url}/realtime`);
    binary.socket.send(Buffer.from('{"type":"PING"}'));
    expect(await binary.closed).toBe(1008);
    await eventually(() => (hub.stats().sockets === 0 ? true : undefined));
  });

  it('drains: 1012 to every socket, 503 to newcomers', async () => {
    const { hub, url } = await serve({ feed: memoryFeed() });
    const clients = await Promise.all([connect(`${url}/realtime`), connect(`${url}/realtime`)]);
    await hub.drain();
    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual([1012, 1012]);
    await expect(connect(`${url}/realtime`)).rejects.toThrow('503');
    expect(hub.stats().sockets).toBe(0);
  });

  it('drains when the application closes', async () => {
    const { app, url } = await serve({ feed: memoryFeed() });
    const client = await connect(`${url}/realtime`);
    await app.close();
    expect(await client.closed).toBe(1012);
  });
});

onBothDatabases('hub on a feed', (database, dialect) => {
  it(
    'F22 brings commits to sockets, and resumes after a disconnect without gap or repetition',
    { timeout: 180_000 },
    async () => {
      const feed = createFeed(database());
      await feed.start();
      ends.push(() => feed.stop());
      const { url } = await serve({ feed });
      const first = await connect(`${url}/realtime`);
      const [hello] = await first.until(1);
      first.say({ type: 'RESUME', since: hello?.['offset'] });
      await count(database(), 'live');
      const [, change] = await first.until(2);
      expect(change).toMatchObject({
        type: 'CHANGES',
        offset: 1,
        changes: [{ entity: 'counter', id: 'live', op: 'insert', version: 1, actor: 'tester' }],
      });
      first.socket.terminate();
      await first.closed;
      for (let write = 0; write < 5; write += 1) await count(database(), 'live');
      const second = await connect(`${url}/realtime`);
      await second.until(1);
      second.say({ type: 'RESUME', since: 1 });
      await count(database(), 'live');
      const versions = await eventually(() => {
        const seen = second.frames.flatMap(({ changes }) =>
          changes === undefined ? [] : (changes as { version: number }[]).map(({ version }) => version),
        );
        return seen.length === 6 ? seen : undefined;
      });
      expect(versions).toEqual([2, 3, 4, 5, 6, 7]);
    },
  );

  it(
    'reaches the sockets of another node: changes, presence, reset and end',
    { timeout: 180_000 },
    async () => {
      // The embedded database has one process.
      if (dialect === 'pglite') return;
      const name = (await sql<{ name: string }>`select current_database() as name`.execute(database().db))
        .rows[0]?.name;
      const url = Object.assign(new URL(process.env['LOCKSTEP_TEST_POSTGRES'] ?? ''), {
        pathname: `/${name}`,
      }).href;
      const node = async (): Promise<Running & { own: Database }> => {
        const own = await openDatabase({ postgres: { url, poolSize: 2 } });
        ends.push(() => own.close());
        const feed = createFeed(own);
        await feed.start();
        ends.push(() => feed.stop());
        return {
          ...(await serve({ feed, database: own, renew: async (subject) => ({ ok: true, subject }) })),
          own,
        };
      };
      const here = await node();
      const there = await node();
      const ann = await connect(`${here.url}/realtime`);
      const bob = await connect(`${there.url}/realtime`, { headers: { authorization: 'bob' } });
      const [hello] = await bob.until(1);
      const [helloAnn] = await ann.until(1);
      bob.say({ type: 'RESUME', since: hello?.['offset'] });
      ann.say({ type: 'RESUME', since: helloAnn?.['offset'] });
      await count(here.own, 'across');
      expect((await bob.until(2))[1]).toMatchObject({ type: 'CHANGES' });
      await count(there.own, 'across');
      await ann.until(3);

      ann.say({ type: 'SUBSCRIBE', topic: 'row' });
      ann.say({ type: 'PRESENCE', topic: 'row', state: 'editing', field: 'name' });
      bob.say({ type: 'SUBSCRIBE', topic: 'row' });
      const there1 = { id: 'ann', name: 'ann', state: 'editing', field: 'name' };
      await eventually(() =>
        bob.frames.find((frame) => JSON.stringify(frame['people']) === JSON.stringify([there1])),
      );
      ann.socket.terminate();
      await eventually(() => {
        const last = bob.frames.findLast(({ type }) => type === 'PRESENCE');
        return JSON.stringify(last?.['people']) === '[]' ? true : undefined;
      });

      here.hub.reset('bob', 'rights');
      await eventually(() => bob.frames.find(({ type }) => type === 'RESET'));
      here.hub.end('bob', 'sign-in');
      expect(await bob.closed).toBe(4401);
    },
  );
});
