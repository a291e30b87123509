import type { User } from '@directory/contract';
import { publicUserSchema, userSchema } from '@directory/contract/schema';
import { uuidv7 } from '@lockstep/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodyOf, refusalOf, startHarness } from '../../testing/harness.ts';
import type { Harness, Person } from '../../testing/harness.ts';

let h: Harness;
beforeAll(async () => {
  h = await startHarness();
});
afterAll(() => h.close());

const one = async (given: Partial<User> = {}): Promise<User> => {
  const [user] = await h.add(given);
  if (user === undefined) throw new Error('expected a person');
  return user;
};
const read = async (id: string, by: Person = h.admin) =>
  bodyOf<{ data: User }>(await h.send('GET', `/api/users/${id}`, { by }), 200).data;
const key = () => uuidv7(h.world.now(), h.world.randomBytes(10));

describe('one person', () => {
  test('is read with an ETag and an offset', async () => {
    const user = await one();
    const response = await h.send('GET', `/api/users/${user.id}`, { by: h.admin });
    expect(bodyOf<{ data: User }>(response, 200).data).toEqual(user);
    expect(response.headers['etag']).toBe('"1"');
    expect(response.headers['lockstep-offset']).toMatch(/^\d+$/);
    expect(response.headers['cache-control']).toBe('no-store');
  });

  test.each(['temp_1712345', '__proto__', 'toString', '0193e5f0-0000-7000-8000-000000000000'])(
    'that does not exist (%s) is not found',
    async (id) => {
      expect(refusalOf(await h.send('GET', `/api/users/${id}`, { by: h.admin }))).toEqual({
        status: 404,
        code: 'not-found',
      });
    },
  );

  test('is made under the id that the client chose', async () => {
    const id = key();
    const body = { id, name: '  Ada   Lovelace ', email: 'Ada@example.org' };
    const response = await h.send('POST', '/api/users', { by: h.admin, body });
    const { data } = bodyOf<{ data: User }>(response, 201);
    expect(data).toMatchObject({
      id,
      name: 'Ada Lovelace',
      email: 'Ada@example.org',
      role: 'user',
      version: 1,
    });
    expect(userSchema.parse(data)).toEqual(data);
    expect(response.headers['etag']).toBe('"1"');
    const again = await h.send('POST', '/api/users', {
      by: h.admin,
      body: { ...body, email: 'b@example.org' },
    });
    expect(refusalOf(again)).toEqual({ status: 409, code: 'id-taken', paths: ['/id'] });
  });

  test('has an address of its own, whatever the capitals', async () => {
    await one({ email: 'Grace.Hopper@example.org' });
    const body = { name: 'Grace', email: 'grace.hopper@EXAMPLE.org' };
    expect(refusalOf(await h.send('POST', '/api/users', { by: h.admin, body }))).toEqual({
      status: 409,
      code: 'email-taken',
      paths: ['/email'],
    });
    const other = await one();
    const patch = { email: 'GRACE.hopper@example.org' };
    expect(
      refusalOf(await h.send('PATCH', `/api/users/${other.id}`, { by: h.admin, body: patch })).code,
    ).toBe('email-taken');
  });
});

