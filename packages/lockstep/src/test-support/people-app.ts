import { configureStore } from '@reduxjs/toolkit';
import type { StoreEnhancer } from '@reduxjs/toolkit';
import { createApi } from '@reduxjs/toolkit/query/react';
import { applyMergePatch } from '@lockstep/protocol';
import { collection, createBaseQuery, createLockstep } from '../index.ts';
import type { PatchOf, StoreOptions } from '../index.ts';
import { virtualTime } from '../testing/index.ts';
import { peopleServer } from './people-server.ts';
import type { PeoplePage, Person } from './people-server.ts';

export const person = (id: string, more: Partial<Person> = {}): Person => ({
  id,
  name: id,
  role: 'user',
  preferences: { theme: 'light', language: 'en' },
  version: 1,
  ...more,
});

export interface ListArgument {
  readonly page?: number;
  readonly pageSize?: number;
  readonly role?: Person['role'];
}

interface Data<T> {
  readonly data: T;
}

/** An application of the guide's kind on Lockstep: a fresh api, server, store and clock each time. */
export function peopleApp(people: readonly Person[], options: StoreOptions = {}, devTools?: StoreEnhancer) {
  const server = peopleServer(people);
  const time = virtualTime();
  const users = collection('users', { id: (row: Person) => row.id, version: (row) => row.version });
  const baseQuery = createBaseQuery({
    baseUrl: 'http://directory.test',
    fetchFn: (input, init) => server.fetch(input, init),
    clock: time,
    timers: time,
  });
  const api = createApi({
    baseQuery,
    tagTypes: ['User'],
    endpoints: (build) => ({
      getUser: build.query<Person, string>({
        query: (id) => `/users/${id}`,
        transformResponse: ({ data }: Data<Person>) => data,
        providesTags: (_result, _error, id) => [{ type: 'User', id }],
      }),
      getUsers: build.query<PeoplePage, ListArgument>({
        query: (params) => ({ url: '/users', params: { ...params } }),
        transformResponse: ({ data }: Data<PeoplePage>) => data,
      }),
      createUser: build.mutation<Person, Omit<Person, 'id' | 'version'> & { id?: string }>({
        query: (body) => ({ url: '/users', method: 'POST', body }),
        transformResponse: ({ data }: Data<Person>) => data,
      }),
      updateUser: build.mutation<Person, { id: string; changes: PatchOf<Person> }>({
        query: ({ id, changes }) => ({ url: `/users/${id}`, method: 'PATCH', body: changes }),
        transformResponse: ({ data }: Data<Person>) => data,
      }),
      deleteUser: build.mutation<null, string>({
        query: (id) => ({ url: `/users/${id}`, method: 'DELETE' }),
      }),
      getVersion: build.query<string, void>({ query: () => '/version' }),
    }),
  });
  const lockstep = createLockstep({ collections: [users], baseQuery });
  lockstep.declare(api, {
    getUser: { one: users, id: (id) => id },
    getUsers: {
      list: users,
      rows: 'users',
      total: 'total',
      hasMore: 'hasMore',
      where:
        ({ role }) =>
        (row) =>
          role === undefined || row.role === role,
      order: () => [{ key: (row) => row.name, direction: 'asc' }],
      window: ({ page = 1, pageSize = 20 }) => ({ offset: (page - 1) * pageSize, limit: pageSize }),
    },
    createUser: {
      prepare: (draft, make) => ({ id: make.id(), ...draft }),
      effect: (tx, { id = tx.id(), ...draft }) => tx.insert(users, { ...draft, id, version: 0 }),
    },
    updateUser: {
      effect: (tx, { id, changes }) => tx.update(users, id, changes),
      coalesce: (earlier, later) => ({
        id: later.id,
        changes: applyMergePatch(earlier.changes, later.changes as never),
      }),
    },
    deleteUser: { effect: (tx, id) => tx.remove(users, id) },
  });

  const newStore = (more: StoreOptions = {}) => {
    const { enhancer, middleware, checks } = lockstep.configure({
      clock: time,
      timers: time,
      ...options,
      ...more,
    });
    return configureStore({
      reducer: { [lockstep.reducerPath]: lockstep.reducer, [api.reducerPath]: api.reducer },
      middleware: (getDefault) =>
        getDefault({
          // A test's machine may be slow; that is nothing for these checks to say.
          immutableCheck: { ...checks.immutableCheck, warnAfter: Infinity },
          serializableCheck: { ...checks.serializableCheck, warnAfter: Infinity },
        }).concat(middleware, api.middleware),
      enhancers: (getDefault) =>
        devTools
          ? getDefault().concat(enhancer, devTools)
          : getDefault({ autoBatch: false }).concat(enhancer),
      devTools: false,
    });
  };
  const store = newStore();
  const { endpoints } = api;
  return {
    server,
    time,
    users,
    api,
    lockstep,
    store,
    newStore,
    runtime: lockstep.of(store),
    /** What a cached entry shows. */
    user: (id: string) => endpoints.getUser.select(id)(store.getState()).data,
    list: (argument: ListArgument = {}) => endpoints.getUsers.select(argument)(store.getState()).data,
    names: (argument: ListArgument = {}) =>
      endpoints.getUsers
        .select(argument)(store.getState())
        .data?.users.map(({ name }) => name),
    intents: () => store.getState().lockstep.pending.intents,
    open: async (...entries: readonly (string | ListArgument)[]) => {
      for (const entry of entries) {
        await (typeof entry === 'string'
          ? store.dispatch(endpoints.getUser.initiate(entry))
          : store.dispatch(endpoints.getUsers.initiate(entry)));
      }
    },
    update: (id: string, changes: PatchOf<Person>) =>
      store.dispatch(endpoints.updateUser.initiate({ id, changes })),
    remove: (id: string) => store.dispatch(endpoints.deleteUser.initiate(id)),
    create: (draft: Parameters<typeof endpoints.createUser.initiate>[0]) =>
      store.dispatch(endpoints.createUser.initiate(draft)),
  };
}
