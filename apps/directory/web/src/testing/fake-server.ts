import { vi } from 'vitest';
import type { Person } from '../app/types.ts';

/** One request as the server under test sees it. */
export interface Sent {
  readonly method: string;
  /** Path and query, from `/api` on. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  /** In place of `body`: something that is not JSON. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What `answer` throws to play a server that cannot be reached. */
export const UNREACHABLE = new TypeError('fetch failed');

/**
 * Stands in for the network for one test: `answer` is asked for each request. Returns the list of what was sent. Undone by
 * `vi.unstubAllGlobals()`.
 */
export function fakeServer(answer: (sent: Sent) => Answer | Promise<Answer>): Sent[] {
  const log: Sent[] = [];
  const NodeRequest = globalThis.Request;
  vi.stubGlobal(
    'Request',
    class extends NodeRequest {
      constructor(input: RequestInfo | URL, init?: RequestInit) {
        // A page resolves relative addresses; Node has none to resolve them by.
        super(typeof input === 'string' ? new URL(input, 'http://directory.test') : input, init);
      }
    },
  );
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url);
    const text = await request.clone().text();
    const sent: Sent = {
      method: request.method,
      path: url.pathname + url.search,
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    log.push(sent);
    const { status = 200, body, text: raw, headers = {} } = await answer(sent);
    const content = raw ?? (body === undefined ? null : JSON.stringify(body));
    return new Response(content, { status, headers: { 'content-type': 'application/json', ...headers } });
  });
  return log;
}

export function problem(status: number, code: string, more: object = {}): Answer {
  const text = `This is ${code}.`;
  return {
    status,
    body: {
      type: 'about:blank',
      title: code,
      status,
      detail: text,
      message: text,
      code,
      requestId: 'r-1',
      ...more,
    },
  };
}

/** A promise and what settles it, for answers that a test holds back. */
export function held<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  return Promise.withResolvers<T>();
}

export function aPerson(number: number, more: Partial<Person> = {}): Person {
  const id = `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
  return {
    id,
    name: `Person ${number}`,
    email: `person${number}@example.org`,
    role: 'user',
    lastActive: '2026-01-02T03:04:05.000Z',
    preferences: { theme: 'light', notifications: true, language: 'en' },
    avatarUrl: null,
    status: 'active',
    version: 1,
    createdAt: '2025-01-02T03:04:05.000Z',
    updatedAt: '2025-06-02T03:04:05.000Z',
    ...more,
  };
}