describe('a patch', () => {
  test('G9 is a merge patch: one preference keeps the others', async () => {
    const user = await one({ preferences: { theme: 'light', notifications: false, language: 'pl' } });
    const body = { preferences: { theme: 'dark' } };
    const response = await h.send('PATCH', `/api/users/${user.id}`, { by: h.admin, body });
    expect(bodyOf<{ data: User }>(response, 200).data.preferences).toEqual({
      theme: 'dark',
      notifications: false,
      language: 'pl',
    });
    expect(response.headers['etag']).toBe('"2"');
    expect(await read(user.id)).toMatchObject({ version: 2 });
  });

  test('that changes nothing makes no version', async () => {
    const user = await one();
    const response = await h.send('PATCH', `/api/users/${user.id}`, {
      by: h.admin,
      body: { name: user.name },
    });
    expect(bodyOf<{ data: User }>(response, 200).data).toEqual(user);
    expect(response.headers['etag']).toBe('"1"');
  });

  test('F18 is refused with the current row where the writer saw another version', async () => {
    const user = await one();
    await h.send('PATCH', `/api/users/${user.id}`, { by: h.admin, body: { name: 'Second' } });
    const late = await h.send('PATCH', `/api/users/${user.id}`, {
      by: h.admin,
      body: { name: 'Late' },
      headers: { 'if-match': '"1"' },
    });
    expect(refusalOf(late)).toEqual({ status: 412, code: 'stale-version' });
    expect(late.json()).toMatchObject({ current: { id: user.id, name: 'Second', version: 2 } });
    const informed = await h.send('PATCH', `/api/users/${user.id}`, {
      by: h.admin,
      body: { name: 'Informed' },
      headers: { 'if-match': '"2"' },
    });
    expect(bodyOf<{ data: User }>(informed, 200).data).toMatchObject({ name: 'Informed', version: 3 });
  });

  test.each(['1', 'W/"1"', '"x"', '"1", "2"', '"99999999999"'])(
    'with If-Match %s is malformed',
    async (header) => {
      const user = await one();
      const options = { by: h.admin, body: { name: 'X' }, headers: { 'if-match': header } };
      expect(refusalOf(await h.send('PATCH', `/api/users/${user.id}`, options)).code).toBe('malformed');
    },
  );

  test('F16 of a deleted person is not found', async () => {
    const user = await one();
    await h.send('DELETE', `/api/users/${user.id}`, { by: h.admin });
    const response = await h.send('PATCH', `/api/users/${user.id}`, { by: h.admin, body: { name: 'Late' } });
    expect(refusalOf(response).code).toBe('not-found');
  });
});

describe('a deletion', () => {
  test('G18 answers 204 without a body, and its empty JSON body is none', async () => {
    const user = await one();
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const response = await h.send('DELETE', `/api/users/${user.id}`, { by: h.admin, headers });
    expect(response.statusCode).toBe(204);
    expect(response.body).toBe('');
    expect(response.headers['etag']).toBe('"2"');
    expect(response.headers['lockstep-offset']).toMatch(/^\d+$/);
    expect(refusalOf(await h.send('GET', `/api/users/${user.id}`, { by: h.admin })).code).toBe('not-found');
    expect(refusalOf(await h.send('DELETE', `/api/users/${user.id}`, { by: h.admin })).code).toBe(
      'not-found',
    );
  });

  test('can be undone, with a higher version', async () => {
    const user = await one();
    expect(refusalOf(await h.send('POST', `/api/users/${user.id}/restore`, { by: h.admin })).code).toBe(
      'not-deleted',
    );
    await h.send('DELETE', `/api/users/${user.id}`, { by: h.admin });
    const headers = { 'content-type': 'application/json' };
    const response = await h.send('POST', `/api/users/${user.id}/restore`, { by: h.admin, headers });
    expect(bodyOf<{ data: User }>(response, 200).data).toMatchObject({ id: user.id, version: 3 });
    expect(await read(user.id)).toMatchObject({ name: user.name, version: 3 });
  });

  test('frees the address, and a restore finds it taken', async () => {
    const user = await one({ email: 'shared@example.org' });
    await h.send('DELETE', `/api/users/${user.id}`, { by: h.admin });
    await one({ email: 'shared@example.org' });
    expect(refusalOf(await h.send('POST', `/api/users/${user.id}/restore`, { by: h.admin })).code).toBe(
      'email-taken',
    );
  });
});

