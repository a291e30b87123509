import { DEFAULT_SORT } from '@directory/contract';
import type { SortField, SortOrder, UserFilter } from '@directory/contract';
import { canonicalJson, HEADER } from '@lockstep/protocol';
import { createApi } from '@reduxjs/toolkit/query/react';
import type { AnswerMeta } from './base-query.ts';
import { createBaseQuery } from './base-query.ts';
import { sessionEnded } from './session-slice.ts';
import type { ListAnswer, Person, PersonChanges, UsersPage, UserStats } from './types.ts';

interface UsersArg {
  readonly page?: number;
  readonly pageSize?: number;
  readonly filters?: UserFilter;
  readonly sortBy?: SortField;
  readonly sortOrder?: SortOrder;
}

interface UsersInfiniteArg {
  readonly limit?: number;
  readonly filters?: UserFilter;
  readonly sortBy?: SortField;
  readonly sortOrder?: SortOrder;
}

export interface PersonUpdate {
  readonly id: string;
  readonly changes: PersonChanges;
  /** The version that the editor saw; without it the change goes over whatever is there. */
  readonly version?: number;
}

interface Data<T> {
  readonly data: T;
}

type Meta = AnswerMeta | undefined;

/** Rows of one page of the endless list. Tall screens show 40; one request covers two and a half of them. */
const INFINITE_LIMIT = 100;

export const api = createApi({
  reducerPath: 'api',
  baseQuery: createBaseQuery({ onSessionEnded: ({ dispatch }) => dispatch(sessionEnded('expired')) }),
  tagTypes: ['User', 'UserProfile', 'UserStats'],
  keepUnusedDataFor: 60,
  endpoints: (build) => ({
    getUsers: build.query<ListAnswer, UsersArg>({
      query: ({ page = 1, pageSize = 20, filters, ...sort }) =>
        `/users?${listParams({ page, pageSize }, filters, sort)}`,
      transformResponse: (
        answer: Data<{ users: Person[]; total: number; hasMore: boolean }>,
        meta: Meta,
      ) => ({
        ...answer.data,
        offset: meta?.offset ?? null,
        arrivals: [],
      }),
      serializeQueryArgs: ({ endpointName, queryArgs: { page = 1, pageSize = 20, ...list } }) =>
        `${endpointName}(${listKey({ page, pageSize }, list)})`,
      providesTags: [{ type: 'User', id: 'LIST' }],
    }),

    getUsersInfinite: build.infiniteQuery<UsersPage, UsersInfiniteArg, string | null>({
      infiniteQueryOptions: {
        initialPageParam: null,
        getNextPageParam: (last) => last.nextCursor ?? undefined,
        refetchCachedPages: false,
      },
      query: ({ queryArg: { limit = INFINITE_LIMIT, filters, ...sort }, pageParam }) =>
        `/users/infinite?${listParams(pageParam === null ? { limit } : { limit, cursor: pageParam }, filters, sort)}`,
      transformResponse: (
        answer: { users: Person[]; nextCursor?: string | null; hasMore: boolean; total: number },
        meta: Meta,
      ) => ({
        ...answer,
        nextCursor: answer.nextCursor ?? null,
        offset: meta?.offset ?? null,
        arrivals: [],
      }),
      serializeQueryArgs: ({ endpointName, queryArgs: { limit = INFINITE_LIMIT, ...list } }) =>
        `${endpointName}(${listKey({ limit }, list)})`,
      providesTags: [{ type: 'User', id: 'LIST' }],
    }),

    getUserById: build.query<Person, string>({
      query: (id) => `/users/${encodeURIComponent(id)}`,
      transformResponse: (answer: Data<Person>) => answer.data,
      providesTags: (_result, _error, id) => [{ type: 'User', id }],
    }),

    searchUsers: build.query<Person[], { query: string; limit?: number }>({
      query: ({ query, limit = 10 }) => `/users/search?${params({ q: query, limit })}`,
      transformResponse: (answer: Data<Person[]>) => answer.data,
      providesTags: [{ type: 'User', id: 'LIST' }],
    }),

    getStats: build.query<UserStats, void>({
      query: () => '/users/stats',
      transformResponse: (answer: Data<UserStats>) => answer.data,
      providesTags: ['UserStats'],
    }),

    createUser: build.mutation<
      Person,
      Omit<PersonChanges, 'name' | 'email'> & { name: string; email: string }
    >({
      query: (body) => ({ url: '/users', method: 'POST', body }),
      transformResponse: (answer: Data<Person>) => answer.data,
      invalidatesTags: (_result, error) =>
        error === undefined ? [{ type: 'User', id: 'LIST' }, 'UserStats'] : [],
    }),

    updateUser: build.mutation<Person, PersonUpdate>({
      query: ({ id, changes, version }) => ({
        url: `/users/${encodeURIComponent(id)}`,
        method: 'PATCH',
        body: changes,
        headers: version === undefined ? {} : { [HEADER.ifMatch]: `"${version}"` },
      }),
      transformResponse: (answer: Data<Person>) => answer.data,
    }),

    deleteUser: build.mutation<void, string>({
      query: (id) => ({ url: `/users/${encodeURIComponent(id)}`, method: 'DELETE' }),
      transformResponse: () => undefined,
      invalidatesTags: (_result, error) =>
        error === undefined ? [{ type: 'User', id: 'LIST' }, 'UserStats'] : [],
    }),

    batchUpdateUsers: build.mutation<Person[], readonly PersonUpdate[]>({
      query: (updates) => ({ url: '/users/batch', method: 'PATCH', body: { updates } }),
      transformResponse: (answer: Data<Person[]>) => answer.data,
    }),

    getSession: build.query<Person, void>({
      query: () => '/auth/session',
      transformResponse: (answer: Data<{ user: Person }>) => answer.data.user,
      providesTags: ['UserProfile'],
    }),

    signIn: build.mutation<Person, { email: string; password: string }>({
      query: (body) => ({ url: '/auth/login', method: 'POST', body }),
      // The token is for callers without cookies: a page keeps it out of reach of scripts.
      transformResponse: (answer: Data<{ user: Person }>) => answer.data.user,
    }),

    signOut: build.mutation<void, void>({
      query: () => ({ url: '/auth/logout', method: 'POST' }),
      transformResponse: () => undefined,
    }),
  }),
});

