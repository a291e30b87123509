// @vitest-environment node
import { afterEach, expect, test, vi } from 'vitest';
import type { Answer, Sent } from '../testing/fake-server.ts';
import { aPerson, fakeServer, held, problem } from '../testing/fake-server.ts';
import { api } from './api.ts';
import { changesReceived } from './live-slice.ts';
import { createStore } from './store.ts';
import type { Person } from './types.ts';

afterEach(() => vi.unstubAllGlobals());

const { getUsers, getUsersInfinite, getUserById, searchUsers, updateUser } = api.endpoints;

const ann = aPerson(1, { name: 'Ann' });
const bob = aPerson(2, { name: 'Bob' });

const answerReads =
  (people: readonly Person[], offset = 10) =>
  ({ path }: Sent): Answer => {
    const headers = { 'lockstep-offset': String(offset) };
    if (path.startsWith('/api/users/infinite')) {
      return { headers, body: { users: people, hasMore: false, total: people.length } };
    }
    if (path.startsWith('/api/users/search')) return { headers, body: { data: people } };
    if (path.startsWith('/api/users?'))
      return { headers, body: { data: { users: people, total: people.length, hasMore: false } } };
    const person = people.find(({ id }) => path === `/api/users/${id}`);
    return person === undefined ? problem(404, 'not-found') : { headers, body: { data: person } };
  };

const update = (before: Person, after: Person, lastOffset: number) =>
  changesReceived({
    changes: [
      {
        entity: 'user',
        id: after.id,
        op: 'update',
        version: after.version,
        row: { ...after },
        before: { name: before.name, version: before.version },
        actor: null,
        at: '2026-01-01T00:00:00.000Z',
      } as never,
    ],
    lastOffset,
  });

test('G22 G43 one change reaches every cached copy of the row, whatever arguments the copies were asked for with', async () => {
  fakeServer(answerReads([ann, bob]));
  const store = createStore();
  await store.dispatch(getUsers.initiate({ page: 1, pageSize: 20 }));
  await store.dispatch(getUsers.initiate({ page: 1, pageSize: 50, filters: { role: 'user' } }));
  await store.dispatch(getUsersInfinite.initiate({ sortBy: 'name' }));
  await store.dispatch(searchUsers.initiate({ query: 'b' }));
  await store.dispatch(getUserById.initiate(bob.id));
  const now = { ...bob, name: 'Robert', version: 2 };
  store.dispatch(update(bob, now, 11));
  const state = store.getState();
  expect(getUsers.select({ page: 1 })(state).data?.users[1]).toEqual(now);
  expect(getUsers.select({ pageSize: 50, filters: { role: 'user' } })(state).data?.users[1]).toEqual(now);
  expect(getUsersInfinite.select({ sortBy: 'name' })(state).data?.pages[0]?.users[1]).toEqual(now);
  expect(searchUsers.select({ query: 'b' })(state).data?.[1]).toEqual(now);
  expect(getUserById.select(bob.id)(state).data).toEqual(now);
});

test('F4 an answer that was read before a change and comes after it does not bring the old row back', async () => {
  const answer = held<Answer>();
  fakeServer(() => answer.promise);
  const store = createStore();
  const reading = store.dispatch(getUsersInfinite.initiate({}));
  const now = { ...bob, name: 'Robert', version: 2 };
  store.dispatch(update(bob, now, 11));
  answer.resolve(
    answerReads(
      [ann, bob],
      10,
    )({ method: 'GET', path: '/api/users/infinite?', headers: new Headers(), body: null }),
  );
  await reading;
  expect(getUsersInfinite.select({})(store.getState()).data?.pages[0]?.users).toEqual([ann, now]);
});

test('G31 an answer to a write changes the cached rows; no list is read again', async () => {
  const now = { ...bob, name: 'Robert', version: 2 };
  const sent = fakeServer((request) =>
    request.method === 'PATCH' ? { body: { data: now } } : answerReads([ann, bob])(request),
  );
  const store = createStore();
  await store.dispatch(getUsersInfinite.initiate({}));
  await store.dispatch(updateUser.initiate({ id: bob.id, changes: { name: 'Robert' }, version: 1 }));
  expect(getUsersInfinite.select({})(store.getState()).data?.pages[0]?.users[1]).toEqual(now);
  expect(sent.map(({ method, path }) => `${method} ${path.split('?')[0] ?? ''}`)).toEqual([
    'GET /api/users/infinite',
    `PATCH /api/users/${bob.id}`,
  ]);
  expect(sent[1]?.headers.get('if-match')).toBe('"1"');
});

test('F18 a write refused for being stale brings the row as it is now', async () => {
  const now = { ...bob, name: 'Theirs', version: 5 };
  fakeServer((request) =>
    request.method === 'PATCH'
      ? problem(412, 'stale-version', { current: now })
      : answerReads([ann, bob])(request),
  );
  const store = createStore();
  await store.dispatch(getUsersInfinite.initiate({}));
  await store.dispatch(updateUser.initiate({ id: bob.id, changes: { name: 'Mine' }, version: 1 }));
  expect(getUsersInfinite.select({})(store.getState()).data?.pages[0]?.users[1]).toEqual(now);
});

test('G29 the page of somebody who was deleted keeps what it showed and asks for nothing', async () => {
  const sent = fakeServer(answerReads([ann, bob]));
  const store = createStore();
  await store.dispatch(getUserById.initiate(bob.id));
  store.dispatch(
    changesReceived({
      changes: [
        {
          entity: 'user',
          id: bob.id,
          op: 'delete',
          version: 2,
          before: { ...bob },
          actor: null,
          at: '2026-01-01T00:00:00.000Z',
        } as never,
      ],
      lastOffset: 11,
    }),
  );
  expect(getUserById.select(bob.id)(store.getState()).data).toEqual(bob);
  expect(store.getState().live.gone).toEqual([bob.id]);
  expect(sent).toHaveLength(1);
});
