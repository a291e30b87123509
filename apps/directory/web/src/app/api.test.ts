// @vitest-environment node
import { afterEach, expect, test, vi } from 'vitest';
import { aPerson, fakeServer, problem } from '../testing/fake-server.ts';
import { api } from './api.ts';
import { createStore } from './store.ts';

afterEach(() => vi.unstubAllGlobals());

const { getUsers, getUsersInfinite, searchUsers, createUser, deleteUser } = api.endpoints;

const emptyPage = { body: { data: { users: [], total: 0, hasMore: false } } };

test('G33 no arguments, the defaults and absent members are one cache entry and one request', async () => {
  const sent = fakeServer(() => emptyPage);
  const store = createStore();
  await store.dispatch(getUsers.initiate({}));
  await store.dispatch(getUsers.initiate({ page: 1, pageSize: 20, sortBy: 'lastActive' }));
  await store.dispatch(getUsers.initiate({ filters: {} }));
  await store.dispatch(getUsers.initiate({ filters: { search: '' } }));
  expect(sent.map(({ path }) => path)).toEqual([
    '/api/users?page=1&pageSize=20&sortBy=lastActive&sortOrder=desc',
  ]);
});

test('G34 an infinite list goes on by cursors, and reads anew from its start', async () => {
  const sent = fakeServer(({ path }) => {
    const cursor = new URL(path, 'http://x').searchParams.get('cursor');
    const number = cursor === null ? 1 : Number(cursor);
    return {
      body: {
        users: [aPerson(number)],
        hasMore: number < 3,
        total: 3,
        ...(number < 3 && { nextCursor: String(number + 1) }),
      },
    };
  });
  const store = createStore();
  const list = store.dispatch(getUsersInfinite.initiate({}));
  await list;
  await store.dispatch(getUsersInfinite.initiate({}, { direction: 'forward' }));
  await store.dispatch(getUsersInfinite.initiate({}, { direction: 'forward' }));
  const names = () =>
    getUsersInfinite
      .select({})(store.getState())
      .data?.pages.map(({ users }) => users[0]?.name);
  expect(names()).toEqual(['Person 1', 'Person 2', 'Person 3']);
  await list.refetch();
  expect(names()).toEqual(['Person 1']);
  expect(sent.map(({ path }) => new URL(path, 'http://x').searchParams.get('cursor'))).toEqual([
    null,
    '2',
    '3',
    null,
  ]);
});

test('G36 a search for more people is another search', async () => {
  const sent = fakeServer(() => ({ body: { data: [] } }));
  const store = createStore();
  await store.dispatch(searchUsers.initiate({ query: 'a%b&c' }));
  await store.dispatch(searchUsers.initiate({ query: 'a%b&c', limit: 50 }));
  expect(sent.map(({ path }) => path)).toEqual([
    '/api/users/search?q=a%25b%26c&limit=10',
    '/api/users/search?q=a%25b%26c&limit=50',
  ]);
});

test('G30 a new or deleted person lets the lists be read again; a refused one does not', async () => {
  const person = aPerson(1);
  let refuse = true;
  const sent = fakeServer(({ method }) => {
    if (method === 'GET') return emptyPage;
    if (refuse) return problem(403, 'forbidden');
    return method === 'DELETE' ? { status: 204 } : { status: 201, body: { data: person } };
  });
  const store = createStore();
  const reads = () => sent.filter(({ method }) => method === 'GET').length;
  await store.dispatch(getUsers.initiate({}));
  await store.dispatch(createUser.initiate({ name: 'New', email: 'new@example.org' }));
  await store.dispatch(deleteUser.initiate(person.id));
  expect(reads()).toBe(1);
  refuse = false;
  await store.dispatch(createUser.initiate({ name: 'New', email: 'new@example.org' }));
  await vi.waitFor(() => expect(reads()).toBe(2));
  await store.dispatch(deleteUser.initiate(person.id));
  await vi.waitFor(() => expect(reads()).toBe(3));
});