export const {
  useGetUsersQuery,
  useLazyGetUsersQuery,
  useGetUsersInfiniteInfiniteQuery: useGetUsersInfiniteQuery,
  useGetUserByIdQuery,
  useSearchUsersQuery,
  useLazySearchUsersQuery,
  useGetStatsQuery,
  useCreateUserMutation,
  useUpdateUserMutation,
  useDeleteUserMutation,
  useBatchUpdateUsersMutation,
  useGetSessionQuery,
  useSignInMutation,
  useSignOutMutation,
} = api;

type Scalar = string | number | boolean | undefined;

/** Query keys in a fixed order, without those that say nothing. */
function params(values: Readonly<Record<string, Scalar>>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values))
    if (value !== undefined && value !== '') query.set(key, String(value));
  return query.toString();
}

function listParams(
  window: Readonly<Record<string, Scalar>>,
  filters: UserFilter | undefined,
  sort: { readonly sortBy?: SortField; readonly sortOrder?: SortOrder },
): string {
  return params({ ...window, ...DEFAULT_SORT, ...sort, ...filters });
}

/** The same text for all ways of asking for the same list: absent, undefined and default members are one. */
function listKey(window: Readonly<Record<string, number>>, list: Omit<UsersInfiniteArg, 'limit'>): string {
  const filters = Object.fromEntries(
    Object.entries(list.filters ?? {}).filter(([, value]) => value !== undefined && value !== ''),
  );
  return canonicalJson({
    ...window,
    filters,
    sortBy: list.sortBy ?? DEFAULT_SORT.sortBy,
    sortOrder: list.sortOrder ?? DEFAULT_SORT.sortOrder,
  });
}
