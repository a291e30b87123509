import type { FieldError, JsonObject } from '@lockstep/protocol';
import { HEADER, isJsonObject } from '@lockstep/protocol';
import type { SerializedError } from '@reduxjs/toolkit';
import type { BaseQueryApi, BaseQueryFn, FetchArgs, FetchBaseQueryError } from '@reduxjs/toolkit/query/react';
import { fetchBaseQuery, retry } from '@reduxjs/toolkit/query/react';

/** Why a request brought nothing. Code reads `kind` and `code`; the texts are for people. */
export type ApiError =
  | {
      readonly kind: 'problem';
      readonly status: number;
      readonly code: string;
      readonly title: string;
      readonly detail: string;
      readonly errors: readonly FieldError[];
      readonly requestId: string | null;
      /** Seconds until another try is welcome. */
      readonly retryAfter: number | null;
      /** The row as it is now, where the write was refused for being stale. */
      readonly current: JsonObject | null;
    }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'unreadable'; readonly status: number };

export interface AnswerMeta {
  /** The feed position taken before the answer was read, where the server says it. */
  readonly offset: number | null;
}

type Query = BaseQueryFn<string | FetchArgs, unknown, ApiError, object, AnswerMeta>;

export interface BaseQueryOptions {
  readonly baseUrl?: string;
  /** Called once when the server no longer knows the session and no refresh can bring it back. */
  readonly onSessionEnded: (api: Pick<BaseQueryApi, 'dispatch' | 'getState'>) => void;
  /** Waits before the given attempt of a read is repeated. */
  readonly backoff?: (attempt: number) => Promise<void>;
}

const TIMEOUT_MS = 20_000;
const READ_RETRIES = 2;

/** Calls of these paths say by 401 that the given credentials are wrong, not that a session ended. */
const OWN_401 = /^\/auth\/(?:login|refresh|password)$/;

const waitABit = (attempt: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, 300 * 2 ** attempt * (0.5 + Math.random() / 2)));

/**
 * One exchange with the server: errors in one closed shape, one shared refresh for any number of calls that find the session
 * expired (each is then sent once more), and two retries for reads that found no server. Writes are never repeated here.
 */
export function createBaseQuery(options: BaseQueryOptions): Query {
  const send = fetchBaseQuery({
    baseUrl: options.baseUrl ?? '/api',
    credentials: 'same-origin',
    timeout: TIMEOUT_MS,
    headers: { accept: 'application/json' },
  });
  let refreshing: Promise<'refreshed' | 'ended' | 'unreachable'> | null = null;

  const exchange: Query = async (args, api, extra) => {
    const answer = await send(args, api, extra);
    const header = answer.meta?.response?.headers.get(HEADER.offset) ?? null;
    const offset = header === null ? null : Number(header);
    if (answer.error === undefined) return { data: answer.data, meta: { offset } };
    return { error: readError(answer.error, answer.meta?.response ?? null), meta: { offset } };
  };

  async function refresh(api: BaseQueryApi): Promise<'refreshed' | 'ended' | 'unreachable'> {
    // The refresh serves every waiting call, so it must not end with the one that happened to begin it.
    const own = { ...api, signal: new AbortController().signal };
    const answer = await exchange({ url: '/auth/refresh', method: 'POST' }, own, {});
    if (answer.error === undefined) return 'refreshed';
    const refused =
      answer.error.kind === 'problem' && (answer.error.status === 401 || answer.error.status === 403);
    return refused ? 'ended' : 'unreachable';
  }

  const withSession: Query = async (args, api, extra) => {
    const answer = await exchange(args, api, extra);
    const path = typeof args === 'string' ? args : args.url;
    if (answer.error?.kind !== 'problem' || answer.error.status !== 401 || OWN_401.test(path)) return answer;
    refreshing ??= refresh(api).finally(() => {
      refreshing = null;
    });
    const outcome = await refreshing;
    if (outcome === 'unreachable') return { error: { kind: 'unreachable' } };
    if (outcome === 'refreshed') return await exchange(args, api, extra);
    options.onSessionEnded(api);
    return answer;
  };

  return retry(withSession, {
    backoff: options.backoff ?? waitABit,
    retryCondition: (error, _args, { attempt, baseQueryApi }) =>
      baseQueryApi.type === 'query' && attempt <= READ_RETRIES && isApiError(error) && isPassing(error),
  });
}

/** The error as requests report it; null for none, and for one that was thrown by code of this page. */
export function asApiError(error: ApiError | SerializedError | undefined): ApiError | null {
  return isApiError(error) ? error : null;
}

function isApiError(error: unknown): error is ApiError {
  return isJsonObject(error) && typeof error.kind === 'string';
}

function isPassing(error: ApiError): boolean {
  return error.kind === 'unreachable' || [502, 503, 504].includes(error.status);
}

function readError(error: FetchBaseQueryError, response: Response | null): ApiError {
  if (error.status === 'PARSING_ERROR') return { kind: 'unreadable', status: error.originalStatus };
  if (typeof error.status !== 'number') return { kind: 'unreachable' };
  const body = error.data;
  if (!isJsonObject(body) || typeof body.code !== 'string')
    return { kind: 'unreadable', status: error.status };
  const wait = Number(response?.headers.get(HEADER.retryAfter) ?? Number.NaN);
  return {
    kind: 'problem',
    status: error.status,
    code: body.code,
    title: textOr(body.title, ''),
    detail: textOr(body.detail, ''),
    errors: readFieldErrors(body.errors),
    requestId: typeof body.requestId === 'string' ? body.requestId : null,
    retryAfter: Number.isFinite(wait) ? wait : null,
    current: isJsonObject(body.current) ? body.current : null,
  };
}

function readFieldErrors(value: unknown): FieldError[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry) =>
    isJsonObject(entry) && typeof entry.path === 'string' && typeof entry.message === 'string'
      ? [{ path: entry.path, message: entry.message }]
      : [],
  );
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
