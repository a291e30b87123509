import type { BaseQueryApi } from '@reduxjs/toolkit/query';
import { virtualTime } from '../testing/index.ts';
import type { VirtualTime } from '../testing/index.ts';
import type { Fetch, Locks } from '../core/index.ts';
import { createBaseQuery } from './base-query.ts';
import type { BaseQueryOptions, LockstepBaseQuery } from './types.ts';

/** A request on the wire, waiting for its answer. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: BodyInit | null;
  readonly init: RequestInit;
  /** With JSON, or with nothing. */
  answer(status: number, body?: unknown, headers?: Record<string, string>): Promise<void>;
  text(status: number, text: string | null, headers?: Record<string, string>): Promise<void>;
  cut(): Promise<void>;
}

export interface Requests {
  readonly time: VirtualTime;
  readonly baseQuery: LockstepBaseQuery;
  /** Without an answer, in the order in which they were sent. */
  readonly wire: Asked[];
  /** Everything that was sent, such as `GET /api/users`. */
  readonly log: string[];
  readonly fetch: Fetch;
  readonly settle: () => Promise<void>;
}

export const half = { fraction: () => 0.5, bytes: (length: number) => new Uint8Array(length) };

/** A base query over a wire that answers when told, and a clock that stands still. */
export function requests(options: BaseQueryOptions = {}): Requests {
  const time = virtualTime();
  const wire: Asked[] = [];
  const log: string[] = [];
  const settle = (): Promise<void> => time.advance(0);
  const fetch: Fetch = (url, init = {}) =>
    new Promise((resolve, reject) => {
      const method = init.method ?? 'GET';
      if (typeof url !== 'string') throw new TypeError('expected an address');
      const leave = (): void => {
        const at = wire.indexOf(asked);
        if (at >= 0) wire.splice(at, 1);
      };
      const asked: Asked = {
        method,
        url,
        headers: new Headers(init.headers),
        body: init.body ?? null,
        init,
        answer: (status, body, headers) =>
          asked.text(status, body === undefined ? null : JSON.stringify(body), headers),
        text(status, text, headers = {}) {
          leave();
          resolve(
            new Response(text, { status, headers: { 'content-type': 'application/json', ...headers } }),
          );
          return settle();
        },
        cut() {
          leave();
          reject(new TypeError('fetch failed'));
          return settle();
        },
      };
      init.signal?.addEventListener('abort', () => {
        leave();
        reject(new DOMException('', 'AbortError'));
      });
      log.push(`${method} ${url}`);
      wire.push(asked);
    });
  const baseQuery = createBaseQuery({
    baseUrl: '/api',
    fetchFn: fetch,
    clock: time,
    timers: time,
    random: half,
    ...options,
  });
  return { time, baseQuery, wire, log, fetch, settle };
}

/** One store, as a base query knows it. */
export function store(state: unknown = null): { api: (controller?: AbortController) => BaseQueryApi } {
  const getState = (): unknown => state;
  return {
    api: (controller = new AbortController()) => ({
      signal: controller.signal,
      abort: (reason) => controller.abort(reason),
      dispatch: (action: unknown) => action as never,
      getState,
      extra: null,
      endpoint: 'users',
      type: 'query',
    }),
  };
}

/** Locks among the tabs of one test, granted in order. */
export function createTestLocks(): Locks {
  let last: Promise<unknown> = Promise.resolve();
  return {
    request(_name, _signal, hold) {
      const before = last;
      const mine = (async () => {
        await before.catch(() => {});
        return hold();
      })();
      last = mine;
      return mine;
    },
  };
}
