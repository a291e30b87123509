import { errorCatalogue } from '@directory/contract';
import { codesOf, routes } from '@directory/contract/schema';
import type { Route, RouteName } from '@directory/contract/schema';
import { uuidv7 } from '@lockstep/protocol';
import fc from 'fast-check';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isHostileText } from '../http/strict-json.ts';
import { refusalOf, startHarness } from '../testing/harness.ts';
import type { Harness, Person } from '../testing/harness.ts';
import { hostileText, hostileValue, tamperedWith, valuesOf } from './arbitraries.harness.ts';

/** Each call gets so many requests; the long run many more. A failure prints its seed. */
const numRuns = process.env['LOCKSTEP_FULL'] === '1' ? 1_000 : 30;

let h: Harness;
let callers: Record<'admin' | 'moderator' | 'user', Person>;
/** Ids of rows of every kind, so that requests also hit something. */
let samples: string[] = [];

beforeAll(async () => {
  h = await startHarness();
  callers = { admin: h.admin, moderator: h.moderator, user: h.user };
  const victims = await h.add({}, {}, { role: 'moderator' });
  samples = victims.map(({ id }) => id);
  const filter = { name: 'V', filter: {}, sortBy: 'name', sortOrder: 'asc', columns: ['name'] };
  for (const [path, body] of [
    ['/api/views', { ...filter, shared: true }],
    ['/api/views', { ...filter, shared: false }],
    ['/api/invitations', { email: 'guest@example.org' }],
  ] as const) {
    const made = (await h.send('POST', path, { by: h.admin, body })).json<{
      data: { id?: string; invitation?: { id: string } };
    }>();
    samples.push(made.data.id ?? made.data.invitation?.id ?? '');
  }
});
afterAll(() => h.close());

const served = (route: Route) => h.directory.app.hasRoute({ method: route.method, url: route.path });

interface Attempt {
  by: 'admin' | 'moderator' | 'user' | 'nobody';
  params: string[];
  query: Array<[string, string]>;
  body: { kind: 'none' } | { kind: 'json'; value: unknown } | { kind: 'raw'; type: string; text: string };
  headers: Record<string, string>;
}

/** Mostly right or nearly right: a request that is wrong everywhere is refused at the first door. */
function attempts(route: Route): fc.Arbitrary<Attempt> {
  const { params = null, query, body } = route;
  const names = Object.keys(params?.shape ?? {});
  const id = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...samples) },
    { weight: 1, arbitrary: fc.uuid() },
    { weight: 1, arbitrary: hostileText },
  );
  const right = valuesOf(query).map((value) =>
    Object.entries(value as object).map(([key, one]): [string, string] => [key, String(one)]),
  );
  const wrong = fc.array(
    fc.tuple(fc.oneof(fc.constantFrom(...Object.keys(query.shape), 'x'), hostileText), hostileText),
    { maxLength: 3 },
  );
  const queries = fc.oneof(
    { weight: 4, arbitrary: right },
    { weight: 1, arbitrary: wrong },
    { weight: 1, arbitrary: fc.tuple(right, wrong).map(([some, more]) => [...some, ...more]) },
  );
  const none = fc.constant({ kind: 'none' as const });
  const raw = fc.record({
    kind: fc.constant('raw' as const),
    type: fc.constantFrom(
      'application/json',
      'text/plain',
      'multipart/form-data',
      'application/xml',
      '',
      'application/json; charset=utf-16',
    ),
    text: fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('{', '[]', '"x"', '{"a":1e999}', '[[[['.repeat(40), '{"__proto__":{}}'),
    ),
  });
  const json = (values: fc.Arbitrary<unknown>) => values.map((value) => ({ kind: 'json' as const, value }));
  const bodies: fc.Arbitrary<Attempt['body']> =
    body.type === 'json'
      ? fc.oneof(
          { weight: 4, arbitrary: json(valuesOf(body.schema, samples)) },
          {
            weight: 4,
            arbitrary: json(valuesOf(body.schema, samples).chain((value) => tamperedWith(value))),
          },
          { weight: 1, arbitrary: json(hostileValue) },
          { weight: 1, arbitrary: raw },
          { weight: 1, arbitrary: none },
        )
      : fc.oneof(
          { weight: 6, arbitrary: none },
          { weight: 1, arbitrary: raw },
          { weight: 1, arbitrary: json(hostileValue) },
        );
  const headers = fc.oneof(
    { weight: 4, arbitrary: fc.constant({}) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('"1"', '"0"', '1', '*', 'W/"1"', '"99999999999"', '"-1"', '')
        .map((text) => ({ 'if-match': text })),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(
          'key',
          '1',
          '__proto__',
          uuidv7(0, new Uint8Array(10)),
          uuidv7(2 ** 48 - 1, new Uint8Array(10)),
          'fresh',
        )
        .map((text) => ({ 'idempotency-key': text })),
    },
  );
  return fc.record({
    by: fc.constantFrom('admin', 'admin', 'moderator', 'user', 'nobody'),
    params: fc.tuple(...names.map(() => id)),
    query: queries,
    body: bodies,
    headers,
  });
}

