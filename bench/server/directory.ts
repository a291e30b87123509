import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uuidv7 } from '@lockstep/protocol';
import { WebSocket } from 'ws';
import type { Result } from '../result.ts';
import type { Load } from './load.ts';
import { spread } from './load.ts';
import { launch } from './processes.ts';
import type { Running } from './processes.ts';

const EMAIL = 'admin@example.org';

/** Directory as people start it, signed in as its administrator. */
export interface Directory extends Running {
  readonly token: string;
  readonly ids: readonly string[];
  dispose(): Promise<void>;
}

interface Page {
  readonly data: { readonly users: readonly { readonly id: string; readonly version: number }[] };
}

export async function startDirectory(people: number, databaseUrl: string | null): Promise<Directory> {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-bench-'));
  const password = randomBytes(18).toString('base64url');
  const running = await launch({
    file: 'apps/directory/server/src/main.ts',
    args: [
      '--port',
      '0',
      '--data',
      folder,
      '--people',
      String(people),
      ...(databaseUrl === null ? [] : ['--database-url', databaseUrl]),
    ],
    env: { DIRECTORY_ADMIN_EMAIL: EMAIL, DIRECTORY_ADMIN_PASSWORD: password },
  });
  const { data } = (await ask(running.url, '/api/auth/login', null, { email: EMAIL, password })) as {
    data: { token: string };
  };
  const page = (await ask(running.url, '/api/users?page=1&pageSize=500', data.token)) as Page;
  return {
    ...running,
    token: data.token,
    ids: page.data.users.map(({ id }) => id),
    async dispose() {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ask(url: string, path: string, token: string | null, body?: object): Promise<unknown> {
  const answer = await fetch(`${url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: {
      'content-type': 'application/json',
      ...(token !== null && { authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

const newKey = (): string => uuidv7(Date.now(), randomBytes(10));

/** Reads as the web application makes them. */
export function reads({ url, token, ids }: Directory): Readonly<Record<'page of 50' | 'GET by id', Load>> {
  const headers = { authorization: `Bearer ${token}` };
  return {
    'page of 50': {
      url,
      headers,
      requests: [{ path: '/api/users?page=3&pageSize=50&sortBy=lastActive&sortOrder=desc' }],
    },
    'GET by id': { url, headers, requests: ids.map((id) => ({ path: `/api/users/${id}` })) },
  };
}

/** Each connection's requests write to rows in turn, each with a key of its own and the version it saw last. */
export function writes({ url, token, ids }: Directory): Load {
  let turn = 0;
  return {
    url,
    requests: ids.map(() => ({
      method: 'PATCH',
      setupRequest(request) {
        turn += 1;
        const id = ids[turn % ids.length];
        return {
          ...request,
          path: `/api/users/${id}`,
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            'idempotency-key': newKey(),
          },
          body: JSON.stringify({ preferences: { language: turn % 2 === 0 ? 'en' : 'de' } }),
        };
      },
    })),
  };
}

/** From the start of a PATCH to its change on somebody else's socket. */
export async function wire(
  { url, token, ids }: Directory,
  samples: number,
): Promise<Pick<Result, 'medianNs' | 'p99Ns'>> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/realtime`, 'lockstep.v1', {
    headers: { authorization: `Bearer ${token}` },
  });
  let arrived: (version: number) => void = () => {};
  const hello = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.on('message', (text: Buffer) => {
      const frame = JSON.parse(text.toString()) as {
        type: string;
        offset?: number;
        changes?: { id?: string; version?: number }[];
      };
      if (frame.type === 'HELLO') {
        socket.send(JSON.stringify({ type: 'RESUME', since: frame.offset }));
        resolve();
      }
      for (const change of frame.changes ?? []) if (change.id === ids[0]) arrived(change.version ?? 0);
    });
  });
  await hello;
  const times: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const began = performance.now();
    const seen = new Promise<number>((resolve) => {
      arrived = resolve;
    });
    // oxlint-disable-next-line no-await-in-loop -- latency of one at a time
    const answer = await fetch(`${url}/api/users/${ids[0]}`, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': newKey(),
      },
      body: JSON.stringify({ preferences: { theme: sample % 2 === 0 ? 'dark' : 'light' } }),
    });
    if (!answer.ok) throw new Error(`PATCH answered ${answer.status}`);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await seen;
    times.push(performance.now() - began);
  }
  socket.terminate();
  return spread(times);
}
