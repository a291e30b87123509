import { configureStore } from '@reduxjs/toolkit';
import type { StoreEnhancer, UnknownAction } from '@reduxjs/toolkit';
import { createApi } from '@reduxjs/toolkit/query';
import { createCollections } from '../collections/index.ts';
import type { CollectionsState, Order } from '../collections/index.ts';
import { collection } from '../core/index.ts';
import type { CollectionDefinition } from '../core/index.ts';
import { createPending } from '../pending/index.ts';
import type { Acknowledgement, Effect, Intent, PatchOf, PendingStep, ToldChange } from '../pending/index.ts';
import { createQueries } from '../queries/index.ts';
import type { ChangeNote, Declaration, LockstepState, Queries } from '../queries/index.ts';

export interface User {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly role: string;
  readonly rank: number;
  readonly preferences?: { readonly theme?: string; readonly language?: string };
}

export interface Post {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly author: Pick<User, 'id' | 'name'> & { readonly version?: number };
}

export interface UsersArgument {
  readonly role?: string;
  readonly sortBy?: 'name' | 'rank';
  readonly sortOrder?: 'asc' | 'desc';
  readonly page?: number;
  readonly pageSize?: number;
}

export interface UsersPage {
  readonly users: readonly User[];
  readonly total: number;
  readonly hasMore: boolean;
}

export const user = (id: string, more: Partial<User> = {}): User => ({
  id,
  version: 1,
  name: id,
  role: 'user',
  rank: 0,
  ...more,
});

export const users: CollectionDefinition<User, 'users'> = collection('users', {
  id: (row: User) => row.id,
  version: (row) => row.version,
});

export const posts: CollectionDefinition<Post, 'posts'> = collection('posts', {
  id: (row: Post) => row.id,
  version: (row) => row.version,
  nested: { author: users },
});

/** A collection whose server keeps no versions. */
export const notes: CollectionDefinition<Omit<User, 'version'>, 'notes'> = collection('notes', {
  id: (row: Omit<User, 'version'>) => row.id,
});

const definitions: readonly CollectionDefinition[] = [users, posts, notes];

export const usersOrder = ({ sortBy = 'name', sortOrder = 'asc' }: UsersArgument): Order<User> => [
  { key: (row) => row[sortBy], direction: sortOrder },
];
export const usersWhere =
  ({ role }: UsersArgument) =>
  (row: User): boolean =>
    role === undefined || row.role === role;

/** What the endpoints of `seamApp` mean. */
export const declarations: Readonly<Record<string, Declaration>> = {
  getUser: { one: users, id: (id: string) => id },
  getUsers: {
    list: users,
    rows: 'users',
    total: 'total',
    hasMore: 'hasMore',
    order: usersOrder,
    where: usersWhere,
  },
  getAll: { list: users, order: usersOrder, where: usersWhere },
  searchUsers: { list: users },
  getPages: {
    pages: users,
    rows: 'users',
    total: 'total',
    hasMore: 'hasMore',
    order: usersOrder,
    where: usersWhere,
  },
  getMerged: { list: users, rows: 'users', total: 'total' },
  getPosts: { list: posts },
  getNotes: { list: notes, order: usersOrder, where: usersWhere },
};

/** What effects there are: the verbs of one row. */
export const effects: Readonly<Record<string, Effect>> = {
  create: (tx, row: User) => tx.insert(users, row),
  update: (tx, { id, changes }: { id: string; changes: PatchOf<User> }) => tx.update(users, id, changes),
  add: (tx, id: string) => tx.update(users, id, { rank: (tx.get(users, id)?.rank ?? 0) + 1 }),
  remove: (tx, id: string) => tx.remove(users, id),
  note: (tx, { id, changes }: { id: string; changes: PatchOf<User> }) => tx.update(notes, id, changes),
};

/** One request on its way: the server has not looked at it yet. */
export interface Request {
  readonly path: string;
  readonly argument: unknown;
  answer(data: unknown, meta?: { readonly offset?: number }): Promise<void>;
  fail(status: number): Promise<void>;
}