describe('a write with a key', () => {
  test('F2 is applied once, and answered again as it was', async () => {
    const user = await one();
    const headers = { 'idempotency-key': key(), 'if-match': '"1"' };
    const request = { by: h.admin, body: { name: 'Once' }, headers };
    const first = await h.send('PATCH', `/api/users/${user.id}`, request);
    const again = await h.send('PATCH', `/api/users/${user.id}`, request);
    expect(again.statusCode).toBe(200);
    expect(again.body).toBe(first.body);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(again.headers['etag']).toBe('"2"');
    expect(await read(user.id)).toMatchObject({ version: 2 });
  });

  test('F3 never meets a false 412 when its answer was lost', async () => {
    const user = await one();
    const headers = { 'idempotency-key': key(), 'if-match': '"1"' };
    const request = { by: h.admin, body: { name: 'Mine' }, headers };
    await h.send('PATCH', `/api/users/${user.id}`, request);
    await h.send('PATCH', `/api/users/${user.id}`, { by: h.moderator, body: { name: 'Theirs' } });
    const again = await h.send('PATCH', `/api/users/${user.id}`, request);
    expect(again.statusCode).toBe(200);
    expect(await read(user.id)).toMatchObject({ name: 'Theirs', version: 3 });
  });

  test('F2 also when it answers 201 or 204', async () => {
    const created = {
      by: h.admin,
      body: { name: 'N', email: 'once@example.org' },
      headers: { 'idempotency-key': key() },
    };
    const first = await h.send('POST', '/api/users', created);
    const again = await h.send('POST', '/api/users', created);
    expect([again.statusCode, again.body]).toEqual([201, first.body]);
    const { data } = first.json<{ data: User }>();
    const deletion = { by: h.admin, headers: { 'idempotency-key': key() } };
    await h.send('DELETE', `/api/users/${data.id}`, deletion);
    const gone = await h.send('DELETE', `/api/users/${data.id}`, deletion);
    expect([gone.statusCode, gone.body, gone.headers['etag']]).toEqual([204, '', '"2"']);
  });

  test('is refused with another body, on another path and by another person', async () => {
    const [user, other] = [await one(), await one()];
    const headers = { 'idempotency-key': key() };
    await h.send('PATCH', `/api/users/${user.id}`, { by: h.admin, body: { name: 'A' }, headers });
    const mismatch = { status: 422, code: 'idempotency-mismatch' };
    const send = (id: string, by: Person, name: string) =>
      h.send('PATCH', `/api/users/${id}`, { by, body: { name }, headers }).then(refusalOf);
    expect(await send(user.id, h.admin, 'B')).toEqual(mismatch);
    expect(await send(other.id, h.admin, 'A')).toEqual(mismatch);
    expect(await send(user.id, h.moderator, 'A')).toEqual(mismatch);
  });

  test('that was refused gives its key back', async () => {
    const user = await one({ role: 'admin' });
    const headers = { 'idempotency-key': key() };
    const refused = await h.send('PATCH', `/api/users/${user.id}`, {
      by: h.admin,
      body: { name: 'A' },
      headers: { ...headers, 'if-match': '"7"' },
    });
    expect(refusalOf(refused).code).toBe('stale-version');
    const request = { by: h.admin, body: { name: 'B' }, headers };
    expect((await h.send('PATCH', `/api/users/${user.id}`, request)).statusCode).toBe(200);
  });

  test('is refused where its key is old, ahead of time or no key', async () => {
    const user = await one();
    const send = (idempotencyKey: string) =>
      h
        .send('PATCH', `/api/users/${user.id}`, {
          by: h.admin,
          body: { name: 'A' },
          headers: { 'idempotency-key': idempotencyKey },
        })
        .then(refusalOf);
    const at = (ms: number) => uuidv7(h.world.now() + ms, h.world.randomBytes(10));
    expect(await send(at(-8 * 24 * 3600e3))).toEqual({ status: 409, code: 'intent-expired' });
    expect(await send(at(11 * 60e3))).toEqual({ status: 422, code: 'clock-skew' });
    expect(await send('not-a-key')).toMatchObject({ status: 400, code: 'malformed' });
    expect(await read(user.id)).toMatchObject({ version: 1 });
  });
});

