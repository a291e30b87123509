import { createAsyncThunk } from '@reduxjs/toolkit';
import type { AsyncThunk, Middleware, Reducer, StoreEnhancer, UnknownAction } from '@reduxjs/toolkit';
import type { BaseQueryFn, DefinitionsFromApi, FetchArgs } from '@reduxjs/toolkit/query';
import { isLockstepAction } from './actions.ts';
import type { AdapterVerb, LockstepAction } from './actions.ts';
import { createCollections } from './collections/index.ts';
import type { Adapter, AdapterSelectors, Collections, CollectionsState, Order } from './collections/index.ts';
import { LockstepError, browserClock, describe } from './core/index.ts';
import type { CollectionDefinition, RequestFailure, Row, RowId } from './core/index.ts';
import type { Declarations } from './declarations.ts';
import { createMemoryOutbox, createOutbox } from './outbox/index.ts';
import { createPending } from './pending/index.ts';
import type { Effect, EffectTransaction, Make, NamedRow, Pending, PendingStep } from './pending/index.ts';
import { createQueries } from './queries/index.ts';
import type { Declaration, LockstepState, Queries } from './queries/index.ts';
import { createUploads, writeOutcome } from './requests/index.ts';
import { createRuntime, runtimeOf } from './runtime.ts';
import type { ApiOfStore, Runtime, StoreOptions } from './runtime.ts';
import type { Write } from './writer.ts';

/** Where Lockstep's slice sits in the store. */
const REDUCER_PATH = 'lockstep';

export interface LockstepOptions {
  readonly collections: readonly CollectionDefinition[];
  /** Sends declared mutations and thunks: the base query of your api. */
  // oxlint-disable-next-line typescript/no-explicit-any -- any base query will do, whatever it takes and gives
  readonly baseQuery?: BaseQueryFn<any, unknown, unknown, any, any>;
}

/** What `configureStore` needs to keep a store in step. Make one per store. */
export interface StoreParts {
  readonly enhancer: StoreEnhancer;
  readonly middleware: Middleware;
  /** For `getDefaultMiddleware`: the development checks walk everything but what Lockstep keeps frozen. */
  readonly checks: {
    readonly immutableCheck: { readonly ignoredPaths: string[] };
    readonly serializableCheck: { readonly ignoredPaths: string[]; readonly ignoredActionPaths: string[] };
  };
  /** For `configureStore`: DevTools are shown counts in place of a hundred thousand rows. */
  readonly devTools: { readonly stateSanitizer: <State>(state: State) => State };
}

/** A state that holds Lockstep's slice. */
export interface WithLockstep {
  readonly [REDUCER_PATH]: LockstepState;
}

/** A thunk's request, and what it means. Without an effect it is a read. */
export interface ThunkDeclaration<Argument, Answer> {
  /** What the base query is given. */
  request(argument: Argument): string | FetchArgs;
  /** As in a declared mutation: pure, replayed whenever the rows underneath change. */
  readonly effect?: (tx: EffectTransaction, argument: Argument) => void;
  readonly prepare?: (argument: Argument, make: Make) => Argument;
  readonly coalesce?: (earlier: Argument, later: Argument) => Argument | null;
  /** The thunk's result out of the answer. Default: the answer as it is. */
  readonly transformResponse?: (
    answer: unknown,
    meta: unknown,
    argument: Argument,
  ) => Answer | Promise<Answer>;
  /** The rows that the result confirms; without it a result that is a written row, or an array of them, is taken. */
  readonly answer?: (result: Answer, argument: Argument) => readonly NamedRow[];
}

/** The rows of one collection, read and fed by the names of `createEntityAdapter`. */
export interface RowsAdapter<R extends Row> {
  /** One action creator a verb. They say what the server said; what people write are intents, never these. */
  readonly actions: {
    readonly [Verb in AdapterVerb]: Parameters<Adapter<R>[Verb]> extends [unknown, infer Argument]
      ? (argument: Exclude<Argument, { readonly type: string; readonly payload: unknown }>) => UnknownAction
      : () => UnknownAction;
  };
  /** Selectors over visible rows, from the root state. */
  getSelectors(): AdapterSelectors<R, WithLockstep>;
}

/** What an application declares once, and every store of it shares. Holds no rows. */
export interface Lockstep {
  readonly reducerPath: typeof REDUCER_PATH;
  readonly reducer: Reducer<LockstepState>;
  /** Views, aggregates and rows, read from `state.lockstep.collections`. */
  readonly collections: Pick<Collections, 'view' | 'aggregate'>;
  /**
   * Says what endpoints mean: where rows sit in an answer, what a mutation does to them. Endpoints that are not named
   * stay as they are. May be called again, for injected endpoints or one endpoint at a time.
   * @throws LockstepError `endpoint-unknown`, `collection-unknown`.
   */
  declare<Api extends DeclarableApi>(api: Api, declarations: Declarations<DefinitionsFromApi<Api>>): void;
  /** An async thunk through the same door: shown at once, queued, sent, rolled back where it is refused. */
  thunk<Argument, Answer = unknown>(
    name: string,
    declaration: ThunkDeclaration<Argument, Answer>,
  ): AsyncThunk<Answer, Argument, { rejectValue: RequestFailure }>;
  /** The familiar verbs and selectors. @param order of what the selectors list. */
  adapter<R extends Row>(collection: CollectionDefinition<R>, order?: Order<R>): RowsAdapter<R>;
  /** The visible row. */
  selectRow<R extends Row>(
    state: WithLockstep,
    collection: CollectionDefinition<R>,
    id: RowId,
  ): R | undefined;
  /** The parts of one store. */
  configure(options?: StoreOptions): StoreParts;
  /** What is behind a store that was configured with the parts. @throws LockstepError `not-installed`. */
  of(store: { dispatch: unknown }): Runtime;
}

