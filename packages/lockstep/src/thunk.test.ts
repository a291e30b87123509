import { describe, expect, test } from 'vitest';
import { peopleApp, person } from './test-support/people-app.ts';
import { settle } from './test-support/people-server.ts';
import type { Person } from './test-support/people-server.ts';

interface Data<T> {
  readonly data: T;
}

function app() {
  const made = peopleApp([person('ada'), person('bob')]);
  const { lockstep, users } = made;
  const updateUser = lockstep.thunk('users/updateUser', {
    request: ({ id, changes }: { id: string; changes: Partial<Person> }) => ({
      url: `/users/${id}`,
      method: 'PATCH',
      body: changes,
    }),
    effect: (tx, { id, changes }) => tx.update(users, id, changes),
    transformResponse: (body) => (body as Data<Person>).data,
  });
  const fetchUsers = lockstep.thunk('users/fetchUsers', {
    request: ({ page = 1 }: { page?: number }) => ({ url: '/users', params: { page } }),
    transformResponse: (body) => (body as Data<{ users: Person[]; total: number }>).data,
    answer: (result) => result.users.map((row) => ({ collection: users.name, row })),
  });
  return { ...made, updateUser, fetchUsers };
}

describe('thunks', () => {
  test('S8.16 G5 G16 a read brings rows in, every time it is asked, under the usual action types', async () => {
    const { store, fetchUsers, lockstep, users, server } = app();
    expect(fetchUsers.fulfilled.type).toBe('users/fetchUsers/fulfilled');
    const { users: rows } = await store.dispatch(fetchUsers({ page: 1 })).unwrap();
    expect(rows).toHaveLength(2);
    expect(lockstep.adapter(users).getSelectors().selectTotal(store.getState())).toBe(2);
    await store.dispatch(fetchUsers({ page: 1 }));
    expect(server.log).toEqual(['GET /users?page=1', 'GET /users?page=1']);
  });

  test('S8.16 G6 G8 a write shows at once and settles; a later word of the server is not masked', async () => {
    const { store, updateUser, open, user, server, runtime } = app();
    await open('bob');
    server.isHeld = true;
    const sending = store.dispatch(updateUser({ id: 'bob', changes: { name: 'zoe' } }));
    expect(user('bob')?.name).toBe('zoe');
    await settle();
    await server.waiting[0]!.answer();
    expect(await sending.unwrap()).toMatchObject({ name: 'zoe', version: 2 });
    runtime.confirm([{ collection: 'users', row: person('bob', { name: 'later', version: 3 }) }]);
    expect(user('bob')?.name).toBe('later');
  });

  test('S8.16 G7 a refused one is rejected with a typed failure, and what was asked for after it stays', async () => {
    const { store, updateUser, open, user, server, update } = app();
    await open('bob');
    server.isHeld = true;
    const first = store.dispatch(updateUser({ id: 'bob', changes: { name: 'zoe' } }));
    const second = update('bob', { role: 'admin' });
    await settle();
    await server.waiting[0]!.refuse(422, 'name-taken');
    const rejected = await first;
    expect(updateUser.rejected.match(rejected) && rejected.payload).toMatchObject({
      kind: 'problem',
      code: 'name-taken',
    });
    expect(user('bob')).toMatchObject({ name: 'bob', role: 'admin' });
    await server.waiting[0]!.answer();
    await second;
  });

  test('S8.16 G19 an aborted read brings nothing', async () => {
    const { store, fetchUsers, lockstep, users, server } = app();
    server.isHeld = true;
    const reading = store.dispatch(fetchUsers({ page: 1 }));
    await settle();
    reading.abort();
    await server.waiting[0]!.answer();
    expect(fetchUsers.rejected.match(await reading)).toBe(true);
    expect(lockstep.adapter(users).getSelectors().selectTotal(store.getState())).toBe(0);
  });
});
