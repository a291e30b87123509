import { createHash } from 'node:crypto';
import type { Role, User } from '@directory/contract';
import { uuidv7 } from '@lockstep/protocol';
import { feedPosition, openDatabase } from '@lockstep/server';
import type { Database, Dialect } from '@lockstep/server';
import { createTestDatabase } from '@lockstep/server/testing';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { createApp } from '../app.ts';
import type { AppOptions, DirectoryApp } from '../app.ts';
import { loadKeys } from '../db/keys.ts';
import { migrate } from '../db/migrate.ts';
import { newUser } from '../db/person.ts';
import type { Tables } from '../db/tables.ts';
import {
  createAccessTokens,
  createSessions,
  hashPassword,
  writeCredential,
} from '../features/accounts/index.ts';
import { insertMany } from '../features/people/index.ts';
import { loadDemo } from '../demo/load.ts';
import { createOrigins } from '../http/origins.ts';
import type { World } from '../ports.ts';

/** Where the pages of the tests come from. */
export const testOrigin = 'http://directory.test';

/** A password of everybody who can sign in; hashed once for each test file. */
export const testPassword = 'correct horse battery staple';

export interface TestWorld extends World {
  /** Moves the clock on by so many milliseconds. */
  advance(ms: number): void;
}

/** A clock that stands still, and bytes that are the same in each run. */
export function testWorld(start = Date.parse('2026-06-01T12:00:00.000Z')): TestWorld {
  let time = start;
  let drawn = 0;
  return {
    now: () => time,
    advance(ms) {
      time += ms;
    },
    randomBytes(count) {
      const chunks: Buffer[] = [];
      for (let length = 0; length < count; length += 32) {
        drawn += 1;
        chunks.push(createHash('sha256').update(String(drawn)).digest());
      }
      return new Uint8Array(Buffer.concat(chunks).subarray(0, count));
    },
  };
}

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  /** An access token of an open session. */
  readonly token: string;
  readonly sessionId: string;
}

type Method = NonNullable<InjectOptions['method']>;

export interface Harness {
  readonly database: Database<Tables>;
  readonly world: TestWorld;
  readonly directory: DirectoryApp;
  readonly admin: Person;
  readonly moderator: Person;
  readonly user: Person;
  /** Makes somebody of this role who is signed in. */
  join(role: Role, name?: string): Promise<Person>;
  /** Makes people nobody signs in as. */
  add(...people: Array<Partial<User>>): Promise<User[]>;
  /** One request; `by` sends that person's token, `body` goes out as JSON. */
  send(method: Method, url: string, options?: SendOptions): Promise<LightMyRequestResponse>;
  /** Resolves when every committed change has reached the feed. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface SendOptions {
  by?: Person;
  body?: unknown;
  headers?: Record<string, string>;
}

/** A server over a database of its own, with one person of each role. */
export async function startHarness(
  options: {
    dialect?: Dialect;
    app?: Partial<AppOptions>;
    world?: TestWorld;
    /** Demo people, there before anybody else. */
    demo?: number;
  } = {},
): Promise<Harness> {
  const { dialect = 'pglite', world = testWorld() } = options;
  const store = await createTestDatabase(dialect);
  const database = await openDatabase<Tables>(store.options);
  await migrate(database);
  if (options.demo !== undefined) await loadDemo(database, { count: options.demo, now: world.now() });
  const directory = await createApp({
    database,
    world,
    origins: createOrigins([testOrigin]),
    ...options.app,
  });
  const keys = await loadKeys(database, world);
  const tokens = createAccessTokens(keys.accessTokens, () => world.now());
  const sessions = createSessions(database, world);
  const hash = await hashPassword(testPassword);

  const person = (given: Partial<User>): User => {
    const id = given.id ?? uuidv7(world.now(), world.randomBytes(10));
    const now = new Date(world.now()).toISOString();
    const base = newUser({ id, name: `Person ${id.slice(-6)}`, email: `p.${id}@example.com`, now });
    return { ...base, ...given, id };
  };
  const add = async (...people: Array<Partial<User>>) => {
    const users = people.map(person);
    await database.transaction((tx) => insertMany(tx, users, { demo: false }));
    return users;
  };
  const join = async (role: Role, name = `The ${role}`): Promise<Person> => {
    const [made] = await add({ role, name });
    if (made === undefined) throw new Error('expected one person');
    const { id, email } = made;
    await writeCredential(database.db, { userId: id, hash, initial: false, now: world.now() });
    const { sessionId } = await sessions.open(id, { address: '127.0.0.1', userAgent: 'tests' });
    return { id, email, role, sessionId, token: tokens.issue(id, sessionId) };
  };

  return {
    database,
    world,
    directory,
    admin: await join('admin'),
    moderator: await join('moderator'),
    user: await join('user'),
    join,
    add,
    send(method, url, { by, body, headers = {} } = {}) {
      const request: InjectOptions = {
        method,
        url,
        headers: {
          ...(by === undefined ? {} : { authorization: `Bearer ${by.token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
      };
      if (body !== undefined) request.payload = typeof body === 'string' ? body : JSON.stringify(body);
      return directory.app.inject(request);
    },
    async settled() {
      for (;;) {
        const { offset, waiting } = await database.transaction((tx) => feedPosition(tx), {
          isolation: 'repeatable read',
        });
        if (waiting.length === 0 && directory.feed.offset() >= offset) return;
      }
    },
    async close() {
      await directory.close();
      await database.close();
      await store.dispose();
    },
  };
}

/** The JSON of an answer, after its status was as expected. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the test says what it expects
export function bodyOf<T = never>(response: LightMyRequestResponse, status: number): T {
  if (response.statusCode !== status) {
    throw new Error(`expected ${status}, received ${response.statusCode}: ${response.body.slice(0, 500)}`);
  }
  return response.json();
}

/** What a refusal says, for comparing. */
export function refusalOf(response: LightMyRequestResponse): {
  status: number;
  code: string;
  paths?: string[];
} {
  const type = response.headers['content-type'];
  if (!type?.toString().startsWith('application/problem+json'))
    throw new Error(`expected a problem, received ${type}: ${response.body}`);
  const { status, code, errors, detail, message, requestId, title } = response.json<{
    status: number;
    code: string;
    detail: string;
    message: string;
    title: string;
    requestId: string;
    errors?: Array<{ path: string }>;
  }>();
  const sound = status === response.statusCode && detail === message && title !== '' && requestId !== '';
  if (!sound) throw new Error(`expected a whole problem, received ${response.body}`);
  return { status, code, ...(errors === undefined ? {} : { paths: errors.map(({ path }) => path) }) };
}
