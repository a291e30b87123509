import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { PROTOCOL_VERSION } from '@lockstep/protocol';
import { schemaText } from '@lockstep/protocol/schema';
import { describe, expect, test } from 'vitest';
import { errorCatalogue } from '../errors.ts';
import { codesOf, routes } from './index.ts';
import type { Route, RouteName } from './index.ts';

const LOCK = new URL('../../routes.lock.json', import.meta.url);
const UPDATE = 'LOCKSTEP_UPDATE_LOCK=1 npx vitest run --project contract routes';

const table = Object.entries(routes) as [RouteName, Route][];

interface Lock {
  protocol: number;
  routes: Record<string, string>;
}

/** What callers of a route depend on, as one text. */
function wireOf(route: Route): string {
  const { method, path, params, query, body, answer, writes } = route;
  return JSON.stringify([
    method,
    path,
    writes,
    params && schemaText(params, 'input'),
    schemaText(query, 'input'),
    'schema' in body ? schemaText(body.schema, 'input') : body,
    answer.status,
    'schema' in answer ? schemaText(answer.schema, 'output') : answer,
  ]);
}

function current(): Lock {
  const hashes = table.map(([, route]): [string, string] => [
    `${route.method} ${route.path}`,
    createHash('sha256').update(wireOf(route)).digest('hex').slice(0, 32),
  ]);
  return {
    protocol: PROTOCOL_VERSION,
    routes: Object.fromEntries(hashes.toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** What to tell whoever changed a call; empty where nothing that others depend on changed. */
function complaints(locked: Lock, now: Lock): string[] {
  if (locked.protocol !== now.protocol) {
    return [`PROTOCOL_VERSION is ${now.protocol}, the lock is of ${locked.protocol}: run ${UPDATE}`];
  }
  const found: string[] = [];
  for (const [call, hash] of Object.entries(now.routes)) {
    if (locked.routes[call] === undefined) {
      found.push(`"${call}" is new and not in routes.lock.json. Adding is free: run ${UPDATE}`);
    } else if (locked.routes[call] !== hash) {
      found.push(
        `"${call}" changed, but PROTOCOL_VERSION is still ${now.protocol}. Clients and scripts call it as it was: undo the ` +
          `change, or write a decision record, raise PROTOCOL_VERSION in @lockstep/protocol and run ${UPDATE}`,
      );
    }
  }
  for (const call of Object.keys(locked.routes)) {
    if (now.routes[call] === undefined) {
      found.push(
        `"${call}" is gone, but PROTOCOL_VERSION is still ${now.protocol}: bring it back, or raise the version`,
      );
    }
  }
  return found;
}

function readLock(): Lock {
  return JSON.parse(readFileSync(LOCK, 'utf8')) as Lock;
}

describe('the lock of the calls', () => {
  test('every call is as it was when this protocol version was locked', () => {
    const now = current();
    if (process.env['LOCKSTEP_UPDATE_LOCK'] === '1') {
      const locked = readLock();
      const merged = { ...now.routes, ...(locked.protocol === now.protocol ? locked.routes : {}) };
      writeFileSync(LOCK, `${JSON.stringify({ protocol: now.protocol, routes: merged }, null, 2)}\n`);
    }
    expect(complaints(readLock(), now)).toEqual([]);
  });

  const locked = { protocol: 1, routes: { 'GET /a': '1', 'GET /b': '2' } };

  test('a changed, a vanished and a new call are told apart, with what to do', () => {
    expect(complaints(locked, { protocol: 1, routes: { 'GET /a': '9', 'GET /c': '3' } })).toEqual([
      expect.stringMatching(/"GET \/a" changed.*raise PROTOCOL_VERSION/),
      expect.stringMatching(/"GET \/c" is new.*Adding is free/),
      expect.stringMatching(/"GET \/b" is gone/),
    ]);
  });

  test('a raised version asks for a new lock only', () => {
    expect(complaints(locked, { protocol: 2, routes: {} })).toEqual([expect.stringMatching(/run LOCKSTEP/)]);
  });
});

describe('the table of calls', () => {
  test('holds every call that is fixed, each once', () => {
    expect(table.map(([, { method, path }]) => `${method} ${path}`).toSorted()).toEqual(
      `
        POST /api/auth/login
        POST /api/auth/refresh
        POST /api/auth/logout
        GET /api/auth/session
        GET /api/auth/sessions
        DELETE /api/auth/sessions/:id
        POST /api/auth/password
        GET /api/users
        GET /api/users/infinite
        GET /api/users/search
        GET /api/users/snapshot
        GET /api/users/stats
        GET /api/users/stats/series
        GET /api/users/:id
        POST /api/users
        PATCH /api/users/:id
        PATCH /api/users/batch
        POST /api/selections
        PATCH /api/selections/:id/users
        DELETE /api/selections/:id/users
        DELETE /api/users/:id
        POST /api/users/:id/restore
        POST /api/users/:id/disable
        POST /api/users/:id/enable
        GET /api/users/:id/history
        POST /api/users/:id/avatar
        DELETE /api/users/:id/avatar
        POST /api/users/import
        GET /api/users/export
        GET /api/views
        POST /api/views
        PATCH /api/views/:id
        DELETE /api/views/:id
        POST /api/invitations
        GET /api/invitations
        DELETE /api/invitations/:id
        POST /api/invitations/accept
        GET /api/audit
        GET /api/changes
        GET /healthz
        GET /readyz
        GET /metrics
        GET /openapi.json
      `
        .trim()
        .split('\n')
        .map((line) => line.trim())
        .toSorted(),
    );
  });

  test.each(table)('%s refuses unknown query keys and, in objects, unknown members', (_, route) => {
    expect(route.query.safeParse({ surprise: '1' }).error?.issues.map(({ code }) => code)).toContain(
      'unrecognized_keys',
    );
    if (!('schema' in route.body)) return;
    expect(route.body.schema.safeParse({ surprise: 1 }).error?.issues.map(({ code }) => code)).toContain(
      'unrecognized_keys',
    );
  });

  test.each(table)('%s names its parameters as its path does', (_, route) => {
    const named = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]);
    expect(Object.keys(route.params?.shape ?? {})).toEqual(named);
  });

  test.each(table)('%s has codes of the catalogue, each once, and a sentence for a summary', (_, route) => {
    const codes = codesOf(route);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((code) => !Object.hasOwn(errorCatalogue, code))).toEqual([]);
    expect(route.summary).toMatch(/^[A-Z].+[^.]$/);
  });

  test('a read takes no body and is not a write; everything else is', () => {
    const wrong = table.filter(
      ([, { method, body, writes }]) =>
        (method === 'GET') !== (writes === 'no') || (method === 'GET' && body.type !== 'none'),
    );
    expect(wrong).toEqual([]);
  });

  test('every code has a call that may answer with it, save those of no call in particular', () => {
    const used = new Set(table.flatMap(([, route]) => codesOf(route)));
    expect(
      Object.keys(errorCatalogue).filter((code) => !used.has(code as keyof typeof errorCatalogue)),
    ).toEqual(['method-not-allowed']);
  });
});