describe('a batch', () => {
  test('answers everybody in the order asked, in the envelope', async () => {
    const [a, b] = [await one(), await one()];
    const updates = [
      { id: b.id, changes: { preferences: { theme: 'dark' } } },
      { id: a.id, changes: { name: 'Alpha' }, version: 1 },
    ];
    const response = await h.send('PATCH', '/api/users/batch', { by: h.admin, body: { updates } });
    const { data } = bodyOf<{ data: User[] }>(response, 200);
    expect(data.map(({ id, version }) => [id, version])).toEqual([
      [b.id, 2],
      [a.id, 2],
    ]);
    expect(data[1]).toMatchObject({ name: 'Alpha' });
  });

  test('F24 is all or nothing', async () => {
    const [a, b] = [await one(), await one()];
    const updates = [
      { id: a.id, changes: { name: 'Never' } },
      { id: b.id, changes: { name: 'Never' }, version: 9 },
    ];
    const response = await h.send('PATCH', '/api/users/batch', { by: h.admin, body: { updates } });
    expect(refusalOf(response)).toEqual({ status: 412, code: 'stale-version', paths: ['/updates/1'] });
    expect(await read(a.id)).toEqual(a);
  });

  test('F24 each for itself says how every row fared', async () => {
    const [a, b, taken] = [await one(), await one(), await one({ email: 'held@example.org' })];
    const missing = key();
    const updates = [
      { id: a.id, changes: { email: taken.email } },
      { id: missing, changes: { name: 'Nobody' } },
      { id: b.id, changes: { name: 'Beta', email: 'beta@example.org' } },
      { id: b.id, changes: { name: 'Stale' }, version: 1 },
    ];
    const response = await h.send('PATCH', '/api/users/batch?mode=each', { by: h.admin, body: { updates } });
    const { data } = bodyOf<{
      data: Array<{ id: string; status: number; user?: User; problem?: { code: string } }>;
    }>(response, 200);
    expect(data.map(({ id, status, problem }) => [id, status, problem?.code])).toEqual([
      [a.id, 409, 'email-taken'],
      [missing, 404, 'not-found'],
      [b.id, 200, undefined],
      [b.id, 412, 'stale-version'],
    ]);
    expect(await read(a.id)).toEqual(a);
    expect(await read(b.id)).toMatchObject({ name: 'Beta', version: 2 });
  });

  test('F24 two updates of one person make one version', async () => {
    const a = await one();
    const updates = [
      { id: a.id, changes: { name: 'One' } },
      { id: a.id, changes: { preferences: { language: 'de' } } },
    ];
    const response = await h.send('PATCH', '/api/users/batch', { by: h.admin, body: { updates } });
    bodyOf(response, 200);
    expect(await read(a.id)).toMatchObject({ name: 'One', version: 2, preferences: { language: 'de' } });
  });
});