export interface SeamOptions {
  readonly declared?: Readonly<Record<string, Declaration>>;
  readonly preloadedState?: unknown;
  readonly devTools?: StoreEnhancer;
  readonly report?: (error: unknown, endpoint: string) => void;
  /** Called for each request; the answer goes back through it. Default: requests wait in `requests`. */
  readonly server?: (
    path: string,
    argument: unknown,
  ) => { readonly data: unknown; readonly meta?: { readonly offset?: number } };
}

type Run = (state: LockstepState) => LockstepState;

/** A store with RTK Query and the seam, without an outbox and without a network: the test is both. */
export function seamApp({
  declared = declarations,
  preloadedState,
  devTools,
  report,
  server,
}: SeamOptions = {}) {
  const requests: Request[] = [];
  const baseQuery = ({ path, argument }: { path: string; argument: unknown }) =>
    new Promise<{ data: unknown; meta?: object } | { error: { status: number } }>((resolve) => {
      if (server !== undefined) {
        const { data, meta = {} } = server(path, argument);
        resolve({ data, meta });
        return;
      }
      requests.push({
        path,
        argument,
        answer: async (data, meta = {}) => (resolve({ data, meta }), flush()),
        fail: async (status) => (resolve({ error: { status } }), flush()),
      });
    });
  const api = createApi({
    baseQuery,
    tagTypes: ['User'],
    // A hydrated store tells its entries by this action.
    extractRehydrationInfo: (action: UnknownAction): never | undefined =>
      action.type === 'hydrate' ? (action['payload'] as never) : undefined,
    endpoints: (build) => ({
      getUser: build.query<User, string>({
        query: (id) => ({ path: 'user', argument: id }),
        providesTags: (_result, _error, id) => [{ type: 'User', id }],
      }),
      getUsers: build.query<UsersPage, UsersArgument>({
        query: (argument) => ({ path: 'users', argument }),
        providesTags: (result) => [
          ...(result?.users ?? []).map(({ id }) => ({ type: 'User' as const, id })),
          { type: 'User', id: 'LIST' },
        ],
      }),
      getAll: build.query<User[], UsersArgument>({ query: (argument) => ({ path: 'all', argument }) }),
      searchUsers: build.query<User[], string>({ query: (argument) => ({ path: 'search', argument }) }),
      getMerged: build.query<{ users: User[]; total: number }, number>({
        query: (argument) => ({ path: 'merged', argument }),
        serializeQueryArgs: ({ endpointName }) => endpointName,
        merge: (cache, { users: more, total }) => {
          cache.users.push(...(more as never[]));
          cache.total = total;
        },
        forceRefetch: ({ currentArg, previousArg }) => currentArg !== previousArg,
      }),
      getPages: build.infiniteQuery<UsersPage & { nextCursor?: string }, UsersArgument, string | null>({
        infiniteQueryOptions: {
          initialPageParam: null,
          getNextPageParam: ({ nextCursor }) => nextCursor,
          refetchCachedPages: false,
        },
        query: ({ queryArg, pageParam }) => ({ path: 'pages', argument: { ...queryArg, cursor: pageParam } }),
      }),
      getPosts: build.query<Post[], void>({ query: (argument) => ({ path: 'posts', argument }) }),
      getNotes: build.query<Omit<User, 'version'>[], UsersArgument>({
        query: (argument) => ({ path: 'notes', argument }),
      }),
      getPlain: build.query<{ users: User[] }, void>({ query: (argument) => ({ path: 'plain', argument }) }),
    }),
  });

  const collections = createCollections(definitions);
  const pending = createPending({ collections, definitions, effects: (endpoint) => effects[endpoint] });
  const queries: Queries = createQueries({ collections, pending, definitions, ...(report && { report }) });
  for (const [endpoint, declaration] of Object.entries(declared)) queries.declare(api, endpoint, declaration);

  const initial: LockstepState = {
    collections: collections.initial,
    pending: pending.initial,
    queries: queries.initial,
  };
  const reducer = (state = initial, action: UnknownAction): LockstepState =>
    action.type === 'lockstep/run' ? (action['run'] as Run)(state) : state;
  const enhancer: StoreEnhancer = (createStore) => (root, preloaded) =>
    createStore((state, action) => queries.step(state, root(state, action), action), preloaded as never);
  const replace =
    (root: (state: State | undefined, action: UnknownAction) => State) =>
    (state: State | undefined, action: UnknownAction): State =>
      action.type === 'replace' ? (action['state'] as State) : root(state, action);

  interface State {
    lockstep: LockstepState;
    api: ReturnType<typeof api.reducer>;
  }
  const combined = (state: State | undefined, action: UnknownAction): State => {
    const [lockstep, cached] = [reducer(state?.lockstep, action), api.reducer(state?.api, action)];
    return state !== undefined && lockstep === state.lockstep && cached === state.api
      ? state
      : { lockstep, api: cached };
  };
  const store = configureStore({
    reducer: replace(combined),
    preloadedState: preloadedState as never,
    middleware: (getDefault) =>
      getDefault({ immutableCheck: false, serializableCheck: false }).concat(api.middleware),
    enhancers: (getDefault) => {
      const own = getDefault({ autoBatch: false }).concat(enhancer);
      return devTools === undefined ? own : own.concat(devTools);
    },
    devTools: false,
  });

  let clock = 1000;
  let made = 0;
  const slice = (): LockstepState => store.getState().lockstep;
  const run = (step: Run): void => void store.dispatch({ type: 'lockstep/run', run: step });
  const follow = (
    step: (state: LockstepState) => PendingStep,
    options: { own?: boolean; notes?: readonly ChangeNote[] } = {},
  ): void => run((state) => queries.follow(state, step(state), { now: ++clock, ...options }));

  return {
    api,
    store,
    requests,
    collections,
    pending,
    queries,
    slice,
    run,
    follow,
    /** The data of an entry. */
    data: (cacheKey: string): unknown => store.getState().api.queries[cacheKey]?.data,
    entry: (cacheKey: string) => store.getState().api.queries[cacheKey],
    /** Asks for a write, and shows it. @returns the intent's id. */
    begin(endpoint: string, argument: unknown): string {
      const id = `0199a000-0000-7000-8000-${String((made += 1)).padStart(12, '0')}`;
      follow((state) =>
        pending.begin(state, pending.intentFor(state, { id, endpoint, argument, at: made, user: null })),
      );
      return id;
    },
    intent: (id: string): Intent | undefined => slice().pending.intents.find((intent) => intent.id === id),
    acknowledge(id: string, acknowledgement: Acknowledgement): void {
      follow((state) => pending.acknowledge(state, id, acknowledgement), { own: true });
    },
    reject: (id: string): void => follow((state) => pending.settle(state, id)),
    /** What a channel says. */
    tell(changes: readonly ToldChange[], told?: readonly ChangeNote[]): void {
      follow((state) => pending.confirm(state, changes), told === undefined ? {} : { notes: told });
    },
    adopt: (change: (state: CollectionsState) => CollectionsState): void =>
      follow((state) => pending.adopt(state, change(state.collections))),
    /** Milliseconds since 1970, for everything that is told from here on. */
    setClock(now: number): void {
      clock = now;
    },
    tick: (now: number): void => run((state) => queries.tick(state, now)),
    replace: (state: unknown): void => void store.dispatch({ type: 'replace', state }),
    /** Sends the request of an entry and answers it at once. */
    async fill(thunk: UnknownAction, data: unknown, meta?: { offset?: number }): Promise<void> {
      store.dispatch(thunk);
      await requests.pop()!.answer(data, meta);
    },
  };
}

export type SeamApp = ReturnType<typeof seamApp>;

/** Lets every promise that can settle do so. */
export async function flush(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
}

export const initiate = (thunk: unknown): UnknownAction => thunk as UnknownAction;
