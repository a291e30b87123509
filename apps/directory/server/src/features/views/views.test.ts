import type { SavedView } from '@directory/contract';
import { viewAnswer, viewsAnswer } from '@directory/contract/schema';
import { applyMergePatch, uuidv7 } from '@lockstep/protocol';
import type { Change, RowChange } from '@lockstep/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodyOf, refusalOf, startHarness } from '../../testing/harness.ts';
import type { Harness, Person } from '../../testing/harness.ts';
import { mostOwn } from './store.ts';

let h: Harness;
let other: Person;
beforeAll(async () => {
  h = await startHarness();
  other = await h.join('user');
});
afterAll(() => h.close());

const plain = {
  name: 'Everyone',
  shared: false,
  filter: {},
  sortBy: 'name',
  sortOrder: 'asc',
  columns: ['name'],
};
const newId = () => uuidv7(h.world.now(), h.world.randomBytes(10));

async function create(by: Person, given: object = {}): Promise<SavedView> {
  const answer = bodyOf<{ data: SavedView }>(
    await h.send('POST', '/api/views', { by, body: { ...plain, ...given } }),
    201,
  );
  expect(viewAnswer.parse(answer)).toEqual(answer);
  return answer.data;
}

async function list(by: Person): Promise<SavedView[]> {
  const answer = bodyOf<{ data: SavedView[] }>(await h.send('GET', '/api/views', { by }), 200);
  expect(viewsAnswer.parse(answer)).toEqual(answer);
  return answer.data;
}

const patch = (by: Person, id: string, body: object, headers: Record<string, string> = {}) =>
  h.send('PATCH', `/api/views/${id}`, { by, body, headers });

const sees = async (by: Person, id: string) => (await list(by)).some((view) => view.id === id);

describe('saved views', () => {
  test('are made under the client’s id, with a tidy name, and belong to their maker', async () => {
    const id = newId();
    const view = await create(h.user, { id, name: '  My   people ' });
    expect(view).toEqual({
      ...plain,
      id,
      owner: h.user.id,
      name: 'My people',
      version: 1,
      createdAt: new Date(h.world.now()).toISOString(),
      updatedAt: new Date(h.world.now()).toISOString(),
    });
    expect(await list(h.user)).toContainEqual(view);
    const again = await h.send('POST', '/api/views', { by: h.user, body: { ...plain, id } });
    expect(refusalOf(again)).toEqual({ status: 409, code: 'id-taken', paths: ['/id'] });
  });

  test('an id is taken for good: a deleted view does not begin anew', async () => {
    const { id } = await create(h.user);
    const deleted = await h.send('DELETE', `/api/views/${id}`, { by: h.user });
    expect([deleted.statusCode, deleted.headers['etag']]).toEqual([204, '"2"']);
    expect(refusalOf(await h.send('DELETE', `/api/views/${id}`, { by: h.user })).code).toBe('not-found');
    expect(refusalOf(await h.send('POST', '/api/views', { by: h.user, body: { ...plain, id } })).code).toBe(
      'id-taken',
    );
  });

  test('change by a merge patch: null takes a condition out of the filter', async () => {
    const { id } = await create(h.admin, { filter: { role: 'admin', search: 'x' } });
    const response = await patch(h.admin, id, { filter: { role: null, isActive: true }, name: 'Active' });
    expect(response.headers['etag']).toBe('"2"');
    const { data } = bodyOf<{ data: SavedView }>(response, 200);
    expect(data).toMatchObject({ name: 'Active', version: 2 });
    expect(data.filter).toEqual({ search: 'x', isActive: true });
    const same = await patch(h.admin, id, { name: ' Active ' });
    expect(bodyOf<{ data: SavedView }>(same, 200).data.version).toBe(2);
  });

  test('are conditional and applied once', async () => {
    const { id } = await create(h.user);
    const stale = await patch(h.user, id, { name: 'B' }, { 'if-match': '"9"' });
    expect(refusalOf(stale)).toEqual({ status: 412, code: 'stale-version' });
    expect(stale.json<{ current: SavedView }>().current).toMatchObject({ id, version: 1 });
    const headers = { 'if-match': '"1"', 'idempotency-key': newId() };
    bodyOf(await patch(h.user, id, { name: 'B' }, headers), 200);
    const replayed = await patch(h.user, id, { name: 'B' }, headers);
    expect(replayed.headers['idempotency-replayed']).toBe('true');
    expect(bodyOf<{ data: SavedView }>(replayed, 200).data.version).toBe(2);
  });

  test.each([
    ['name', ''],
    ['name', '\u200b'],
    ['name', 'x'.repeat(101)],
    ['name', 'a\nb'],
    ['filter', { role: 'king' }],
    ['filter', { search: 'x'.repeat(201) }],
    ['sortBy', '__proto__'],
    ['sortOrder', 'sideways'],
    ['columns', ['a', 'a']],
    ['columns', Array.from({ length: 51 }, (_, at) => `c${at}`)],
    ['columns', ['\u202egnp']],
    ['shared', 1],
  ])('refuse %s %j', async (field, value) => {
    const response = await h.send('POST', '/api/views', { by: h.admin, body: { ...plain, [field]: value } });
    expect(refusalOf(response)).toMatchObject({ status: 400, code: 'malformed' });
  });

  test.each([
    ['POST', { ...plain, owner: 'x' }],
    ['POST', { ...plain, filter: { email: 'x' } }],
    ['POST', JSON.parse('{"__proto__":{"shared":true}}')],
    ['PATCH', { version: 7, name: 'x' }],
  ])('refuse unknown fields: %s %j', async (method, body) => {
    const { id } = await create(h.admin);
    const url = method === 'POST' ? '/api/views' : `/api/views/${id}`;
    const { status, code } = refusalOf(await h.send(method, url, { by: h.admin, body }));
    expect(status).toBeLessThan(404);
    expect(['unknown-field', 'field-forbidden', 'malformed']).toContain(code);
  });
});

