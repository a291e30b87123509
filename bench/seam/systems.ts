import { configureStore } from '@reduxjs/toolkit';
import { createApi, fakeBaseQuery } from '@reduxjs/toolkit/query';
import { collection, createLockstep } from 'lockstep';
import { HOT, LISTS, newHot, pageOf, person } from './people.ts';
import type { PeopleArgument, PeoplePage, Person } from './people.ts';

/** A store with the 200 lists and other entries around them. Each operation leaves every list right. */
export interface SeamSystem {
  readonly name: string;
  /** Fewer turns a round, so that a run ends. */
  readonly isSlow: boolean;
  /** The person's name changes. */
  field?(): void;
  /** What the lists are ordered by changes, back and forth. */
  key?(): void;
  /** A write shows, is refused, and goes. */
  optimistic?(): void;
  /** @throws where a list is not right. */
  check(): void;
}

const people = () => {
  const api = createApi({
    baseQuery: fakeBaseQuery<string>(),
    tagTypes: ['Person'],
    // Nobody subscribes here, and nothing may expire during a run.
    keepUnusedDataFor: Number.POSITIVE_INFINITY,
    endpoints: (build) => ({
      getPeople: build.query<PeoplePage, PeopleArgument>({
        queryFn: () => ({ error: 'unused' }),
        providesTags: (page) => (page?.users ?? []).map(({ id }) => ({ type: 'Person' as const, id })),
      }),
      getPerson: build.query<Person, string>({ queryFn: () => ({ error: 'unused' }) }),
      getOther: build.query<{ n: number }, number>({ queryFn: () => ({ error: 'unused' }) }),
    }),
  });
  return api;
};

type Api = ReturnType<typeof people>;

/** Fills a store: the 200 lists, then lists, details and undeclared entries in turn. */
function fill(
  api: Api,
  dispatch: (action: ReturnType<Api['util']['upsertQueryEntries']>) => unknown,
  entries: number,
): void {
  const lists = Array.from({ length: LISTS }, (_, list) => ({
    endpointName: 'getPeople' as const,
    arg: { list },
    value: pageOf(list, newHot(1)),
  }));
  dispatch(api.util.upsertQueryEntries(lists));
  const others = Array.from({ length: entries - LISTS }, (_, at) => {
    if (at % 3 === 0) {
      const users = Array.from({ length: 5 }, (_, row) => person(`other-${at}-${row}`, 100 - row));
      return {
        endpointName: 'getPeople' as const,
        arg: { list: LISTS + at, role: 'admin' as const },
        value: { users, total: 5 },
      };
    }
    if (at % 3 === 1)
      return { endpointName: 'getPerson' as const, arg: `other-${at}`, value: person(`other-${at}`, 0) };
    return { endpointName: 'getOther' as const, arg: at, value: { n: at } };
  });
  dispatch(api.util.upsertQueryEntries(others));
}

function checkLists(queries: object, name: string, at: number): void {
  const entries = queries as Record<string, { data: PeoplePage }>;
  for (let list = 0; list < LISTS; list += 1) {
    const { users } = entries[`getPeople({"list":${list}})`]!.data;
    if (users.length !== 50 || users[at]?.id !== HOT || users[at]?.name !== name) {
      throw new Error(
        `list ${list} is not right: expected ${name} at ${at}, received ${JSON.stringify(users[at])}`,
      );
    }
  }
}

const MIDDLE = 25;

