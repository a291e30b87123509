import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyMergePatch, mergePatchBetween } from '@lockstep/protocol';
import { seamApp, users, usersOrder, usersWhere } from '../test-support/seam-app.ts';
import type { SeamApp, User, UsersArgument, UsersPage } from '../test-support/seam-app.ts';
import { comparatorOf } from '../collections/index.ts';
import type { ToldChange } from '../pending/index.ts';
import type { ChangeNote, ListRecord, LockstepState } from './index.ts';

const IDS = ['u0', 'u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7'];
const PAGE = 2;

interface PagesArgument extends UsersArgument {
  readonly cursor: User | null;
}

/** The server: rows, and a feed that every write joins at once. */
class Server {
  readonly rows = new Map<string, User>();
  readonly feed: { readonly change: ToldChange; readonly note: ChangeNote }[] = [];
  readonly #versions = new Map<string, number>();

  write(id: string, next: Omit<User, 'version'> | null, intent?: string): User | null {
    const before = this.rows.get(id);
    const version = (this.#versions.get(id) ?? 0) + 1;
    this.#versions.set(id, version);
    const row = next === null ? null : { ...next, version };
    const offset = this.feed.length + 1;
    if (row === null) this.rows.delete(id);
    else this.rows.set(id, row);
    const told = intent === undefined ? {} : { intent };
    this.feed.push({
      change:
        row === null
          ? { collection: 'users', id, removed: true, version, ...told }
          : { collection: 'users', row, ...told },
      note: {
        collection: 'users',
        id,
        offset,
        before: before === undefined ? null : row === null ? before : mergePatchBetween(row, before),
      },
    });
    return row;
  }

  matching(argument: UsersArgument): User[] {
    return [...this.rows.values()]
      .filter(usersWhere(argument))
      .toSorted(comparatorOf(users, usersOrder(argument)));
  }

  read(path: string, argument: unknown): unknown {
    if (path === 'user') return this.rows.get(argument as string) ?? null;
    if (path === 'all') return this.matching(argument as UsersArgument);
    if (path === 'pages') return this.page(argument as PagesArgument);
    const { page = 1, pageSize = PAGE } = argument as UsersArgument;
    const all = this.matching(argument as UsersArgument);
    const rows = all.slice((page - 1) * pageSize, page * pageSize);
    return { users: rows, total: all.length, hasMore: page * pageSize < all.length };
  }

  page(argument: PagesArgument): UsersPage & { nextCursor?: User } {
    const compare = comparatorOf(users, usersOrder(argument));
    const all = this.matching(argument);
    const rest = all.filter((row) => argument.cursor === null || compare(row, argument.cursor) > 0);
    const rows = rest.slice(0, PAGE);
    const hasMore = rest.length > PAGE;
    return { users: rows, total: all.length, hasMore, ...(hasMore && { nextCursor: rows.at(-1)! }) };
  }
}

interface Query {
  readonly endpoint: 'getUser' | 'getUsers' | 'getAll' | 'getPages';
  readonly path: string;
  readonly argument: unknown;
}

const QUERIES: readonly Query[] = [
  ...['u0', 'u1', 'u2'].map((id): Query => ({ endpoint: 'getUser', path: 'user', argument: id })),
  ...[
    { page: 1, pageSize: PAGE },
    { page: 2, pageSize: PAGE },
    { role: 'a', page: 1, pageSize: PAGE },
    { sortBy: 'rank', sortOrder: 'desc', page: 1, pageSize: 3 } as const,
    { sortBy: 'rank', sortOrder: 'desc', page: 2, pageSize: 3 } as const,
  ].map((argument): Query => ({ endpoint: 'getUsers', path: 'users', argument })),
  ...[{}, { role: 'a' }, { role: 'b', sortBy: 'rank' } as const].map((argument): Query => ({
    endpoint: 'getAll',
    path: 'all',
    argument,
  })),
  ...[{}, { role: 'a', sortBy: 'rank', sortOrder: 'desc' } as const].map((argument): Query => ({
    endpoint: 'getPages',
    path: 'pages',
    argument,
  })),
];

const keyOf = ({ endpoint, argument }: Query): string =>
  `${endpoint}(${JSON.stringify(argument, Object.keys(Object(argument) as object).toSorted())})`;

interface Flight {
  readonly query: Query;
  readonly arg: object;
  readonly startedTimeStamp: number;
  readonly requestId: string;
  /** The infinite data that the request adds to; null for anything else. */
  readonly existing: { readonly pages: readonly unknown[]; readonly pageParams: readonly unknown[] } | null;
  readonly argument: unknown;
  answer?: { readonly payload: unknown; readonly offset: number };
}

/** RTK Query's own actions, dispatched by hand so that a run needs no promise. */
class World {
  readonly app: SeamApp = seamApp({
    report: (error) => {
      throw error;
    },
  });
  readonly server = new Server();
  readonly flights = new Map<string, Flight>();
  readonly outcomes = new Map<string, { readonly row: User | null; readonly id: string } | 'refused'>();
  readonly history: unknown[] = [];
  heard = 0;
  #time = 2000;
  #requests = 0;
  readonly withOffsets: boolean;

