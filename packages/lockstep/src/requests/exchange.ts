import type { FetchArgs } from '@reduxjs/toolkit/query';
import { isJsonObject } from '@lockstep/protocol';
import type { Problem } from '@lockstep/protocol';
import type { Clock, Fetch, RequestFailure, Timers } from '../core/index.ts';
import { isJson } from './prepare.ts';

/** What came back, without its body. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
}

export type Exchanged =
  | { readonly data: unknown; readonly response: Answer }
  | { readonly error: RequestFailure; readonly response?: Answer };

export interface ExchangeContext {
  readonly responseHandler: FetchArgs['responseHandler'];
  readonly validateStatus: FetchArgs['validateStatus'];
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  /** In milliseconds; 0 for none. */
  readonly timeout: number;
}

/** Sends once and reads the answer. Never rejects. */
export async function exchange(url: string, init: RequestInit, context: ExchangeContext): Promise<Exchanged> {
  const { responseHandler = 'json', validateStatus, signal, timeout } = context;
  const late = new AbortController();
  const cancel = timeout > 0 ? context.timers.after(timeout, () => late.abort()) : null;
  let answer: Answer | undefined;
  try {
    const response = await context.fetch(url, { ...init, signal: AbortSignal.any([signal, late.signal]) });
    const { status, headers, ok } = response;
    answer = { status, headers };
    let data: unknown = null;
    let error: RequestFailure | null = null;
    try {
      data = await read(response, responseHandler);
    } catch (reason) {
      // Anything else is a connection that broke.
      if (!(reason instanceof SyntaxError) && typeof responseHandler !== 'function') throw reason;
      error = { kind: 'parse', status, message: messageOf(reason) };
    }
    if (!(validateStatus ? validateStatus(response, data) : ok))
      error = refusal(response, data, context.clock);
    return error ? { error, response: answer } : { data, response: answer };
  } catch (reason) {
    const timedOut = late.signal.aborted || (reason instanceof Error && reason.name === 'TimeoutError');
    const error: RequestFailure = signal.aborted
      ? { kind: 'aborted' }
      : timedOut
        ? { kind: 'timeout', afterMs: timeout }
        : { kind: 'unreachable', message: messageOf(reason) };
    return { error, ...(answer && { response: answer }) };
  } finally {
    cancel?.();
  }
}

async function read(response: Response, how: NonNullable<FetchArgs['responseHandler']>): Promise<unknown> {
  if (typeof how === 'function') return how(response);
  const text = await response.text();
  const json = !response.ok || how === 'json' || (how === 'content-type' && isJson(response.headers));
  if (!json) return text;
  return text === '' ? null : (JSON.parse(text) as unknown);
}

function refusal(response: Response, body: unknown, clock: Clock): RequestFailure {
  const { status, headers } = response;
  const problem = problemOf(response, body);
  if (status === 401) return { kind: 'unauthorised', status, problem };
  const retryAfterMs = retryAfter(headers, clock);
  return {
    kind: 'problem',
    status,
    code: problem.code,
    problem,
    ...(retryAfterMs !== null && { retryAfterMs }),
  };
}

/** RFC 9457, with what is missing filled in: the error page of a proxy is a problem too. */
function problemOf({ status, statusText, headers }: Response, body: unknown): Problem {
  const given = isJsonObject(body) ? body : {};
  const text = (name: string, otherwise: string): string => {
    const value = given[name];
    return typeof value === 'string' ? value : otherwise;
  };
  const title = text('title', statusText);
  const detail = text('detail', text('message', title));
  return {
    ...given,
    type: text('type', 'about:blank'),
    title,
    status,
    detail,
    code: text('code', `http-${status}`),
    message: text('message', detail),
    requestId: text('requestId', headers.get('x-request-id') ?? ''),
  };
}

/**
 * How long the server asks to be left alone (RFC 9110, section 10.2.3: seconds, or a date). A date is read against the
 * answer's own `Date`, so that a wrong clock on this machine does not matter.
 */
function retryAfter(headers: Headers, clock: Clock): number | null {
  const value = headers.get('retry-after');
  if (value === null) return null;
  const ms = /^\d+$/.test(value)
    ? Number(value) * 1000
    : Date.parse(value) - (Date.parse(headers.get('date') ?? '') || clock.now());
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