describe('who sees and changes views', () => {
  test('one’s own alone, unless they are shared', async () => {
    const own = await create(h.moderator);
    const shared = await create(h.moderator, { shared: true });
    for (const by of [h.admin, h.user]) {
      expect(await sees(by, own.id)).toBe(false);
      expect(await sees(by, shared.id)).toBe(true);
      // What one does not see, one does not learn of either.
      for (const method of ['PATCH', 'DELETE']) {
        const response = await h.send(method, `/api/views/${own.id}`, {
          by,
          body: method === 'PATCH' ? { name: 'x' } : undefined,
        });
        expect(refusalOf(response)).toEqual({ status: 404, code: 'not-found' });
      }
    }
  });

  test('role user sees no shared view over what they may not read', async () => {
    for (const given of [
      { filter: { language: 'de' } },
      { filter: { notifications: true } },
      { sortBy: 'email' },
    ]) {
      const { id } = await create(h.moderator, { shared: true, ...given });
      expect(await sees(h.admin, id)).toBe(true);
      expect(await sees(h.user, id)).toBe(false);
    }
  });

  test('role user neither shares nor asks for what they may not read', async () => {
    const refusals = [
      [{ shared: true }, '/shared'],
      [{ filter: { language: 'de' } }, '/filter/language'],
      [{ filter: { notifications: false } }, '/filter/notifications'],
      [{ sortBy: 'email' }, '/sortBy'],
    ] as const;
    const { id } = await create(h.user);
    for (const [given, path] of refusals) {
      const expected = { status: 403, code: 'field-forbidden', paths: [path] };
      const made = await h.send('POST', '/api/views', { by: h.user, body: { ...plain, ...given } });
      expect(refusalOf(made)).toEqual(expected);
      expect(refusalOf(await patch(h.user, id, given))).toEqual(expected);
    }
  });

  test('the owner changes a shared view, an administrator may, nobody else', async () => {
    const { id } = await create(h.moderator, { shared: true });
    const second = await h.join('moderator');
    for (const by of [second, h.user]) {
      expect(refusalOf(await patch(by, id, { name: 'Mine now' }))).toEqual({
        status: 403,
        code: 'forbidden',
      });
      expect(refusalOf(await h.send('DELETE', `/api/views/${id}`, { by })).code).toBe('forbidden');
    }
    bodyOf(await patch(h.moderator, id, { name: 'Owner' }), 200);
    bodyOf(await patch(h.admin, id, { shared: false }), 200);
    // It is no longer shared, so it is no longer the administrator's affair.
    expect(refusalOf(await patch(h.admin, id, { shared: true })).code).toBe('not-found');
  });

  test(`nobody keeps more than ${mostOwn}, however many are made at once`, async () => {
    const keeper = await h.join('user');
    for (let count = 0; count < mostOwn - 3; count += 1) await create(keeper);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => h.send('POST', '/api/views', { by: keeper, body: plain })),
    );
    const statuses = answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b);
    expect(statuses).toEqual([201, 201, 201, 422, 422, 422, 422, 422]);
    expect(await list(keeper).then((views) => views.filter(({ owner }) => owner === keeper.id))).toHaveLength(
      mostOwn,
    );
  });
});