/** An api of `createApi`, as far as declarations need it. */
export interface DeclarableApi extends ApiOfStore {
  enhanceEndpoints(enhancements: never): unknown;
}

/** An endpoint's definition as RTK Query keeps it. */
interface EndpointDefinition {
  readonly type: string;
  query?: (argument: unknown) => unknown;
  queryFn?: unknown;
  transformResponse?: Write['transformResponse'];
  transformErrorResponse?: Write['transformErrorResponse'];
  readonly extraOptions?: unknown;
}

/** @throws LockstepError `collection-twice`. */
export function createLockstep({ collections: definitions, baseQuery }: LockstepOptions): Lockstep {
  const writes = new Map<string, Write>();
  const apis = new Map<string, ApiOfStore>();
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const collections = createCollections(definitions);
  const effects = (endpoint: string): Effect | undefined => writes.get(endpoint)?.effect;
  const pending = createPending({ collections, definitions, effects });
  const queries = createQueries({ collections, pending, definitions });
  const reducer = reducerOf(collections, pending, queries);

  function declareWrite(endpoint: string, definition: EndpointDefinition, declaration: object): void {
    const { query, transformResponse, transformErrorResponse, extraOptions } = definition;
    if (query === undefined) {
      throw new LockstepError('endpoint-undeclared', {
        subject: `The mutation "${endpoint}"`,
        expected: 'a `query`, which can be sent again tomorrow',
        received: writes.has(endpoint) ? 'one that is declared already' : 'a `queryFn`',
        remedy: 'Declare each mutation once; give uploads and other one-off work to an endpoint of its own.',
      });
    }
    writes.set(endpoint, {
      ...(declaration as Pick<Write, 'effect'>),
      request: query,
      ...(transformResponse && { transformResponse }),
      ...(transformErrorResponse && { transformErrorResponse }),
      ...(extraOptions !== undefined && { extraOptions }),
    });
    delete definition.query;
    delete definition.transformErrorResponse;
    definition.queryFn = async (argument: unknown, { dispatch }: { dispatch: unknown }) => {
      const result = await runtimeOf({ dispatch }).write(endpoint, argument);
      switch (result.kind) {
        case 'done':
          return { data: result.answer, meta: result.meta };
        case 'durable':
          return {
            data: result.rows.length === 1 ? result.rows[0] : result.rows,
            meta: { intent: result.intent, status: 'durable' },
          };
        case 'failed':
          return { error: result.error, meta: result.meta };
      }
    };
  }

  return {
    reducerPath: REDUCER_PATH,
    reducer,
    collections,

    declare(api, declarations) {
      for (const [endpoint, declaration] of Object.entries<object | undefined>(declarations)) {
        if (declaration === undefined) continue;
        if (!Object.hasOwn(api.endpoints, endpoint)) throw unknownEndpoint(endpoint, api);
        apis.set(endpoint, api);
        const enhance = (definition: EndpointDefinition): void => {
          if (definition.type === 'mutation') declareWrite(endpoint, definition, declaration);
          else queries.declare(api, endpoint, declaration as Declaration);
        };
        api.enhanceEndpoints({ endpoints: { [endpoint]: enhance } } as never);
      }
    },

    thunk<Argument, Answer>(name: string, declaration: ThunkDeclaration<Argument, Answer>) {
      const { request, effect } = declaration;
      const write = { effect: () => {}, ...declaration, request } as unknown as Write;
      if (effect !== undefined) writes.set(name, write);
      return createAsyncThunk<Answer, Argument, { rejectValue: RequestFailure }>(
        name,
        async (argument, { dispatch, signal, rejectWithValue }) => {
          const runtime = runtimeOf({ dispatch });
          const result = await (effect === undefined
            ? runtime.read(write, argument, signal)
            : runtime.write(name, argument));
          if (result.kind === 'failed') return rejectWithValue(result.error as RequestFailure);
          const answer = result.kind === 'done' ? result.answer : result.rows[0];
          return answer as Answer;
        },
      );
    },

    adapter<R extends Row>(collection: CollectionDefinition<R>, order?: Order<R>): RowsAdapter<R> {
      const { getSelectors, ...verbs } = collections.adapter(collection, order);
      const actions = Object.fromEntries(
        Object.keys(verbs).map((verb) => [
          verb,
          (argument?: unknown) => ({
            type: 'lockstep/rows',
            payload: { collection: collection.name, verb, argument },
            meta: { now: browserClock.now() },
          }),
        ]),
      );
      return {
        actions: actions as unknown as RowsAdapter<R>['actions'],
        getSelectors: () => getSelectors((state: WithLockstep) => state[REDUCER_PATH].collections),
      };
    },

    selectRow: (state, collection, id) => collections.get(state[REDUCER_PATH].collections, collection, id),

    configure: (options = {}) => {
      const runtime = createRuntime({
        options,
        pending,
        queries,
        collections,
        writes,
        definitions: byName,
        baseQuery,
        apis,
        stateOf: (root) => (root as WithLockstep)[REDUCER_PATH],
        createOutbox,
        createMemoryOutbox,
        createUploads,
        outcomeOf: writeOutcome,
      });
      return { enhancer: enhancerOf(queries), middleware: runtime.middleware, ...watchers(apis) };
    },

    of: runtimeOf,
  };
}

