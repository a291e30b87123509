import { applyMergePatch } from '@lockstep/protocol';
import type { MergePatch } from '@lockstep/protocol';
import type { Fetch } from '../core/index.ts';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: 'admin' | 'user';
  readonly preferences: { readonly theme: 'light' | 'dark'; readonly language: string };
  readonly version: number;
}

export interface PeoplePage {
  readonly users: Person[];
  readonly total: number;
  readonly hasMore: boolean;
}

/** A request that reached the server, and waits for its answer. */
export interface Waiting {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
  /** Lets the server do what was asked for, and answers. */
  answer(): Promise<void>;
  /** Answers otherwise, without doing anything. */
  refuse(status: number, code?: string, members?: object): Promise<void>;
  /** The connection breaks; `after` says whether the server had done it. */
  cut(after?: 'done' | 'nothing'): Promise<void>;
}

export interface PeopleServer {
  readonly fetch: Fetch;
  readonly rows: Map<string, Person>;
  /** Requests in order of arrival, while `isHeld`; otherwise they are answered at once. */
  readonly waiting: Waiting[];
  isHeld: boolean;
  readonly log: string[];
  /** Another client's write. */
  write(id: string, patch: MergePatch): Person;
}

/** Lets everything that waits for a promise go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

/** A small server of people, by the wire's rules: versions, `If-Match`, keys that count once. */
export function peopleServer(people: readonly Person[]): PeopleServer {
  const rows = new Map(people.map((person) => [person.id, person]));
  const keys = new Map<string, Response>();
  const log: string[] = [];

  const problem = (status: number, code: string, members: object = {}): Response =>
    Response.json(
      { type: code, title: code, status, code, detail: code, message: code, requestId: '1', ...members },
      { status },
    );
  const tagged = (person: Person, status = 200): Response =>
    Response.json({ data: person }, { status, headers: { ETag: `"${person.version}"` } });

  function act(method: string, url: URL, headers: Headers, body: unknown): Response {
    const id = /^\/users\/(.+)$/.exec(url.pathname)?.[1];
    const key = headers.get('idempotency-key');
    const known = key === null ? undefined : keys.get(key);
    if (known) return known.clone();
    const answer = work(method, url, headers, body, id);
    if (key !== null && answer.ok) keys.set(key, answer.clone());
    return answer;
  }

  function work(method: string, url: URL, headers: Headers, body: unknown, id: string | undefined): Response {
    if (!url.pathname.startsWith('/users')) return problem(404, 'not-found');
    if (method === 'GET' && id === undefined) {
      const [page, pageSize] = [
        Number(url.searchParams.get('page') ?? 1),
        Number(url.searchParams.get('pageSize') ?? 20),
      ];
      const role = url.searchParams.get('role');
      const all = [...rows.values()]
        .filter((row) => role === null || row.role === role)
        .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1));
      const users = all.slice((page - 1) * pageSize, page * pageSize);
      return Response.json({ data: { users, total: all.length, hasMore: page * pageSize < all.length } });
    }
    if (method === 'POST') {
      const person = { ...(body as Person), version: 1 };
      rows.set(person.id, person);
      return tagged(person, 201);
    }
    const row = id === undefined ? undefined : rows.get(id);
    if (row === undefined) return problem(404, 'not-found');
    if (method === 'GET') return tagged(row);
    const expected = headers.get('if-match');
    if (expected !== null && expected !== `"${row.version}"`)
      return problem(412, 'stale-version', { current: row });
    if (method === 'PATCH') return tagged(write(row.id, body as MergePatch));
    rows.delete(row.id);
    return new Response(null, { status: 204, headers: { ETag: `"${row.version + 1}"` } });
  }

  function write(id: string, patch: MergePatch): Person {
    const row = rows.get(id)!;
    const next = { ...applyMergePatch(row, patch), version: row.version + 1 };
    rows.set(id, next);
    return next;
  }

  const server: PeopleServer = {
    rows,
    log,
    waiting: [],
    isHeld: false,
    write,
    async fetch(input, init) {
      const url = new URL(input instanceof Request ? input.url : input, 'http://directory.test');
      const method = init?.method ?? 'GET';
      const headers = new Headers(init?.headers);
      const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined;
      log.push(`${method} ${url.pathname}${url.search}`);
      if (!server.isHeld) return act(method, url, headers, body);
      return new Promise<Response>((resolve, reject) => {
        const end = async (finish: () => void): Promise<void> => {
          server.waiting.splice(server.waiting.indexOf(request), 1);
          finish();
          await settle();
        };
        const request: Waiting = {
          method,
          path: url.pathname,
          headers,
          body,
          answer: () => end(() => resolve(act(method, url, headers, body))),
          refuse: (status, code = 'refused', members = {}) =>
            end(() => resolve(problem(status, code, members))),
          cut: (after = 'nothing') =>
            end(() => {
              if (after === 'done') act(method, url, headers, body);
              reject(new TypeError('network'));
            }),
        };
        server.waiting.push(request);
      });
    },
  };
  return server;
}
