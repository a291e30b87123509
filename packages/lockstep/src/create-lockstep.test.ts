import { describe, expect, test } from 'vitest';
import { LockstepError } from './index.ts';
import { peopleApp, person } from './test-support/people-app.ts';
import { settle } from './test-support/people-server.ts';

const three = [person('ada'), person('bob'), person('cy')];

describe('a declared mutation', () => {
  test('S8.1 G22 shows at once in every cached list and detail, and settles without a flicker', async () => {
    const { server, open, update, user, list, store, intents } = peopleApp(three);
    await open('bob', {}, { page: 1, pageSize: 2 });
    server.isHeld = true;
    const shown: (string | undefined)[] = [];
    store.subscribe(() => shown.push(user('bob')?.preferences.theme));
    const sending = update('bob', { preferences: { theme: 'dark' } });
    expect(user('bob')?.preferences).toEqual({ theme: 'dark', language: 'en' });
    expect(list()?.users[1]?.preferences.theme).toBe('dark');
    expect(list({ page: 1, pageSize: 2 })?.users[1]?.preferences.theme).toBe('dark');
    await settle();
    await server.waiting[0]!.answer();
    expect(await sending.unwrap()).toMatchObject({ id: 'bob', version: 2 });
    expect(intents()).toEqual([]);
    expect(user('bob')).toEqual(server.rows.get('bob'));
    expect(new Set(shown.slice(shown.indexOf('dark')))).toEqual(new Set(['dark']));
  });

  test('S8.1 G31 costs one request: no list is read again', async () => {
    const { server, open, update } = peopleApp(three);
    await open('bob', {});
    await update('bob', { name: 'bea' });
    expect(server.log).toEqual(['GET /users/bob', 'GET /users', 'PATCH /users/bob']);
  });

  test('S8.2 G23 a refused one goes alone: what was asked for after it stays on top', async () => {
    const { server, open, update, user } = peopleApp(three);
    await open('bob');
    server.isHeld = true;
    const first = update('bob', { name: 'first' });
    await settle();
    const second = update('bob', { preferences: { theme: 'dark' } });
    await settle();
    await server.waiting[0]!.refuse(422, 'name-taken', { errors: [{ path: '/name', message: 'taken' }] });
    expect(await first).toMatchObject({ error: { kind: 'problem', code: 'name-taken' } });
    expect(user('bob')).toMatchObject({ name: 'bob', preferences: { theme: 'dark' } });
    await settle();
    await server.waiting[0]!.answer();
    await second.unwrap();
    expect(user('bob')).toEqual(server.rows.get('bob'));
  });

  test('S8.2 G25 a refused deletion brings back the row, and not one whose deletion went through', async () => {
    const { server, open, remove, names, list } = peopleApp(three);
    await open({});
    server.isHeld = true;
    const ada = remove('ada');
    const bob = remove('bob');
    expect(names()).toEqual(['cy']);
    expect(list()?.total).toBe(1);
    await settle();
    await server.waiting.find(({ path }) => path === '/users/ada')!.refuse(403, 'forbidden');
    await server.waiting.find(({ path }) => path === '/users/bob')!.answer();
    await Promise.all([ada, bob]);
    expect(names()).toEqual(['ada', 'cy']);
    expect(list()?.total).toBe(2);
  });

  test('S8.3 G49 without a network it fulfils as kept, and is sent when the network is back', async () => {
    const { server, time, open, update, user, intents, runtime } = peopleApp(three);
    await open('bob');
    server.isHeld = true;
    const sending = update('bob', { name: 'bea' });
    await settle();
    await server.waiting[0]!.cut();
    expect(await sending.unwrap()).toMatchObject({ name: 'bea' });
    expect(runtime.outbox.state()).toMatchObject({ kind: 'held' });
    expect(intents()).toMatchObject([{ endpoint: 'updateUser', status: { kind: 'sent' } }]);
    server.isHeld = false;
    await time.advance(60_000);
    await settle();
    expect(intents()).toEqual([]);
    expect(user('bob')).toMatchObject({ name: 'bea', version: 2 });
  });

  test('S8.3 F2 an answer lost after the server did it: the same key counts once', async () => {
    const { server, time, open, update, user } = peopleApp(three);
    await open('bob');
    server.isHeld = true;
    void update('bob', { name: 'bea' });
    await settle();
    await server.waiting[0]!.cut('done');
    server.isHeld = false;
    await time.advance(60_000);
    await settle();
    expect(server.rows.get('bob')?.version).toBe(2);
    expect(user('bob')).toEqual(server.rows.get('bob'));
  });

  test('S8.4 F18 somebody else wrote another field: both stand, in silence, under a new key', async () => {
    const { server, open, update, user } = peopleApp(three);
    await open('bob');
    server.write('bob', { role: 'admin' });
    const keys: (string | null)[] = [];
    server.isHeld = true;
    const sending = update('bob', { name: 'bea' });
    await settle();
    keys.push(server.waiting[0]!.headers.get('idempotency-key'));
    await server.waiting[0]!.answer();
    await settle();
    keys.push(server.waiting[0]!.headers.get('idempotency-key'));
    expect(server.waiting[0]!.headers.get('if-match')).toBe('"2"');
    await server.waiting[0]!.answer();
    expect(await sending.unwrap()).toMatchObject({ name: 'bea', role: 'admin', version: 3 });
    expect(user('bob')).toMatchObject({ name: 'bea', role: 'admin', version: 3 });
    expect(new Set(keys).size).toBe(2);
  });

  test('S8.5 F18 somebody else wrote the same field: a person decides between base, mine and theirs', async () => {
    const { server, open, update, user, intents, runtime } = peopleApp(three);
    await open('bob');
    server.write('bob', { name: 'theirs' });
    const failed = await update('bob', { name: 'mine' });
    expect(failed.error).toMatchObject({ kind: 'problem', code: 'stale-version' });
    expect(user('bob')?.name).toBe('theirs');
    const [parked] = intents();
    expect(parked?.status).toMatchObject({
      kind: 'parked',
      reason: {
        kind: 'conflict',
        conflict: { fields: [{ field: 'name', base: 'bob', mine: 'mine', theirs: 'theirs' }] },
      },
    });
    expect(await runtime.decide(parked!.id, 'mine')).toBe('done');
    await settle();
    expect(user('bob')).toMatchObject({ name: 'mine', version: 3 });
    expect(intents()).toEqual([]);
  });

  test('S8.6 G32 a new row has its final id from the start, and can be edited before it is saved', async () => {
    const { server, open, create, update, list, names, intents } = peopleApp(three);
    await open({});
    server.isHeld = true;
    const { name, role, preferences } = person('dee');
    const creating = create({ name, role, preferences });
    const { id } = list()!.users.find((row) => row.name === 'dee')!;
    expect(list()?.total).toBe(4);
    const editing = update(id, { name: 'dora' });
    expect(names()).toEqual(['ada', 'bob', 'cy', 'dora']);
    await settle();
    expect(server.waiting.map(({ method }) => method)).toEqual(['POST']);
    await server.waiting[0]!.answer();
    await settle();
    expect(server.waiting[0]?.headers.get('if-match')).toBe('"1"');
    await server.waiting[0]!.answer();
    await Promise.all([creating, editing]);
    expect(server.rows.get(id)).toMatchObject({ name: 'dora', version: 2 });
    expect(list()?.users.filter((row) => row.id === id)).toEqual([server.rows.get(id)]);
    expect(intents()).toEqual([]);
  });

  test('S8.7 F15 what was never sent coalesces: edits into one, a creation and its deletion into nothing', async () => {
    const { server, open, create, update, remove, list, runtime } = peopleApp(three);
    await open({});
    runtime.outbox.pause('offline');
    const { name, role, preferences } = person('dee');
    await create({ name, role, preferences });
    const { id } = list()!.users.find((row) => row.name === 'dee')!;
    await remove(id);
    await update('ada', { name: 'a1' });
    await update('ada', { preferences: { theme: 'dark' } });
    expect(runtime.outbox.entries()).toHaveLength(1);
    runtime.outbox.resume('offline');
    await settle();
    expect(server.log.slice(1)).toEqual(['PATCH /users/ada']);
    expect(server.rows.get('ada')).toMatchObject({
      name: 'a1',
      preferences: { theme: 'dark', language: 'en' },
    });
    expect(list()?.users).toEqual([...server.rows.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)));
  });

  test('S8.8 F16 the target is gone: a deletion counts as done, an edit is refused and rolled back', async () => {
    const { server, open, remove, update, names, intents } = peopleApp(three);
    await open({});
    server.rows.delete('ada');
    server.rows.delete('bob');
    expect(await remove('ada')).toMatchObject({ data: null });
    const refused = await update('bob', { name: 'bea' });
    expect(refused.error).toMatchObject({ code: 'not-found' });
    expect(names()).toEqual(['bob', 'cy']);
    expect(intents()).toEqual([]);
  });
});