function unknownEndpoint(endpoint: string, { endpoints }: ApiOfStore): LockstepError {
  return new LockstepError('endpoint-unknown', {
    subject: 'A declaration',
    expected: `an endpoint of the api: ${Object.keys(endpoints).join(', ')}`,
    received: describe(endpoint),
    remedy: 'Correct the name, or inject the endpoint before it is declared.',
  });
}

/** The only place where Lockstep's slice changes. Pure, and in front of any draft. */
function reducerOf(collections: Collections, pending: Pending, queries: Queries): Reducer<LockstepState> {
  const initial: LockstepState = Object.freeze({
    collections: collections.initial,
    pending: pending.initial,
    queries: queries.initial,
  });

  function reduce(state: LockstepState, action: LockstepAction): LockstepState {
    const { now } = action.meta;
    const follow = (from: LockstepState, step: PendingStep): LockstepState =>
      queries.follow(from, step, { now });
    switch (action.type) {
      case 'lockstep/begun':
        return follow(state, pending.begin(state, action.payload.intent, action.payload.status));
      case 'lockstep/marked':
        return follow(state, pending.mark(state, action.payload.id, action.payload.status));
      case 'lockstep/acknowledged': {
        const { id, acknowledgement } = action.payload;
        return queries.follow(state, pending.acknowledge(state, id, acknowledgement), { now, own: true });
      }
      case 'lockstep/settled': {
        const { ended, successor } = action.payload;
        return ended.reduce(
          (from, id, at) => follow(from, pending.settle(from, id, at === 0 ? successor : undefined)),
          state,
        );
      }
      case 'lockstep/confirmed': {
        const { changes, notes } = action.payload;
        return queries.follow(state, pending.confirm(state, changes), { now, ...(notes && { notes }) });
      }
      case 'lockstep/rows': {
        const { collection, verb, argument } = action.payload;
        const adapter = collections.adapter({ name: collection } as CollectionDefinition);
        const run = adapter[verb] as (rows: CollectionsState, argument: unknown) => CollectionsState;
        return follow(state, pending.adopt(state, run(state.collections, argument)));
      }
      case 'lockstep/ticked':
        return queries.tick(state, now);
      case 'lockstep/released': {
        const step = collections.release(state.collections, action.payload.rows);
        return { ...state, collections: step.state };
      }
      case 'lockstep/cleared':
        return initial;
    }
  }

  return (state = initial, action) => (isLockstepAction(action) ? reduce(state, action) : state);
}

/** Puts the seam to RTK Query around the root reducer: rows out of answers, visible rows back into every entry. */
function enhancerOf(queries: Queries): StoreEnhancer {
  return (createStore) => (reducer, preloaded) =>
    createStore((state, action) => {
      const next = reducer(state, action);
      return queries.step(state as typeof next | undefined, next, action);
    }, preloaded);
}

/** What keeps development tools off the rows. */
function watchers(apis: ReadonlyMap<string, ApiOfStore>): Pick<StoreParts, 'checks' | 'devTools'> {
  const paths = new Set([REDUCER_PATH as string]);
  for (const { reducerPath } of apis.values()) paths.add(`${reducerPath}.queries`);
  const ignoredPaths = [...paths];
  return {
    checks: {
      immutableCheck: { ignoredPaths },
      serializableCheck: {
        ignoredPaths,
        // The first two are the defaults, which naming any replaces.
        ignoredActionPaths: ['meta.arg', 'meta.baseQueryMeta', 'payload.changes', 'payload.argument'],
      },
    },
    devTools: {
      stateSanitizer: (state) =>
        typeof state === 'object' && state !== null && REDUCER_PATH in state
          ? { ...state, [REDUCER_PATH]: summaryOf(state[REDUCER_PATH] as LockstepState) }
          : state,
    },
  };
}

function summaryOf({ collections, pending }: LockstepState): object {
  return {
    collections: Object.fromEntries(
      Object.entries(collections).map(([name, { rows, overlay }]) => [
        name,
        `${rows.n} rows, ${overlay.length} of them shown otherwise`,
      ]),
    ),
    pending: pending.intents,
  };
}