async function lockstepSystem(entries: number): Promise<SeamSystem> {
  const api = people();
  const persons = collection('people', { id: (row: Person) => row.id, version: (row) => row.version });
  const lockstep = createLockstep({ collections: [persons] });
  lockstep.declare(api, {
    getPeople: {
      list: persons,
      rows: 'users',
      total: 'total',
      order: () => [{ key: (row) => row.lastActive, direction: 'desc' }],
      where: ({ list, role }) =>
        role === undefined
          ? (row) => row.id === HOT || row.id.startsWith(`person-${list}-`)
          : (row) => row.role === role,
    },
    getPerson: { one: persons },
  });
  const { enhancer, middleware, checks } = lockstep.configure();
  const store = configureStore({
    reducer: { [lockstep.reducerPath]: lockstep.reducer, [api.reducerPath]: api.reducer },
    middleware: (getDefault) => getDefault(checks).concat(middleware, api.middleware),
    enhancers: (getDefault) => getDefault().concat(enhancer),
    devTools: false,
  });
  fill(api, store.dispatch, entries);
  const runtime = lockstep.of(store);
  let version = 1;
  let isUp = false;
  return {
    name: 'lockstep',
    isSlow: false,
    field() {
      version += 1;
      runtime.confirm([{ collection: 'people', row: newHot(version, isUp ? 2000 : undefined) }]);
    },
    key() {
      version += 1;
      isUp = !isUp;
      runtime.confirm([{ collection: 'people', row: newHot(version, isUp ? 2000 : undefined) }]);
    },
    check: () => checkLists(store.getState().api.queries, `Hot ${version}`, isUp ? 0 : MIDDLE),
  };
}

function stockStore(entries: number) {
  const api = people();
  const store = configureStore({
    reducer: { [api.reducerPath]: api.reducer },
    middleware: (getDefault) => getDefault().concat(api.middleware),
    devTools: false,
  });
  fill(api, store.dispatch, entries);
  return { api, store };
}

/** The recipe of RTK Query's documentation: each list of the row is found by its tag and patched. */
async function updateQueryDataSystem(entries: number): Promise<SeamSystem> {
  const { api, store } = stockStore(entries);
  let version = 1;
  let isUp = false;
  const patch = (hot: Person, isMove: boolean) =>
    api.util
      .selectInvalidatedBy(store.getState(), [{ type: 'Person', id: HOT }])
      .filter(({ endpointName }) => endpointName === 'getPeople')
      .map(({ originalArgs }) =>
        store.dispatch(
          api.util.updateQueryData('getPeople', originalArgs as PeopleArgument, (draft) => {
            const at = draft.users.findIndex(({ id }) => id === HOT);
            if (!isMove) draft.users[at] = hot;
            else {
              draft.users.splice(at, 1);
              draft.users.splice(isUp ? 0 : MIDDLE, 0, hot);
            }
          }),
        ),
      );
  const lastActive = (): number | undefined => (isUp ? 2000 : undefined);
  return {
    name: 'rtk-update-query-data',
    isSlow: true,
    field() {
      version += 1;
      patch(newHot(version, lastActive()), false);
    },
    key() {
      version += 1;
      isUp = !isUp;
      patch(newHot(version, lastActive()), true);
    },
    optimistic() {
      for (const { undo } of patch({ ...newHot(version, lastActive()), name: 'pending' }, false)) undo();
    },
    check: () => checkLists(store.getState().api.queries, `Hot ${version}`, isUp ? 0 : MIDDLE),
  };
}

/** One action that writes all lists of the row anew. */
async function upsertQueryEntriesSystem(entries: number): Promise<SeamSystem> {
  const { api, store } = stockStore(entries);
  let version = 1;
  let isUp = false;
  const write = (hot: Person): void => {
    const lists = api.util
      .selectInvalidatedBy(store.getState(), [{ type: 'Person', id: HOT }])
      .filter(({ endpointName }) => endpointName === 'getPeople')
      .map(({ originalArgs, queryCacheKey }) => {
        const { users, total } = store.getState().api.queries[queryCacheKey]!.data as PeoplePage;
        const others = users.filter(({ id }) => id !== HOT);
        others.splice(isUp ? 0 : MIDDLE, 0, hot);
        return {
          endpointName: 'getPeople' as const,
          arg: originalArgs as PeopleArgument,
          value: { users: others, total },
        };
      });
    store.dispatch(api.util.upsertQueryEntries(lists));
  };
  return {
    name: 'rtk-upsert-query-entries',
    isSlow: true,
    field() {
      version += 1;
      write(newHot(version, isUp ? 2000 : undefined));
    },
    key() {
      version += 1;
      isUp = !isUp;
      write(newHot(version, isUp ? 2000 : undefined));
    },
    check: () => checkLists(store.getState().api.queries, `Hot ${version}`, isUp ? 0 : MIDDLE),
  };
}

export const systems: readonly ((entries: number) => Promise<SeamSystem>)[] = [
  lockstepSystem,
  updateQueryDataSystem,
  upsertQueryEntriesSystem,
];
