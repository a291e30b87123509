import type { Dispatch, Middleware, MiddlewareAPI, UnknownAction } from '@reduxjs/toolkit';
import type { BaseQueryApi, BaseQueryFn, FetchArgs } from '@reduxjs/toolkit/query';
import { createUuidv7 } from '@lockstep/protocol';
import type { LockstepEvent } from './actions.ts';
import type { Collections } from './collections/index.ts';
import {
  LockstepError,
  browserClock,
  browserRandom,
  browserTimers,
  createTrace,
  describe,
} from './core/index.ts';
import type {
  Cancel,
  Clock,
  CollectionDefinition,
  EntityKey,
  Random,
  RequestFailure,
  Timers,
  Trace,
} from './core/index.ts';
import type { MemoryOutbox, Outbox, OutboxEvent, OutboxOptions, OutboxStorage } from './outbox/index.ts';
import type { Intent, Pending, ToldChange } from './pending/index.ts';
import type {
  LockstepBaseQuery,
  UploadOptions,
  UploadResult,
  Uploads,
  WriteOutcome,
} from './requests/index.ts';
import type { ChangeNote, DueEntry, IdleRows, LockstepState, Queries } from './queries/index.ts';
import { createWriter } from './writer.ts';
import type { Write, WriteResult, Writer } from './writer.ts';

/** What differs from store to store. */
export interface StoreOptions {
  /** Who is signed in, for the intents' record. Default: nobody. */
  user?(state: unknown): string | null;
  /** Where intents wait to be sent. Default: memory, which ends with the page. */
  readonly storage?: OutboxStorage<Intent>;
  /** How many writes may be on their way at once; those to one row never are. Default 4. */
  readonly concurrency?: number;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly random?: Random;
}

/** An api of RTK Query, as far as a store's upkeep needs it. */
export interface ApiOfStore {
  readonly reducerPath: string;
  readonly endpoints: object;
  readonly util: { resetApiState(): UnknownAction };
  readonly internalActions: {
    removeQueryResult(payload: { queryCacheKey: never }): UnknownAction;
    internal_getRTKQSubscriptions(): UnknownAction;
  };
}

/** What is behind one store. */
export interface Runtime {
  /** Views, aggregates and rows, of a state. */
  readonly collections: Pick<Collections, 'view' | 'aggregate' | 'get'>;
  /** Lockstep's slice of a root state. */
  readonly stateOf: (root: unknown) => LockstepState;
  /** The queue: what waits, why, and what a person may do about it. */
  readonly outbox: Outbox<Intent>;
  /** What happens to the queue, event by event. */
  readonly trace: Trace<OutboxEvent<Intent>>;
  /** A declared write, by the name of its endpoint or thunk. */
  write(endpoint: string, argument: unknown): Promise<WriteResult>;
  /** One request outside RTK Query whose rows are taken in. */
  read(read: Write, argument: unknown, signal: AbortSignal): Promise<WriteResult>;
  /** Files on their way, by the name their sender gave them. Nothing of them is in the store. */
  readonly uploads: Pick<Uploads, 'retry' | 'abort' | 'release' | 'state' | 'subscribe'>;
  /**
   * Sends a file, with progress in `uploads`. Never rejects.
   * @param read the answer out of the body. @param rows those that the answer confirms.
   */
  upload<Answer>(
    id: string,
    args: FetchArgs,
    read?: (body: unknown) => Answer,
    rows?: (answer: Answer) => readonly ToldChange[],
  ): Promise<UploadResult<Answer>>;
  /** Ends a conflict of a parked intent: `mine` goes over the row as it is now, `theirs` gives the intent up. */
  decide: Writer['decide'];
  /** Takes in what the server said by another way than an answer: a channel, a feed. */
  confirm(changes: readonly ToldChange[], notes?: readonly ChangeNote[]): void;
  /** Keeps a row although nothing in the cache refers to it. The answer lets it go. */
  retain(key: EntityKey): () => void;
  /** Clears rows, cached answers and what is shown of the queue, and refuses late answers. The queue itself stays. */
  signOut(): void;
  /** Lets the queue be sent again after a sign-out. */
  signIn(): void;
  /** Ends timers and the queue's sending. */
  close(): void;
}

interface RuntimeParts {
  readonly options: StoreOptions;
  readonly pending: Pending;
  readonly queries: Queries;
  readonly collections: Collections;
  readonly writes: ReadonlyMap<string, Write>;
  readonly definitions: ReadonlyMap<string, CollectionDefinition>;
  readonly baseQuery: BaseQueryFn | undefined;
  /** By endpoint. */
  readonly apis: ReadonlyMap<string, ApiOfStore>;
  readonly stateOf: (root: unknown) => LockstepState;
  readonly createOutbox: (options: OutboxOptions<Intent>) => Outbox<Intent>;
  readonly createMemoryOutbox: () => MemoryOutbox<Intent>;
  readonly createUploads: (options: UploadOptions) => Uploads;
  readonly outcomeOf: (result: { data?: unknown; error?: RequestFailure; meta?: unknown }) => WriteOutcome;
}

