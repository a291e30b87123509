import { createApi, fetchBaseQuery } from '@reduxjs/toolkit/query';
import type { DefinitionsFromApi } from '@reduxjs/toolkit/query';
import { expectTypeOf, test } from 'vitest';
import { collection, createLockstep } from './index.ts';
import type { Declarations } from './index.ts';

interface User {
  readonly id: string;
  readonly name: string;
  readonly version: number;
}

const users = collection('users', { id: (user: User) => user.id, version: (user) => user.version });
const posts = collection('posts', { id: (post: { slug: string }) => post.slug });
const api = createApi({
  baseQuery: fetchBaseQuery(),
  endpoints: (build) => ({
    getUser: build.query<User, string>({ query: (id) => id }),
    getUsers: build.query<{ users: User[]; total: number; hasMore: boolean }, { page?: number }>({
      query: () => '',
    }),
    search: build.query<User[], string>({ query: (text) => text }),
    getUsersInfinite: build.infiniteQuery<
      { users: User[]; total: number; nextCursor?: string },
      { role?: string },
      string | null
    >({
      query: () => '',
      infiniteQueryOptions: { initialPageParam: null, getNextPageParam: (page) => page.nextCursor },
    }),
    updateUser: build.mutation<User, { id: string; changes: Partial<User> }>({ query: () => '' }),
    deleteUser: build.mutation<void, string>({ query: () => '' }),
  }),
});
type Declared = Declarations<DefinitionsFromApi<typeof api>>;

test('S6 S8.1 every callback is typed by its endpoint, without a hand-written generic', () => {
  const { declare } = createLockstep({ collections: [users, posts] });
  declare(api, {
    getUser: { one: users, id: (id) => id.toUpperCase() },
    getUsers: {
      list: users,
      rows: 'users',
      total: 'total',
      hasMore: 'hasMore',
      where:
        ({ page }) =>
        (user, now) => {
          expectTypeOf(page).toEqualTypeOf<number | undefined>();
          expectTypeOf(user).toEqualTypeOf<User>();
          return now > 0;
        },
      order: () => [{ key: (user) => user.name, direction: 'asc' }],
    },
    search: { list: users, where: (text) => (user) => user.name.includes(text) },
    getUsersInfinite: {
      pages: users,
      rows: 'users',
      total: 'total',
      where:
        ({ role }) =>
        () =>
          role === undefined,
    },
    updateUser: { effect: (tx, { id, changes }) => tx.update(users, id, changes) },
    deleteUser: {
      effect: (tx, id) => {
        expectTypeOf(id).toEqualTypeOf<string>();
        tx.remove(users, id);
      },
    },
  });
});

test('S8.15 a mistake in a declaration is an error at its line', () => {
  const other: Declared = {
    // @ts-expect-error posts are not users
    getUser: { one: posts },
    // @ts-expect-error no such member of the answer
    getUsers: { list: users, rows: 'people' },
    getUsersInfinite: {
      pages: users,
      rows: 'users',
      // @ts-expect-error a cursor is no total
      total: 'nextCursor',
    },
    // @ts-expect-error no such member of the argument
    updateUser: { effect: (tx, { id, change }) => tx.update(users, id, change) },
  };
  const unknown: Declared = {
    // @ts-expect-error the api has no such endpoint
    getUsres: { one: users },
  };
  expectTypeOf(other).toEqualTypeOf<Declared>();
  expectTypeOf(unknown).toEqualTypeOf<Declared>();
});
