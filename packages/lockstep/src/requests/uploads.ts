import type { FetchArgs } from '@reduxjs/toolkit/query';
import { browserClock, browserTimers } from '../core/index.ts';
import type { Cancel, Clock, RequestFailure, Timers } from '../core/index.ts';
import { browserUpload } from './browser-upload.ts';
import type { LockstepBaseQuery, RequestApi, RequestMeta } from './types.ts';
import { xhrFetch } from './xhr-fetch.ts';
import type { UploadRequest } from './xhr-fetch.ts';

/** How far an upload is. The same object until it changes. */
export type UploadState<Answer = unknown> =
  /** Bytes that have left; `total` is null where it is not known. */
  | { readonly kind: 'sending'; readonly loaded: number; readonly total: number | null }
  | { readonly kind: 'done'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly failure: RequestFailure };

export type UploadResult<Answer> =
  | { readonly data: Answer; readonly meta?: RequestMeta | undefined }
  | { readonly error: RequestFailure; readonly meta?: RequestMeta | undefined };

/** Uploads live here, with their files: nothing of them is in the store, and no mutation is pending while they run. */
export interface Uploads {
  /**
   * Sends `args.body` under a name that the caller makes. The promise tells the end of this attempt and never rejects.
   * @param read turns the answer into what is wanted; where it throws, the upload has failed with `parse`.
   */
  start<Answer>(
    id: string,
    args: FetchArgs,
    api: RequestApi,
    read: (answer: unknown) => Answer,
  ): Promise<UploadResult<Answer>>;
  /** Sends a failed one again, from its beginning; null where there is none, or it did not fail. */
  retry(id: string): Promise<UploadResult<unknown>> | null;
  abort(id: string): void;
  /** Ends it, and forgets it with its file. */
  release(id: string): void;
  state(id: string): UploadState | undefined;
  /** Calls back when the state of any upload has changed. Returns the way to stop. */
  subscribe(listener: () => void): Cancel;
}

export interface UploadOptions {
  readonly baseQuery: LockstepBaseQuery;
  readonly request?: () => UploadRequest;
  /** Without a byte moved for so long an upload has failed. Default 30 s. */
  readonly stallMs?: number;
  /** Progress is told at most so often. Default every 100 ms. */
  readonly progressMs?: number;
  readonly clock?: Clock;
  readonly timers?: Timers;
}

interface Upload {
  state: UploadState;
  controller: AbortController;
  readonly again: () => Promise<UploadResult<unknown>>;
}

/** Sends bodies with progress, by the same rules as all requests: session, renewal, typed failures. */
export function createUploads(options: UploadOptions): Uploads {
  const {
    baseQuery,
    request = browserUpload,
    stallMs = 30_000,
    progressMs = 100,
    clock = browserClock,
    timers = browserTimers,
  } = options;
  const uploads = new Map<string, Upload>();
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  async function run<Answer>(
    id: string,
    args: FetchArgs,
    api: RequestApi,
    read: (answer: unknown) => Answer,
  ): Promise<UploadResult<Answer>> {
    const controller = new AbortController();
    const own: Upload = {
      state: { kind: 'sending', loaded: 0, total: null },
      controller,
      again: () => run(id, args, api, read),
    };
    const before = uploads.get(id);
    before?.controller.abort();
    uploads.set(id, own);
    let toldAt = -Infinity;
    let later: Cancel | null = null;
    const set = (state: UploadState, pauseMs: number): void => {
      own.state = state;
      if (uploads.get(id) !== own) return;
      const wait = toldAt + pauseMs - clock.now();
      const now = (): void => {
        later?.();
        later = null;
        toldAt = clock.now();
        tell();
      };
      if (wait <= 0) now();
      else later ??= timers.after(wait, now);
    };
    set(own.state, 0);
    const send = baseQuery.through(
      xhrFetch(request, timers, stallMs, ({ loaded, total }) =>
        set({ kind: 'sending', loaded, total }, progressMs),
      ),
    );
    const { dispatch, getState, extra } = api;
    const result = await send(
      { method: 'POST', timeout: 0, ...args },
      {
        signal: controller.signal,
        abort: (reason) => controller.abort(reason),
        dispatch,
        getState,
        extra,
        endpoint: 'upload',
        type: 'mutation',
      },
      { retry: false },
    );
    const { error, meta } = result;
    const fail = (failure: RequestFailure): UploadResult<Answer> => {
      set({ kind: 'failed', failure }, 0);
      return { error: failure, meta };
    };
    if (error) return fail(error);
    try {
      const answer = read(result.data);
      set({ kind: 'done', answer }, 0);
      return { data: answer, meta };
    } catch (reason) {
      return fail({ kind: 'parse', status: meta?.response?.status ?? 0, message: String(reason) });
    }
  }

  return {
    start: run,
    retry(id) {
      const upload = uploads.get(id);
      return upload?.state.kind === 'failed' ? upload.again() : null;
    },
    abort: (id) => uploads.get(id)?.controller.abort(),
    release(id) {
      const upload = uploads.get(id);
      uploads.delete(id);
      upload?.controller.abort();
      tell();
    },
    state: (id) => uploads.get(id)?.state,
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
