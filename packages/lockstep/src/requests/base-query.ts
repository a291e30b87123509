import type { BaseQueryApi, FetchArgs } from '@reduxjs/toolkit/query';
import { HEADER } from '@lockstep/protocol';
import {
  browserClock,
  browserFetch,
  browserLocks,
  browserRandom,
  browserTimers,
  fullJitter,
  isTransient,
} from '../core/index.ts';
import type { Fetch, RequestFailure } from '../core/index.ts';
import { exchange } from './exchange.ts';
import type { Exchanged } from './exchange.ts';
import { addressOf, bodyOf, headersOf } from './prepare.ts';
import { createSession } from './session.ts';
import type { Session } from './session.ts';
import type {
  BaseQueryOptions,
  LockstepBaseQuery,
  RequestApi,
  RequestExtraOptions,
  RequestMeta,
  RequestQueryFn,
} from './types.ts';

/** One request of an endpoint, as every attempt at it sees it. */
interface Sending {
  readonly args: FetchArgs;
  readonly api: BaseQueryApi;
  readonly extraOptions: RequestExtraOptions;
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
}

/**
 * A base query for `createApi`. One call is one exchange, sent again once after a 401 whose renewal succeeded, and
 * repeated where that is safe:
 *
 * - GET and HEAD after no answer, 408, 429 or 5xx;
 * - PUT and DELETE after 429 and 503 alone, which say that nothing was done: after a lost answer a repeated DELETE would
 *   report 404 for what it has deleted, and a repeated PUT could undo somebody's later change;
 * - never POST and PATCH, nor what carries an `Idempotency-Key`: who made the key repeats it.
 *
 * Errors are `RequestFailure`s.
 */