describe('rights', () => {
  test('role user reads others in part, and themselves whole', async () => {
    const other = await one();
    const seen = await read(other.id, h.user);
    expect(publicUserSchema.strict().parse(seen)).toEqual(seen);
    expect(seen).not.toHaveProperty('email');
    expect(await read(h.user.id, h.user)).toHaveProperty('email', h.user.email);
    expect(await read(other.id, h.moderator)).toEqual(other);
  });

  test.each([
    ['user', 'other', { name: 'X' }, 403, 'forbidden'],
    ['user', 'self', { name: 'X' }, 200, null],
    ['user', 'self', { role: 'admin' }, 403, 'field-forbidden'],
    ['moderator', 'self', { role: 'admin' }, 403, 'field-forbidden'],
    ['moderator', 'other', { name: 'X' }, 200, null],
    ['moderator', 'other', { role: 'moderator' }, 403, 'field-forbidden'],
    ['moderator', 'admin', { name: 'X' }, 403, 'forbidden'],
    ['admin', 'other', { role: 'moderator' }, 200, null],
    ['admin', 'other', { lastActive: '2026-06-01T12:00:00.000Z' }, 403, 'field-forbidden'],
    ['user', 'self', { version: 9 }, 403, 'field-forbidden'],
    ['admin', 'other', { nickname: 'X' }, 400, 'unknown-field'],
  ] as const)('a patch by %s of %s with %j is %i %s', async (role, whom, body, status, code) => {
    const writer = await h.join(role);
    const target =
      whom === 'self' ? writer.id : (await one({ role: whom === 'admin' ? 'admin' : 'user' })).id;
    const response = await h.send('PATCH', `/api/users/${target}`, { by: writer, body });
    if (code === null) expect(response.statusCode).toBe(status);
    else expect(refusalOf(response)).toMatchObject({ status, code });
  });

  test('deleting and creating is for staff, within their reach', async () => {
    const [plain, chief] = [await one(), await one({ role: 'moderator' })];
    const remove = (by: Person, id: string) => h.send('DELETE', `/api/users/${id}`, { by });
    expect(refusalOf(await remove(h.user, plain.id)).code).toBe('forbidden');
    expect(refusalOf(await remove(h.moderator, chief.id)).code).toBe('forbidden');
    expect((await remove(h.moderator, plain.id)).statusCode).toBe(204);
    const make = (by: Person, role: string) =>
      h.send('POST', '/api/users', {
        by,
        body: { name: 'N', email: `${role}.${by.role}@example.org`, role },
      });
    expect(refusalOf(await make(h.user, 'user')).code).toBe('forbidden');
    expect(refusalOf(await make(h.moderator, 'admin'))).toMatchObject({
      code: 'field-forbidden',
      paths: ['/role'],
    });
    expect((await make(h.moderator, 'user')).statusCode).toBe(201);
    expect((await make(h.admin, 'admin')).statusCode).toBe(201);
  });

  test('a batch is checked row by row', async () => {
    const other = await one();
    const updates = [
      { id: h.user.id, changes: { name: 'Mine' } },
      { id: other.id, changes: { name: 'Not mine' } },
    ];
    const all = await h.send('PATCH', '/api/users/batch', { by: h.user, body: { updates } });
    expect(refusalOf(all)).toMatchObject({ status: 403, code: 'forbidden' });
    const each = await h.send('PATCH', '/api/users/batch?mode=each', { by: h.user, body: { updates } });
    expect(bodyOf<{ data: Array<{ status: number }> }>(each, 200).data.map(({ status }) => status)).toEqual([
      200, 403,
    ]);
    expect(await read(other.id)).toEqual(other);
  });

  test.each(['language=de', 'notifications=true', 'sortBy=email', 'sortBy=createdAt'])(
    'role user may not ask by what they may not read: %s',
    async (query) => {
      for (const path of ['/api/users', '/api/users/infinite']) {
        const response = await h.send('GET', `${path}?${query}`, { by: h.user });
        expect(refusalOf(response)).toMatchObject({ status: 403, code: 'field-forbidden' });
        expect((await h.send('GET', `${path}?${query}`, { by: h.moderator })).statusCode).toBe(200);
      }
    },
  );

  test('role user finds nobody by an address, save themselves', async () => {
    await one({ name: 'Quiet', email: 'needle.in.haystack@example.org' });
    const find = async (by: Person, q: string) =>
      bodyOf<{ data: User[] }>(await h.send('GET', `/api/users/search?q=${q}`, { by }), 200).data.map(
        ({ name }) => name,
      );
    expect(await find(h.moderator, 'needle.in')).toEqual(['Quiet']);
    expect(await find(h.user, 'needle.in')).toEqual([]);
    expect(await find(h.user, encodeURIComponent(h.user.email))).toHaveLength(1);
  });
});

describe('activity', () => {
  test('is written at most once a minute, and raises the version', async () => {
    const person = await h.join('user');
    const seen = () => read(person.id, h.admin);
    await h.send('GET', '/api/users/stats', { by: person });
    expect(await seen()).toMatchObject({ version: 1 });
    h.world.advance(61_000);
    await h.send('GET', '/api/users/stats', { by: person });
    await h.send('GET', '/api/users/stats', { by: person });
    await h.settled();
    await h.send('GET', '/api/users/stats', { by: person });
    await expect.poll(seen).toMatchObject({ version: 2, lastActive: new Date(h.world.now()).toISOString() });
    await h.send('GET', '/api/users/stats', { by: person });
    expect(await seen()).toMatchObject({ version: 2 });
  });
});