/** Answered by the middleware with the store's runtime; no reducer ever sees it. */
const ASK = 'lockstep/runtime';

/** How often time-dependent lists are told the time and rows that nothing refers to are let go, in milliseconds. */
const UPKEEP_MS = 60_000;

/** @throws LockstepError `not-installed` where the store's middleware does not answer. */
export function runtimeOf({ dispatch }: { dispatch: unknown }): Runtime {
  const answer: unknown = (dispatch as Dispatch)({ type: ASK });
  if (typeof answer === 'object' && answer !== null && 'outbox' in answer) return answer as Runtime;
  throw new LockstepError('not-installed', {
    subject: 'The store',
    expected: "Lockstep's middleware, made by lockstep.configure()",
    received: 'a store without it',
    remedy: 'Add `middleware`, `enhancer` and `lockstep.reducer` to configureStore.',
  });
}

export function createRuntime(parts: RuntimeParts): Runtime & { readonly middleware: Middleware } {
  const { options, pending, queries, collections, writes, definitions, baseQuery, apis, stateOf } = parts;
  const { clock = browserClock, timers = browserTimers, random = browserRandom } = options;
  const trace = createTrace<OutboxEvent<Intent>>();
  const retained = new Map<string, number>();
  let store: MiddlewareAPI | null = null;
  let writer: Writer | null = null;
  let idle: IdleRows = new Map();
  let upkeep: Cancel | null = null;
  /** How far the server's clock is ahead, as its answers tell. */
  let ahead = 0;

  const serverClock: Clock = { now: () => clock.now() + ahead };
  const newId = createUuidv7(serverClock.now, (count) => random.bytes(count));
  const installed = (): MiddlewareAPI => {
    if (store !== null) return store;
    throw new LockstepError('not-installed', {
      subject: 'Lockstep',
      expected: 'its middleware in a store',
      received: 'none yet',
      remedy: 'Give `middleware` to configureStore before anything is read or written.',
    });
  };
  const state = (): LockstepState => {
    const slice = stateOf(installed().getState()) as LockstepState | undefined;
    if (slice !== undefined) return slice;
    throw new LockstepError('not-installed', {
      subject: 'The store',
      expected: 'Lockstep\'s reducer under "lockstep"',
      received: describe(slice),
      remedy: 'Add [lockstep.reducerPath]: lockstep.reducer to the reducers.',
    });
  };
  const dispatch = (event: LockstepEvent): void => {
    installed().dispatch({ ...event, meta: { now: serverClock.now() } });
  };
  const storeApi = (): Pick<BaseQueryApi, 'dispatch' | 'getState' | 'extra'> => {
    const { dispatch: send, getState } = installed();
    return { dispatch: send as BaseQueryApi['dispatch'], getState, extra: undefined };
  };

  function write(): Writer {
    writer ??= createWriter({
      pending,
      definitions,
      writes,
      baseQuery,
      outcomeOf: parts.outcomeOf,
      getState: state,
      visible: ({ collection, id }) => collections.get(state().collections, collection, id),
      dispatch,
      storeApi,
      clock: serverClock,
      newId,
      user: () => options.user?.(installed().getState()) ?? null,
      openOutbox: ({ send, onEvent, policy }) =>
        parts.createOutbox({
          ...policy,
          storage: options.storage ?? parts.createMemoryOutbox().connect(),
          async send(entry, signal) {
            const outcome = await send(entry, signal);
            if (outcome.kind === 'acknowledged') setClock(outcome.meta);
            return outcome;
          },
          onEvent(event) {
            onEvent(event);
            trace.emit(event);
          },
          ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
          clock,
          timers,
          random,
        }),
    });
    return writer;
  }

  /** `Date` is told in whole seconds, so a clock is believed unless it is off by more than that. */
  function setClock(meta: unknown): void {
    const headers = (meta as { response?: { headers?: Headers } } | undefined)?.response?.headers;
    const told = Date.parse(headers?.get('date') ?? '');
    if (Number.isNaN(told)) return;
    const difference = told - clock.now();
    ahead = Math.abs(difference) > 2000 ? difference : 0;
  }

  /** One request makes an entry right again, if anybody looks at it; otherwise it goes, as an invalidated one does. */
  function refresh({ cacheKey, endpoint, argument }: DueEntry): void {
    const api = apis.get(endpoint);
    if (api === undefined) return;
    const { dispatch: send } = installed();
    // What RTK Query itself asks before it refetches an invalidated entry.
    const watched = send(api.internalActions.internal_getRTKQSubscriptions()) as unknown as {
      getSubscriptionCount(key: string): number;
    };
    if (watched.getSubscriptionCount(cacheKey) === 0) {
      send(api.internalActions.removeQueryResult({ queryCacheKey: cacheKey as never }));
      return;
    }
    const { initiate } = (
      api.endpoints as Record<string, { initiate(arg: unknown, how: object): UnknownAction }>
    )[endpoint]!;
    send(initiate(argument, { subscribe: false, forceRefetch: true }));
  }

  function keepUp(): void {
    upkeep = null;
    if (Object.keys(state().queries.entries).length === 0 && idle.size === 0 && retained.size === 0) return;
    dispatch({ type: 'lockstep/ticked' });
    const swept = queries.releasable(state(), clock.now(), idle, ({ collection, id }) =>
      retained.has(`${collection}\n${id}`),
    );
    ({ idle } = swept);
    if (swept.release.length > 0) dispatch({ type: 'lockstep/released', payload: { rows: swept.release } });
    upkeep = timers.after(UPKEEP_MS, keepUp);
  }

  let sender: Uploads | null = null;
  function uploads(): Uploads {
    if (sender !== null) return sender;
    // Only createBaseQuery's sends by another transport than `fetch`, which tells no progress.
    const uploading = baseQuery as LockstepBaseQuery | undefined;
    if (uploading?.through === undefined) {
      throw new LockstepError('not-installed', {
        subject: 'An upload',
        expected: 'a base query made by createBaseQuery',
        received: uploading === undefined ? 'none' : 'another',
        remedy:
          'Give createLockstep one: createLockstep({ collections, baseQuery: createBaseQuery({ … }) }).',
      });
    }
    sender = parts.createUploads({ baseQuery: uploading, clock, timers });
    return sender;
  }

  const runtime: Runtime = {
    collections,
    stateOf,
    trace,
    get outbox() {
      return write().outbox;
    },
    write: (endpoint, argument) => write().write(endpoint, argument),
    read: (read, argument, signal) => write().read(read, argument, signal),
    get uploads() {
      return uploads();
    },
    upload<Answer>(
      id: string,
      args: FetchArgs,
      read: (body: unknown) => Answer = (body) => body as Answer,
      rows?: (answer: Answer) => readonly ToldChange[],
    ) {
      // Also where it is sent again.
      const take = (body: unknown): Answer => {
        const answer = read(body);
        if (rows) runtime.confirm(rows(answer));
        return answer;
      };
      return uploads().start(id, args, storeApi(), take);
    },
    decide: (id, choice) => write().decide(id, choice),
    confirm: (changes, notes) =>
      dispatch({ type: 'lockstep/confirmed', payload: { changes, ...(notes && { notes }) } }),
    retain({ collection, id }) {
      const name = `${collection}\n${id}`;
      retained.set(name, (retained.get(name) ?? 0) + 1);
      upkeep ??= timers.after(UPKEEP_MS, keepUp);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const left = (retained.get(name) ?? 1) - 1;
        if (left === 0) retained.delete(name);
        else retained.set(name, left);
      };
    },
    signOut() {
      writer?.outbox.pause('signed-out');
      // Only a base query made by createBaseQuery keeps a session to end.
      const ending = baseQuery as { reset?(api: Pick<BaseQueryApi, 'getState'>): void } | undefined;
      ending?.reset?.({ getState: installed().getState });
      for (const api of new Set(apis.values())) installed().dispatch(api.util.resetApiState());
      dispatch({ type: 'lockstep/cleared' });
      idle = new Map();
    },
    signIn() {
      writer?.outbox.resume('signed-out');
    },
    close() {
      upkeep?.();
      upkeep = null;
      writer?.outbox.close();
    },
  };

  const middleware: Middleware = (api) => {
    store = api;
    // A stored queue is sent without waiting for the first write.
    if (options.storage !== undefined) queueMicrotask(write);
    return (next) => (action) => {
      if ((action as UnknownAction).type === ASK) return runtime;
      const before = stateOf(api.getState());
      const result = next(action);
      const after = stateOf(api.getState());
      if (after !== before && before !== undefined && after !== undefined) {
        for (const entry of queries.due(before, after)) refresh(entry);
        if (upkeep === null && after.queries.entries !== before.queries.entries) {
          upkeep = timers.after(UPKEEP_MS, keepUp);
        }
      }
      return result;
    };
  };
  return Object.defineProperties(runtime as Runtime & { middleware: Middleware }, {
    middleware: { value: middleware },
  });
}