export function createBaseQuery(options: BaseQueryOptions = {}): LockstepBaseQuery {
  const {
    baseUrl = '',
    headers: commonHeaders,
    prepareHeaders,
    paramsSerializer,
    responseHandler: commonHandler,
    validateStatus: commonStatus,
    timeout: commonTimeout = 30_000,
    auth,
    retry,
    fetchFn = browserFetch,
    clock = browserClock,
    timers = browserTimers,
    random = browserRandom,
    ...commonInit
  } = options;
  const { attempts = 4, backoff = { base: 300, most: 10_000 }, maxRetryAfterMs = 30_000 } = retry || {};

  // One base query may serve many stores at once, as in server rendering. A store is known by its `getState`.
  const sessions = new WeakMap<RequestApi['getState'], Session>();
  const sessionOf = ({ getState }: Pick<RequestApi, 'getState'>): Session => {
    let session = sessions.get(getState);
    if (!session) {
      session = createSession(auth, auth?.locks === undefined ? browserLocks() : auth.locks, refresh);
      sessions.set(getState, session);
    }
    return session;
  };

  const refresh = (api: BaseQueryApi, signal: AbortSignal): Promise<Exchanged> => {
    const request = auth?.refresh ?? '';
    return attempt(
      {
        args: { method: 'POST', ...(typeof request === 'string' ? { url: request } : request) },
        api: { ...api, endpoint: 'refresh', type: 'mutation' },
        extraOptions: {},
        fetch: fetchFn,
        signal,
      },
      null,
    );
  };

  const addressed = (args: FetchArgs): ReturnType<typeof addressOf> =>
    addressOf(args, baseUrl, paramsSerializer);

  async function attempt(
    { args, api, extraOptions, fetch, signal }: Sending,
    token: string | null,
  ): Promise<Exchanged> {
    if (signal.aborted) return { error: { kind: 'aborted' } };
    const { url: _url, params: _params, headers: own, body, ...rest } = args;
    const {
      responseHandler = commonHandler,
      validateStatus = commonStatus,
      timeout = commonTimeout,
      ...init
    } = rest;
    let headers = headersOf({ accept: 'application/json' }, commonHeaders, own);
    if (token !== null) headers.set('authorization', `Bearer ${token}`);
    headers = (await prepareHeaders?.(headers, { ...api, arg: args, extraOptions })) ?? headers;
    return exchange(
      addressed(args).url,
      { ...commonInit, ...init, headers, body: bodyOf(body, headers) },
      { responseHandler, validateStatus, fetch, clock, timers, signal, timeout },
    );
  }

  /** Sends; after a 401 renews the session, unless somebody has done so, and sends once more. */
  async function send(sending: Sending): Promise<Exchanged> {
    const { args, api, extraOptions, signal } = sending;
    if (!auth || extraOptions.auth === false || !addressed(args).own) return attempt(sending, null);
    const session = sessionOf(api);
    if (session.renewing) await unlessAborted(session.renewing, signal);
    const seen = session.see(api);
    const first = await attempt(sending, seen.token);
    if (!('error' in first) || first.error.kind !== 'unauthorised') return first;
    const failure = await unlessAborted(session.renew(seen, api), signal);
    if (failure) return failure.kind === 'unauthorised' ? first : { error: failure };
    return attempt(sending, session.see(api).token);
  }

  /** False: not to be repeated, or given up meanwhile. */
  const rested = (
    failure: RequestFailure,
    method: string,
    failures: number,
    signal: AbortSignal,
  ): Promise<boolean> =>
    new Promise((resolve) => {
      const asked = failure.kind === 'problem' ? (failure.retryAfterMs ?? 0) : 0;
      if (signal.aborted || asked > maxRetryAfterMs || !repeats(failure, method)) {
        resolve(false);
        return;
      }
      const cancel = timers.after(asked + fullJitter(random, backoff, failures), () => resolve(true));
      signal.addEventListener('abort', () => {
        cancel();
        resolve(false);
      });
    });

  const through =
    (transport: Fetch): RequestQueryFn =>
    async (arg, api, given) => {
      const startedAt = clock.now();
      const asked = typeof arg === 'string' ? { url: arg } : arg;
      const method = (asked.method ?? 'GET').toUpperCase();
      const extraOptions = given ?? {};
      const once =
        retry === false ||
        extraOptions.retry === false ||
        headersOf(asked.headers).has(HEADER.idempotencyKey);
      let sent = 0;
      const sending: Sending = {
        args: { ...asked, method },
        api,
        extraOptions,
        fetch(input, init) {
          sent += 1;
          return transport(input, init);
        },
        signal: AbortSignal.any([api.signal, sessionOf(api).signal]),
      };
      const { signal } = sending;

      let result = await send(sending);
      for (let failures = 0; 'error' in result && failures < (once ? 0 : attempts - 1); failures += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
        if (!(await rested(result.error, method, failures, signal))) break;
        // oxlint-disable-next-line no-await-in-loop -- as above
        result = await send(sending);
      }

      const { response } = result;
      const meta: RequestMeta = {
        request: { method, url: addressed(asked).url },
        ...(response && { response }),
        attempts: sent,
        startedAt,
        endedAt: clock.now(),
      };
      // What comes in after the caller has gone, or the person has signed out, is nobody's.
      if (signal.aborted) return { error: { kind: 'aborted' }, meta };
      return 'error' in result ? { error: result.error, meta } : { data: result.data, meta };
    };

  return Object.assign(through(fetchFn), {
    through,
    reset: (api: Pick<RequestApi, 'getState'>) => sessionOf(api).reset(),
  });
}

/** Whether sending the same again may help, and cannot harm. */
function repeats(failure: RequestFailure, method: string): boolean {
  if (method === 'GET' || method === 'HEAD') return isTransient(failure);
  const idle = failure.kind === 'problem' && (failure.status === 429 || failure.status === 503);
  return idle && (method === 'PUT' || method === 'DELETE');
}

/** Waits no longer than the signal allows; null then. What is waited for goes on for others. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => resolve(null));
    if (signal.aborted) resolve(null);
    promise.then(resolve, reject);
  });
}