  constructor(withOffsets: boolean) {
    this.withOffsets = withOffsets;
  }

  get state(): {
    readonly api: {
      readonly queries: Record<string, { status: string; data?: unknown; endpointName?: string } | undefined>;
    };
    readonly lockstep: LockstepState;
  } {
    return this.app.store.getState();
  }

  request(query: Query, more: boolean): void {
    const cacheKey = keyOf(query);
    if (this.flights.has(cacheKey)) return;
    const data = this.state.api.queries[cacheKey]?.data as Flight['existing'] | undefined;
    const last = data?.pages?.at(-1) as { nextCursor?: User } | undefined;
    const forward = more && query.endpoint === 'getPages' && last?.nextCursor !== undefined;
    const startedTimeStamp = (this.#time += 10);
    const requestId = `r${(this.#requests += 1)}`;
    const arg = {
      type: 'query',
      endpointName: query.endpoint,
      originalArgs: query.argument,
      queryCacheKey: cacheKey,
      ...(forward && { direction: 'forward' }),
    };
    const cursor = forward ? last.nextCursor! : null;
    this.flights.set(cacheKey, {
      query,
      arg,
      startedTimeStamp,
      requestId,
      existing: query.endpoint === 'getPages' ? (forward ? data! : { pages: [], pageParams: [] }) : null,
      argument: query.endpoint === 'getPages' ? { ...(query.argument as object), cursor } : query.argument,
    });
    this.app.store.dispatch({
      type: 'api/executeQuery/pending',
      meta: { arg, requestId, requestStatus: 'pending', startedTimeStamp },
    });
  }

  read(query: Query): void {
    const flight = this.flights.get(keyOf(query));
    if (flight === undefined || flight.answer !== undefined) return;
    const part = this.server.read(query.path, flight.argument);
    const payload =
      flight.existing === null
        ? part
        : {
            pages: [...flight.existing.pages, part],
            pageParams: [...flight.existing.pageParams, (flight.argument as PagesArgument).cursor],
          };
    flight.answer = { payload, offset: this.server.feed.length };
  }

  arrive(query: Query): void {
    const flight = this.flights.get(keyOf(query));
    if (flight?.answer === undefined) return;
    this.flights.delete(keyOf(query));
    const { arg, requestId, startedTimeStamp } = flight;
    const { payload, offset } = flight.answer;
    const meta = { arg, requestId, startedTimeStamp };
    if (payload === null) {
      this.app.store.dispatch({
        type: 'api/executeQuery/rejected',
        payload: { status: 404 },
        error: { message: 'Rejected' },
        meta: { ...meta, requestStatus: 'rejected', rejectedWithValue: true },
      });
      return;
    }
    this.app.store.dispatch({
      type: 'api/executeQuery/fulfilled',
      payload,
      meta: {
        ...meta,
        requestStatus: 'fulfilled',
        fulfilledTimeStamp: (this.#time += 10),
        baseQueryMeta: this.withOffsets ? { offset } : {},
      },
    });
  }

  hear(count: number): void {
    const heard = this.server.feed.slice(this.heard, this.heard + count);
    this.heard += heard.length;
    if (heard.length === 0) return;
    this.app.setClock((this.#time += 10));
    this.app.tell(
      heard.map(({ change }) => change),
      heard.map(({ note }) => note),
    );
  }

  process(id: string): void {
    const intent = this.app.intent(id);
    if (intent === undefined || this.outcomes.has(id)) return;
    this.outcomes.set(id, this.#effect(intent.endpoint, intent.argument, id));
  }

  #effect(endpoint: string, argument: unknown, intent: string): { row: User | null; id: string } | 'refused' {
    if (endpoint === 'create') {
      const row = argument as User;
      return this.server.rows.has(row.id)
        ? 'refused'
        : { id: row.id, row: this.server.write(row.id, row, intent) };
    }
    const id = typeof argument === 'string' ? argument : (argument as { id: string }).id;
    const row = this.server.rows.get(id);
    if (row === undefined) return 'refused';
    if (endpoint === 'remove') return { id, row: this.server.write(id, null, intent) };
    const next =
      endpoint === 'add'
        ? { ...row, rank: row.rank + 1 }
        : applyMergePatch(row, (argument as { changes: object }).changes as never);
    return { id, row: this.server.write(id, next, intent) };
  }

  outcome(id: string): void {
    const outcome = this.outcomes.get(id);
    if (outcome === undefined) return;
    this.outcomes.delete(id);
    this.app.setClock((this.#time += 10));
    if (outcome === 'refused') this.app.reject(id);
    else if (outcome.row === null) this.app.acknowledge(id, { changes: [] });
    else this.app.acknowledge(id, { changes: [{ collection: 'users', row: outcome.row }] });
  }

  sweep(): void {
    const { idle } = this.app.queries.releasable(this.state.lockstep, 0, new Map());
    const { release } = this.app.queries.releasable(this.state.lockstep, 61_000, idle);
    this.app.run((state) => ({
      ...state,
      collections: this.app.collections.release(state.collections, release).state,
    }));
  }

  /** Everything said, everything answered. */
  quiet(): void {
    for (const { id } of this.state.lockstep.pending.intents) this.process(id);
    for (const id of this.outcomes.keys()) this.outcome(id);
    for (const { query } of this.flights.values()) this.read(query);
    this.hear(Number.POSITIVE_INFINITY);
    for (const { query } of this.flights.values()) this.arrive(query);
    for (let round = 0; round < 2; round += 1) {
      for (const cacheKey of this.state.lockstep.queries.due) {
        const query = QUERIES.find((known) => keyOf(known) === cacheKey)!;
        this.request(query, false);
        this.read(query);
        this.arrive(query);
      }
    }
  }
}

type Operation =
  | {
      readonly do: 'write';
      readonly id: string;
      readonly role: string;
      readonly name: string;
      readonly rank: number;
      readonly gone: boolean;
    }
  | { readonly do: 'hear'; readonly count: number }
  | {
      readonly do: 'begin';
      readonly endpoint: string;
      readonly id: string;
      readonly role: string;
      readonly rank: number;
    }
  | { readonly do: 'process' | 'outcome' | 'reject'; readonly at: number }
  | { readonly do: 'request' | 'read' | 'arrive' | 'fetch' | 'more'; readonly query: Query }
  | { readonly do: 'jump'; readonly back: number; readonly id: string }
  | { readonly do: 'sweep' | 'reset' };

const id = fc.constantFrom(...IDS);
const role = fc.constantFrom('a', 'b');
const rank = fc.integer({ min: 0, max: 3 });
const query = fc.constantFrom(...QUERIES);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      id,
      role,
      rank,
      name: fc.constantFrom('k', 'm', 'p', 'z'),
      gone: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('hear' as const), count: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('begin' as const),
      endpoint: fc.constantFrom('create', 'update', 'add', 'remove'),
      id,
      role,
      rank,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('process', 'outcome', 'reject'),
      at: fc.integer({ min: 0, max: 3 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constantFrom('request', 'read', 'arrive', 'fetch', 'more'), query }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('jump' as const), back: fc.integer({ min: 1, max: 8 }), id }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ do: 'sweep' } as const, { do: 'reset' } as const) },
);

function perform(world: World, operation: Operation): void {
  const { app, server } = world;
  switch (operation.do) {
    case 'write': {
      const { id, name, rank, role } = operation;
      if (operation.gone && server.rows.has(id)) server.write(id, null);
      else server.write(id, { id, name, rank, role });
      return;
    }
    case 'hear':
      world.hear(operation.count);
      return;
    case 'begin': {
      const { endpoint, id, role, rank } = operation;
      if (endpoint === 'create') app.begin('create', { id, version: 0, name: id, role, rank });
      else if (endpoint === 'update')
        app.begin('update', { id, changes: rank === 0 ? { name: 'n' } : { role, rank } });
      else app.begin(endpoint, id);
      return;
    }
    case 'process':
    case 'outcome':
    case 'reject': {
      const { intents } = world.state.lockstep.pending;
      const picked = intents[operation.at % Math.max(1, intents.length)];
      if (picked === undefined) return;
      if (operation.do === 'process') world.process(picked.id);
      else if (operation.do === 'outcome') world.outcome(picked.id);
      // What the server did cannot be refused any more.
      else if (!world.outcomes.has(picked.id)) app.reject(picked.id);
      return;
    }
    case 'request':
      world.request(operation.query, false);
      return;
    case 'read':
      world.read(operation.query);
      return;
    case 'arrive':
      world.arrive(operation.query);
      return;
    case 'fetch':
    case 'more':
      world.request(operation.query, operation.do === 'more');
      world.read(operation.query);
      world.arrive(operation.query);
      return;
    case 'jump': {
      const now = world.state;
      app.replace(world.history.at(-operation.back) ?? now);
      checkAgainstScratch(world);
      app.begin('remove', operation.id);
      checkAgainstScratch(world);
      app.replace(now);
      return;
    }
    case 'sweep':
      world.sweep();
      return;
    case 'reset':
      world.flights.clear();
      app.store.dispatch(app.api.util.resetApiState());
  }
}

/** What each entry must show, from nothing but the state: slowly, and by the definition. */
function checkAgainstScratch({ app, state }: World): void {
  const { collections, queries } = state.lockstep;
  const visible = (id: string): User | undefined => app.collections.get(collections, users, id);
  const confirmed = (id: string): User | undefined => app.collections.confirmed(collections, users, id);
  expect(Object.keys(queries.entries).toSorted()).toEqual(
    Object.keys(state.api.queries)
      .filter((key) => state.api.queries[key]?.data !== undefined || key in queries.entries)
      .toSorted(),
  );
  for (const [cacheKey, record] of Object.entries(queries.entries)) {
    const { data, endpointName } = state.api.queries[cacheKey]!;
    if (record.kind === 'one') {
      expect(data).toBe(visible(record.id));
      continue;
    }
    const argument = record.argument as UsersArgument;
    const compare = comparatorOf(users, usersOrder(argument));
    const matches = usersWhere(argument);
    const placeOf = (row: User): number => {
      if (record.start === null ? record.offset > 0 : compare(row, record.start as User) < 0) return -1;
      return record.segments.findIndex(({ end }) => end === null || compare(row, end as User) <= 0);
    };
    const shown: User[][] = record.segments.map(() => []);
    let { total } = record;
    for (const id of IDS) {
      const [now, sure] = [visible(id), confirmed(id)];
      const at = record.segments.findIndex(({ ids }) => ids.includes(id));
      if (total !== null && now !== sure) {
        // What is not shown inside the loaded stretch is not counted, whatever is held of it.
        const isCounted = sure !== undefined && matches(sure) && (at >= 0 || placeOf(sure) < 0);
        total += Number(now !== undefined && matches(now)) - Number(isCounted);
      }
      if (now === sure) {
        if (at >= 0) shown[at]!.push(now!);
      } else if (now !== undefined && matches(now)) {
        const stays = sure !== undefined && matches(sure) && compare(sure, now) === 0;
        const place = stays ? at : placeOf(now);
        if (place >= 0) shown[place]!.push(now);
      }
    }
    for (const rows of shown) rows.sort(compare);
    const limited = shown.map((rows) => (record.limit === null ? rows : rows.slice(0, record.limit)));
    if (endpointName === 'getAll') expect(data).toEqual(limited[0]);
    else if (endpointName === 'getPages') {
      const { pages } = data as { pages: UsersPage[] };
      expect(pages.map((page) => page.users)).toEqual(limited);
      for (const page of pages) expect(page.total).toBe(total);
    } else {
      const hasMore = total! > record.offset + limited[0]!.length;
      expect(data).toEqual({ users: limited[0], total, hasMore });
    }
    const rows =
      endpointName === 'getPages'
        ? (data as { pages: UsersPage[] }).pages.flatMap((page) => page.users)
        : endpointName === 'getAll'
          ? (data as User[])
          : (data as UsersPage).users;
    for (const row of rows) expect(row).toBe(visible(row.id));
  }
}

/** Once everything is said, an entry shows what the server would answer. */
function checkAgainstServer({ server, state, withOffsets }: World): void {
  expect(state.lockstep.pending.intents).toEqual([]);
  expect(state.lockstep.queries.due).toEqual([]);
  for (const query of QUERIES) {
    const cacheKey = keyOf(query);
    const record = state.lockstep.queries.entries[cacheKey];
    const { data } = state.api.queries[cacheKey] ?? {};
    if (record === undefined) continue;
    // Without positions nobody can tell whether an answer counts a row that is outside of it.
    if (!withOffsets && query.endpoint === 'getUsers') continue;
    if (query.endpoint !== 'getPages') {
      expect([cacheKey, data ?? null]).toEqual([cacheKey, server.read(query.path, query.argument)]);
      continue;
    }
    const argument = query.argument as UsersArgument;
    const { end } = (record as ListRecord).segments.at(-1)!;
    const compare = comparatorOf(users, usersOrder(argument));
    const all = server.matching(argument);
    const { pages } = data as { pages: UsersPage[] };
    expect(pages.flatMap((page) => page.users)).toEqual(
      all.filter((row) => end === null || compare(row, end as User) <= 0),
    );
    if (withOffsets) for (const page of pages) expect(page.total).toBe(all.length);
  }
}

test.each([true, false])(
  'S6.2 any interleaving of writes, answers, changes, refusals and jumps shows what the server and the pending intents say (offsets: %s)',
  (withOffsets) => {
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 40 }), (operations) => {
        const world = new World(withOffsets);
        for (const operation of operations) {
          perform(world, operation);
          world.history.push(world.state);
          checkAgainstScratch(world);
        }
        world.quiet();
        checkAgainstScratch(world);
        checkAgainstServer(world);
      }),
      { numRuns: withOffsets ? 1500 : 500 },
    );
  },
  120_000,
);