describe('the store', () => {
  test('S8.9 endpoints without a declaration are RTK Query’s alone', async () => {
    const { api, store } = peopleApp([]);
    await store.dispatch(api.endpoints.getVersion.initiate());
    expect(api.endpoints.getVersion.select()(store.getState()).error).toMatchObject({
      kind: 'problem',
      status: 404,
    });
    expect(Object.keys(store.getState().lockstep.queries.entries)).toEqual([]);
  });

  test('S8.10 I7 two stores of one declaration share nothing', async () => {
    const { api, newStore, lockstep, server } = peopleApp(three);
    const [one, other] = [newStore(), newStore()];
    for (const store of [one, other]) await store.dispatch(api.endpoints.getUser.initiate('bob'));
    server.isHeld = true;
    void one.dispatch(api.endpoints.updateUser.initiate({ id: 'bob', changes: { name: 'bea' } }));
    expect(api.endpoints.getUser.select('bob')(one.getState()).data?.name).toBe('bea');
    expect(api.endpoints.getUser.select('bob')(other.getState()).data?.name).toBe('bob');
    expect(lockstep.of(other).outbox.entries()).toEqual([]);
  });

  test('S8.11 G15 G39 F12 signing out clears rows and answers, refuses late ones, and keeps the queue', async () => {
    const { server, open, update, store, runtime, api, time } = peopleApp(three);
    await open('bob', {});
    server.isHeld = true;
    void update('bob', { name: 'bea' });
    const late = store.dispatch(api.endpoints.getUser.initiate('cy'));
    await settle();
    runtime.signOut();
    await Promise.all(server.waiting.slice().map((request) => request.answer()));
    await late;
    await settle();
    expect(store.getState().lockstep.collections['users']?.rows.n).toBe(0);
    expect(Object.values(store.getState().api.queries).some((entry) => entry?.data !== undefined)).toBe(
      false,
    );
    expect(runtime.outbox.entries()).toHaveLength(1);
    server.isHeld = false;
    runtime.signIn();
    await time.advance(60_000);
    await settle();
    expect(runtime.outbox.entries()).toEqual([]);
    expect(server.rows.get('bob')?.version).toBe(2);
  });

  test('S8.12 the adapter’s verbs say what the server said; pending intents stay on top', async () => {
    const { lockstep, users, store, server, open, update, user } = peopleApp(three);
    await open('bob');
    server.isHeld = true;
    void update('bob', { name: 'mine' });
    const { actions, getSelectors } = lockstep.adapter(users);
    const { selectById, selectTotal, selectIds } = getSelectors();
    store.dispatch(actions.upsertMany([person('bob', { role: 'admin', version: 5 }), person('zed')]));
    expect(selectTotal(store.getState())).toBe(2);
    expect(selectIds(store.getState()).toSorted()).toEqual(['bob', 'zed']);
    expect(selectById(store.getState(), 'bob')).toMatchObject({ name: 'mine', role: 'admin' });
    expect(user('bob')).toMatchObject({ name: 'mine', role: 'admin' });
  });

  test('S8.13 what the server says by a channel reaches every entry, and an older word changes nothing', async () => {
    const { runtime, open, user, names, list } = peopleApp(three);
    await open('bob', {});
    runtime.confirm([{ collection: 'users', row: person('bob', { name: 'zoe', version: 3 }) }]);
    expect(user('bob')?.name).toBe('zoe');
    expect(names()).toEqual(['ada', 'cy', 'zoe']);
    runtime.confirm([{ collection: 'users', row: person('bob', { name: 'old', version: 2 }) }]);
    expect(names()).toEqual(['ada', 'cy', 'zoe']);
    runtime.confirm([{ collection: 'users', id: 'bob', removed: true, version: 4 }]);
    expect(names()).toEqual(['ada', 'cy']);
    expect(list()?.total).toBe(2);
    expect(user('bob')).toBeUndefined();
  });

  test('S8.14 G29 a removed row makes its detail undefined, and nothing is asked again', async () => {
    const { server, open, remove, user } = peopleApp(three);
    await open('bob', {});
    await remove('bob');
    expect(user('bob')).toBeUndefined();
    expect(server.log).toEqual(['GET /users/bob', 'GET /users', 'DELETE /users/bob']);
  });
});

