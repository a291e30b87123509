import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { User } from '@directory/contract';
import { uuidv7 } from '@lockstep/protocol';
import { createTestDatabase } from '@lockstep/server/testing';
import { afterEach, describe, expect, test } from 'vitest';

const main = resolve(import.meta.dirname, 'main.ts');
/** Starting processes takes its time on a busy machine; nothing is judged by it. */
const patience = 240_000;
const running = new Set<ChildProcess>();
const folders: string[] = [];

afterEach(async () => {
  for (const child of running) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A data folder whose embedded database is made but empty: making it takes most of a first start. */
async function newFolder(): Promise<string> {
  const folder = await emptyFolder();
  const { options, dispose } = await createTestDatabase('pglite');
  if ('pglite' in options && options.pglite.dataDir !== null) {
    await cp(options.pglite.dataDir, join(folder, 'database'), { recursive: true });
  }
  await dispose();
  return folder;
}

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'directory-start-'));
  folders.push(folder);
  return folder;
}

interface Process {
  readonly child: ChildProcess;
  /** Everything it has said, to whichever stream. */
  said(): string;
  /** Its address, once it is ready. */
  readonly url: Promise<string>;
  readonly exit: Promise<number | null>;
}

function start(args: string[], environment: Record<string, string> = {}): Process {
  const child = spawn(process.execPath, ['--conditions=@lockstep/source', main, ...args], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let text = '';
  const exit = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  const url = new Promise<string>((done, fail) => {
    const hear = (chunk: Buffer) => {
      text += chunk.toString();
      const [, found] = /^Directory is ready at (http:\S+)$/m.exec(text) ?? [];
      if (found !== undefined) done(found);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void exit.then((code) => fail(new Error(`expected a ready line, ended with ${code}: ${text}`)));
  });
  url.catch(() => {});
  return { child, said: () => text, url, exit };
}

const small = (folder: string) => ['--port', '0', '--data', folder, '--people', '12'];

async function signIn(
  url: string,
  email: string,
  password: string,
): Promise<{ status: number; token: string }> {
  const response = await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  const body = (await response.json()) as { data?: { token: string } };
  return { status: response.status, token: body.data?.token ?? '' };
}

/** The accounts that the file tells: role, address, password. */
async function sheetOf(folder: string): Promise<Map<string, { email: string; password: string }>> {
  const text = await readFile(join(folder, 'sign-in.txt'), 'utf8');
  const rows = text.matchAll(/^(admin|moderator|user) +(\S+) +(.+)$/gm);
  return new Map([...rows].map(([, role = '', email = '', password = '']) => [role, { email, password }]));
}

function accountIn(sheet: Awaited<ReturnType<typeof sheetOf>>, role: string) {
  const account = sheet.get(role);
  if (account === undefined) throw new Error(`expected an account of role ${role}`);
  return account;
}

/** One sentence, no stack trace, exit code 1. */
async function refusal(args: string[], environment: Record<string, string> = {}): Promise<string> {
  const { exit, said } = start(args, environment);
  expect(await exit).toBe(1);
  const lines = said().trim().split('\n');
  const sentence = lines.at(-1) ?? '';
  expect(said()).not.toMatch(/\n\s+at /);
  expect(sentence).toMatch(/\.$/);
  return sentence;
}

describe('a start', { timeout: patience }, () => {
  test('makes accounts whose passwords only the owner of a file may read, and keeps them', async () => {
    const folder = await emptyFolder();
    const first = start(small(folder));
    const url = await first.url;
    const path = join(folder, 'sign-in.txt');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(first.said()).toContain(path);
    const sheet = await sheetOf(folder);
    expect([...sheet.keys()]).toEqual(['admin', 'moderator', 'user']);
    for (const { email, password } of sheet.values()) {
      expect((await signIn(url, email, password)).status).toBe(200);
      // Nobody looks at a terminal here, so passwords are not printed.
      expect(first.said()).not.toContain(password);
    }
    first.child.kill('SIGTERM');
    expect(await first.exit).toBe(0);
    const second = start(['--port', '0', '--data', folder]);
    const admin = accountIn(sheet, 'admin');
    const { token } = await signIn(await second.url, admin.email, admin.password);
    const stats = await fetch(`${await second.url}/api/users/stats`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await stats.json()).toMatchObject({ data: { total: 15 } });
    expect(await sheetOf(folder)).toEqual(sheet);
  });

  test('takes the first administrator from the environment and people from a file, in place of demo people', async () => {
    const folder = await newFolder();
    const file = join(folder, 'people.csv');
    await writeFile(
      file,
      '\ufeffemail,name,role,language\nada@example.org,"Lovelace, Ada",moderator,en\nli@example.org,李娜,,zh\n',
    );
    const [email, password] = ['boss@example.org', 'chosen by the boss'];
    const environment = { DIRECTORY_ADMIN_EMAIL: email, DIRECTORY_ADMIN_PASSWORD: password };
    const server = start(['--port', '0', '--data', folder, '--import', file], environment);
    const { status, token } = await signIn(await server.url, email, password);
    expect(status).toBe(200);
    expect(await readFile(join(folder, 'sign-in.txt'), 'utf8')).not.toContain(password);
    expect(server.said()).not.toContain(password);
    const response = await fetch(`${await server.url}/api/users?sortBy=name&sortOrder=asc`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { data } = (await response.json()) as { data: { users: User[]; total: number } };
    expect(data.total).toBe(5);
    expect(data.users).toContainEqual(expect.objectContaining({ name: 'Lovelace, Ada', role: 'moderator' }));
    expect(data.users).toContainEqual(expect.objectContaining({ name: '李娜', role: 'user' }));
  });

  test('--help says what there is and ends well', async () => {
    const { exit, said } = start(['--help']);
    expect(await exit).toBe(0);
    for (const flag of [
      '--port',
      '--host',
      '--data',
      '--people',
      '--import',
      '--database-url',
      '--reset-password',
    ]) {
      expect(said()).toContain(flag);
    }
  });
});

describe('a start that cannot be', { timeout: patience }, () => {
  test('says which port is in use', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = String(typeof address === 'object' ? address?.port : '');
    const sentence = await refusal(['--port', port, '--data', await emptyFolder(), '--people', '0']);
    expect(sentence).toMatch(new RegExp(`Port ${port} .* in use.*--port`));
    taken.close();
  });

  test('never repeats the password of a database URL', async () => {
    const unreachable = 'postgres://someone:hunter2@127.0.0.1:1/directory';
    const sentence = await refusal([
      '--port',
      '0',
      '--data',
      await emptyFolder(),
      '--database-url',
      unreachable,
    ]);
    expect(sentence).toContain('127.0.0.1:1');
    expect(sentence).not.toContain('hunter2');
    expect(await refusal(['--database-url', 'mysql://someone:hunter2@h/d'])).not.toContain('hunter2');
  });

  test.each([
    ['name,email\nAda,ada@example.org\nBob,not-an-address\n', /line 3: email: /],
    [
      'name,email\nAda,ada@example.org\nAda,ADA@example.org\n',
      /line 3: the address ADA@example\.org stands in line 2/,
    ],
    ['name\nAda\n', /line 1: the column email is missing/],
    ['name,email,salary\n', /line 1: "salary" is no column/],
    ['name,email\n"Ada,ada@example.org\n', /cannot be read as CSV/],
    ['', /it is empty/],
  ])('names the line of an import that it cannot read: %j', async (text, expected) => {
    const folder = await emptyFolder();
    const file = join(folder, 'people.csv');
    await writeFile(file, text);
    expect(await refusal([...small(folder), '--import', file])).toMatch(expected);
  });

  test('names an import that is not there', async () => {
    const folder = await emptyFolder();
    expect(await refusal([...small(folder), '--import', join(folder, 'none.csv')])).toContain('none.csv');
  });
});

describe('a stop', { timeout: patience }, () => {
  test('F1 F2 a kill under writes loses none that was acknowledged, and a replay answers as before', async () => {
    const folder = await newFolder();
    const first = start(small(folder));
    const { email, password } = await first.url
      .then(() => sheetOf(folder))
      .then((sheet) => sheet.get('admin')!);
    const { token } = await signIn(await first.url, email, password);
    const create = async (url: string, key: string, at: number) => {
      const response = await fetch(`${url}/api/users`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify({ name: `Person ${at}`, email: `person.${at}@example.org` }),
      });
      return {
        status: response.status,
        text: await response.text(),
        replayed: response.headers.get('idempotency-replayed'),
      };
    };
    const url = await first.url;
    const keys = Array.from({ length: 40 }, () =>
      uuidv7(Date.now(), crypto.getRandomValues(new Uint8Array(10))),
    );
    const answered = new Map<number, string>();
    const writes = keys.map(async (key, at) => {
      const { status, text } = await create(url, key, at);
      if (status === 201) answered.set(at, text);
      if (answered.size === 10) first.child.kill('SIGKILL');
    });
    await Promise.allSettled(writes);
    await first.exit;
    expect(answered.size).toBeGreaterThanOrEqual(10);
    const second = start(['--port', '0', '--data', folder]);
    const again = await second.url;
    for (const [at, key] of keys.entries()) {
      const { status, text, replayed } = await create(again, key, at);
      expect(status).toBe(201);
      const before = answered.get(at);
      if (before !== undefined) expect([text, replayed]).toEqual([before, 'true']);
    }
    const stats = await fetch(`${again}/api/users/stats`, { headers: { authorization: `Bearer ${token}` } });
    expect(await stats.json()).toMatchObject({ data: { total: 12 + 3 + 40 } });
  });

  test('F26 one process holds the folder; SIGTERM closes its sockets with 1012; then a password may be reset', async () => {
    const folder = await newFolder();
    const server = start(small(folder));
    const url = await server.url;
    const { email, password } = accountIn(await sheetOf(folder), 'moderator');
    // A second server and a reset are told who holds the folder, and the first is none the worse for it.
    expect(await refusal(small(folder))).toContain(String(server.child.pid));
    expect(await refusal(['--data', folder, '--reset-password', email])).toContain(String(server.child.pid));
    expect((await fetch(`${url}/readyz`)).status).toBe(200);

    const { token } = await signIn(url, email, password);
    const socket = new WebSocket(`${url.replace('http', 'ws')}/realtime`, 'lockstep.v1');
    const closed = new Promise<number>((done) => {
      socket.addEventListener('close', ({ code }) => done(code));
    });
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'AUTH', token }));
    await once(socket, 'message');
    server.child.kill('SIGTERM');
    expect(await closed).toBe(1012);
    expect(await server.exit).toBe(0);

    expect(await refusal(['--data', folder, '--reset-password', 'nobody@example.org'])).toContain('nobody@');
    const reset = start(['--data', folder, '--reset-password', email]);
    expect(await reset.exit).toBe(0);
    const [, made = ''] = /is (\S+)$/m.exec(reset.said()) ?? [];
    const again = start(['--port', '0', '--data', folder]);
    expect((await signIn(await again.url, email, made)).status).toBe(200);
    expect((await signIn(await again.url, email, password)).status).toBe(401);
  });
});