async function send(route: Route, { by, params, query, body, headers }: Attempt) {
  let at = 0;
  const path = route.path.replace(/:\w+/g, () => encoded(params[at++] ?? ''));
  const search = query.map(([key, value]) => `${encoded(key)}=${encoded(value)}`).join('&');
  // Those whom a call may sign out are not needed afterwards.
  const ends = route.path === '/api/auth/logout' || route.path === '/api/auth/password';
  const caller = by === 'nobody' ? null : ends ? await h.join(by) : callers[by];
  const key =
    headers['idempotency-key'] === 'fresh' ? uuidv7(h.world.now(), h.world.randomBytes(10)) : undefined;
  return h.directory.app.inject({
    method: route.method,
    url: search === '' ? path : `${path}?${search}`,
    headers: {
      ...headers,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...(caller === null ? {} : { authorization: `Bearer ${caller.token}` }),
      ...(body.kind === 'json' ? { 'content-type': 'application/json' } : {}),
      ...(body.kind === 'raw' ? { 'content-type': body.type } : {}),
    },
    ...(body.kind === 'none'
      ? {}
      : { payload: body.kind === 'raw' ? body.text : JSON.stringify(body.value) }),
  });
}

function encoded(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80';
}

/** What the contract says of the request, apart from what the server knows. */
function contradicts(route: Route, { by, params, query, body }: Attempt): string | null {
  if (by === 'nobody' && route.audience !== 'anyone') return 'nobody is signed in';
  if (by === 'user' && route.audience === 'staff') return 'a user is no staff';
  if (by !== 'admin' && route.audience === 'admin') return 'not an administrator';
  const names = Object.keys(route.params?.shape ?? {});
  if (
    route.params?.safeParse(Object.fromEntries(names.map((name, at) => [name, params[at]]))).success === false
  )
    return 'the address';
  const keys = query.map(([key]) => key);
  if (new Set(keys).size !== keys.length) return 'a key given twice';
  if (query.some(([key, value]) => isHostileText(key) || isHostileText(value)))
    return 'hostile text in the query';
  if (!route.query.safeParse(Object.fromEntries(query)).success) return 'the query';
  if (route.body.type === 'json') {
    if (body.kind === 'none') return 'no body';
    const value = body.kind === 'json' ? body.value : parsed(body.text);
    if (!route.body.schema.safeParse(value).success) return 'the body';
  }
  return null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function judge(name: RouteName, route: Route, attempt: Attempt, response: LightMyRequestResponse): void {
  const { statusCode, body } = response;
  expect(statusCode, body).toBeLessThan(500);
  expect(body).not.toMatch(/\n\s+at |node_modules|\.ts:\d+/);
  expect(response.headers['x-content-type-options']).toBe('nosniff');
  if (statusCode >= 300) {
    const { status, code } = refusalOf(response);
    // What the framework itself refuses belongs to no call.
    const known = [...codesOf(route), 'not-found', 'malformed', 'unsupported-type', 'too-large'];
    expect(known).toContain(code);
    expect(errorCatalogue).toHaveProperty([code, 'status'], status);
    if (status === 429) expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
    return;
  }
  expect([name, contradicts(route, attempt)]).toEqual([name, null]);
  const { answer } = route;
  expect(statusCode).toBe(answer.status);
  if (answer.type === 'empty') expect(body).toBe('');
  // Neither less nor more than the contract says.
  else if (answer.type === 'json') expect(answer.schema.parse(response.json())).toEqual(response.json());
}

describe('whatever is sent, every call answers as the contract says', () => {
  test.each(Object.entries<Route>(routes))('%s', async (name, route) => {
    // A call of the contract that this server does not answer yet is told by the description, not here.
    if (!served(route)) return;
    await fc.assert(
      fc.asyncProperty(attempts(route), async (attempt) => {
        judge(name as RouteName, route, attempt, await send(route, attempt));
      }),
      { numRuns },
    );
  });

  test('any method, address and bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'),
        fc.array(
          fc.oneof(
            fc.constantFrom('api', 'users', 'auth', 'views', '..', '%2e%2e', '%00', '%zz', ''),
            hostileText.map(encoded),
          ),
          { maxLength: 5 },
        ),
        fc.uint8Array({ maxLength: 200 }),
        async (method, parts, bytes) => {
          const response = await h.directory.app.inject({
            method: method as 'GET',
            url: `/${parts.join('/')}`,
            headers: { authorization: `Bearer ${callers.admin.token}`, 'content-type': 'application/json' },
            ...(method === 'GET' || method === 'HEAD' ? {} : { payload: Buffer.from(bytes) }),
          });
          expect(response.statusCode, response.body).toBeLessThan(500);
        },
      ),
      { numRuns: numRuns * 5 },
    );
  });

  test('and afterwards the server is well, its people are whole, and no prototype has changed', async () => {
    expect((await h.send('GET', '/healthz')).statusCode).toBe(200);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(Object.hasOwn(Object.prototype, 'role')).toBe(false);
    const people = await h.send('GET', '/api/users?pageSize=500', { by: h.admin });
    expect(people.statusCode).toBe(200);
    expect(routes.listUsers.answer.schema.safeParse(people.json()).success).toBe(true);
    await h.settled();
    const changes = await h.send('GET', '/api/changes?since=0', { by: h.admin });
    expect(routes.readChanges.answer.schema.safeParse(changes.json()).success).toBe(true);
  });
});
