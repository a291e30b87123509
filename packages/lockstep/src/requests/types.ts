import type { BaseQueryApi, BaseQueryFn, FetchArgs } from '@reduxjs/toolkit/query';
import type { Backoff, Clock, Fetch, Locks, Random, RequestFailure, Timers } from '../core/index.ts';

/** What RTK Query hands to a base query of the store, as far as requests use it. */
export type RequestApi = Pick<BaseQueryApi, 'dispatch' | 'getState' | 'extra'>;

/** What an endpoint may say in its `extraOptions`. */
export interface RequestExtraOptions {
  /** False: a 401 is this endpoint's own answer (a sign-in, for one), and no token is sent with it. */
  readonly auth?: boolean;
  /** False: this request is never repeated. */
  readonly retry?: boolean;
}

/** About one request, for `transformResponse`, metrics and whoever reads answer headers. */
export interface RequestMeta {
  readonly request: { readonly method: string; readonly url: string };
  /** The last answer; absent where none came. */
  readonly response?: { readonly status: number; readonly headers: Headers };
  /** How often it was sent, repetitions after a 401 included. */
  readonly attempts: number;
  /** Milliseconds since 1970, waits and refreshes included in between. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** How a session is renewed when the server answers 401. One renewal serves all requests that wait for it. */
export interface AuthOptions {
  /** The token to be sent as `Bearer`, as it is now; leave it out where cookies carry the session. */
  token?(api: RequestApi): string | null | undefined;
  /** The request that renews the session. */
  readonly refresh: string | FetchArgs;
  /** Takes the renewed session over, from the answer to `refresh`. May throw where the answer holds none. */
  accept?(answer: unknown, api: RequestApi): void;
  /** The server refused to renew the session: it is over. Not called where the server could not be reached. */
  signedOut?(failure: RequestFailure, api: RequestApi): void;
  /** Lets one tab at a time renew. Null: tabs are on their own. Default: the browser's. */
  readonly locks?: Locks | null;
}

export interface RetryOptions {
  /** How often a request is sent at most. Default 4. */
  readonly attempts?: number;
  /** Default 300 ms, at most 10 s. */
  readonly backoff?: Backoff;
  /** A `Retry-After` beyond this is not waited for: the failure is given back at once. Default 30 s. */
  readonly maxRetryAfterMs?: number;
}

type Passed = Omit<RequestInit, 'body' | 'headers' | 'method' | 'signal'> &
  Pick<FetchArgs, 'headers' | 'responseHandler' | 'validateStatus'>;

/** Names and meanings are those of `fetchBaseQuery`, so that one can take the other's place. */
export interface BaseQueryOptions extends Passed {
  readonly baseUrl?: string;
  /** Changes the headers of every request, or gives others. */
  readonly prepareHeaders?: (
    headers: Headers,
    api: RequestApi &
      Pick<BaseQueryApi, 'endpoint' | 'type' | 'forced'> & {
        readonly arg: string | FetchArgs;
        readonly extraOptions: RequestExtraOptions;
      },
  ) => Headers | void | Promise<Headers | void>;
  readonly paramsSerializer?: (params: Record<string, unknown>) => string;
  /** How long one attempt may take, in milliseconds; 0 for as long as it likes. Default 30 s. */
  readonly timeout?: number;
  readonly auth?: AuthOptions;
  /** False: nothing is repeated. */
  readonly retry?: RetryOptions | false;
  readonly fetchFn?: Fetch;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly random?: Random;
}

export type RequestQueryFn = BaseQueryFn<
  string | FetchArgs,
  unknown,
  RequestFailure,
  RequestExtraOptions,
  RequestMeta
>;

export interface LockstepBaseQuery extends RequestQueryFn {
  /** Ends every request of this store and refuses answers that still come: what belonged to who signed out stays out. */
  reset(api: Pick<RequestApi, 'getState'>): void;
  /** The same requests over another way to the server. */
  through(fetch: Fetch): RequestQueryFn;
}