describe('upkeep', () => {
  test('S8.22 a page whose hole cannot be filled from here is read again while somebody watches it', async () => {
    const { server, store, api, remove, names } = peopleApp([...three, person('dan')]);
    const page = { page: 1, pageSize: 2 };
    const watching = store.dispatch(api.endpoints.getUsers.initiate(page));
    await watching;
    await remove('ada');
    await settle();
    expect(names(page)).toEqual(['bob', 'cy']);
    expect(server.log.slice(1)).toEqual(['DELETE /users/ada', 'GET /users?page=1&pageSize=2']);
    watching.unsubscribe();
  });

  test('S8.22 and dropped while nobody does', async () => {
    const { server, store, api, remove, list } = peopleApp([...three, person('dan')]);
    const page = { page: 1, pageSize: 2 };
    await store.dispatch(api.endpoints.getUsers.initiate(page, { subscribe: false }));
    await remove('ada');
    await settle();
    expect(list(page)).toBeUndefined();
    expect(server.log.slice(1)).toEqual(['DELETE /users/ada']);
  });
});

describe('misuse', () => {
  const fault = (run: () => unknown): LockstepError => {
    try {
      run();
    } catch (error) {
      if (error instanceof LockstepError) return error;
      throw error;
    }
    throw new Error('expected an error');
  };

  test('S8.15 an endpoint that the api does not have', () => {
    const { lockstep, api, users } = peopleApp([]);
    const error = fault(() => lockstep.declare(api, { getUsres: { one: users } } as never));
    expect(error.code).toBe('endpoint-unknown');
    expect(error.message).toMatch(/expected an endpoint of the api: getUser, .*received "getUsres"/);
  });

  test('S8.15 a mutation declared twice', () => {
    const { lockstep, api } = peopleApp([]);
    const error = fault(() => lockstep.declare(api, { deleteUser: { effect: () => {} } }));
    expect(error.code).toBe('endpoint-undeclared');
  });

  test('S8.15 an effect that is not pure', async () => {
    const { lockstep, store, users, open } = peopleApp(three);
    await open('bob');
    let calls = 0;
    const rename = lockstep.thunk('users/rename', {
      request: (id: string) => `/users/${id}`,
      effect: (tx, id) => tx.update(users, id, { name: `name ${(calls += 1)}` }),
    });
    const { error } = (await store.dispatch(rename('bob'))) as { error?: { message?: string } };
    expect(error?.message).toMatch(/effect-impure/);
  });

  test('S8.15 a store without the middleware', () => {
    const { lockstep } = peopleApp([]);
    expect(fault(() => lockstep.of({ dispatch: (action: unknown) => action })).code).toBe('not-installed');
  });
});