async function changesFor(by: Person, since: number): Promise<Change[]> {
  await h.settled();
  const answer = await h.send('GET', `/api/changes?since=${since}`, { by });
  return bodyOf<{ data: { changes: Change[] } }>(answer, 200).data.changes;
}

const isRow = (change: Change): change is RowChange => change.op !== 'none';

describe('views in the change feed', () => {
  test('sharing is an arrival, withdrawing a departure, and nothing else is told', async () => {
    await h.settled();
    const since = h.directory.feed.offset();
    const { id } = await create(h.moderator, { filter: { role: 'admin' } });
    await patch(h.moderator, id, { shared: true });
    await patch(h.moderator, id, { filter: { role: null } });
    await patch(h.moderator, id, { shared: false });
    await h.send('DELETE', `/api/views/${id}`, { by: h.moderator });
    const told = async (by: Person) =>
      (await changesFor(by, since)).map((change) => (isRow(change) ? [change.op, change.version] : ['none']));
    expect(await told(h.moderator)).toEqual([
      ['insert', 1],
      ['update', 2],
      ['update', 3],
      ['update', 4],
      ['delete', 5],
    ]);
    for (const by of [h.admin, h.user])
      expect(await told(by)).toEqual([['none'], ['insert', 2], ['update', 3], ['delete', 4], ['none']]);
    const [, , , departure] = await changesFor(h.user, since);
    expect(departure).not.toHaveProperty('row');
    expect(departure).toMatchObject({ before: { shared: true, filter: {} } });
  });

  test('I3 a client that follows the feed holds what the list says, for every reader', async () => {
    const owners = [h.admin, h.moderator, other];
    const step = fc.record({
      owner: fc.nat({ max: 2 }),
      at: fc.nat({ max: 5 }),
      what: fc.oneof(
        fc.constant('delete' as const),
        fc.record({
          shared: fc.boolean(),
          sortBy: fc.constantFrom('name', 'email'),
          filter: fc.record({ language: fc.constantFrom('de', null), role: fc.constantFrom('admin', null) }),
        }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        await h.settled();
        const readers = [h.admin, h.moderator, h.user, other];
        const since = h.directory.feed.offset();
        const held = new Map<Person, Map<string, object>>();
        for (const by of readers) held.set(by, new Map((await list(by)).map((view) => [view.id, view])));
        const made: string[] = [];
        for (const { owner, at, what } of steps) {
          const by = owners[owner] ?? h.admin;
          const id = made[at];
          if (id === undefined) {
            const answer = await h.send('POST', '/api/views', { by, body: plain });
            if (answer.statusCode === 201) made.push(answer.json<{ data: SavedView }>().data.id);
          } else if (what === 'delete') await h.send('DELETE', `/api/views/${id}`, { by });
          else await patch(by, id, what);
        }
        for (const by of readers) {
          const rows = held.get(by) ?? new Map<string, object>();
          for (const change of await changesFor(by, since)) {
            if (!isRow(change) || change.entity !== 'view') continue;
            const known = rows.get(change.id);
            if (change.op === 'delete') {
              expect(change.before).toEqual(known);
              rows.delete(change.id);
            } else {
              // `before` leads back to what the reader holds; an arrival has none.
              expect(known === undefined).toBe(change.op === 'insert');
              if (known !== undefined)
                expect(applyMergePatch(change.row ?? {}, change.before ?? {})).toEqual(known);
              rows.set(change.id, change.row ?? {});
            }
          }
          const listed = new Map((await list(by)).map((view) => [view.id, view]));
          expect(rows).toEqual(listed);
        }
      }),
      { numRuns: 12 },
    );
  });
});
