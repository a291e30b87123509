// @vitest-environment node
import type { BaseQueryApi } from '@reduxjs/toolkit/query/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Answer } from '../testing/fake-server.ts';
import { fakeServer, held, problem, UNREACHABLE } from '../testing/fake-server.ts';
import { createBaseQuery } from './base-query.ts';

const ended = vi.fn<() => void>();
const query = createBaseQuery({ onSessionEnded: ended, backoff: () => Promise.resolve() });

const caller = (type: 'query' | 'mutation'): BaseQueryApi => ({
  signal: new AbortController().signal,
  abort: () => undefined,
  dispatch: () => undefined,
  getState: () => ({}),
  extra: undefined,
  endpoint: 'any',
  type,
});

const read = (path: string) => query(path, caller('query'), {});
const write = (path: string, method = 'PATCH') =>
  query({ url: path, method, body: {} }, caller('mutation'), {});

beforeEach(() => ended.mockReset());
afterEach(() => vi.unstubAllGlobals());

test('G37 an expired session is refreshed once and the call is sent once more, not four times', async () => {
  let fresh = false;
  const sent = fakeServer(({ path }) => {
    if (path === '/api/auth/refresh') {
      fresh = true;
      return { body: { token: 't' } };
    }
    return fresh ? { body: { data: 1 } } : problem(401, 'not-signed-in');
  });
  expect(await read('/users')).toMatchObject({ data: { data: 1 } });
  expect(sent.map(({ path }) => path)).toEqual(['/api/users', '/api/auth/refresh', '/api/users']);
});

test('G38 any number of calls that find the session expired share one refresh', async () => {
  let fresh = false;
  const refresh = held<Answer>();
  const sent = fakeServer(({ path }) => {
    if (path === '/api/auth/refresh') return refresh.promise;
    return fresh ? { body: { data: path } } : problem(401, 'not-signed-in');
  });
  const calls = Promise.all([read('/users/a'), read('/users/b'), write('/users/c')]);
  await vi.waitFor(() => expect(sent.filter(({ path }) => path === '/api/auth/refresh')).toHaveLength(1));
  await vi.waitFor(() => expect(sent).toHaveLength(4));
  fresh = true;
  refresh.resolve({ body: { token: 't' } });
  expect((await calls).map((answer) => answer.error)).toEqual([undefined, undefined, undefined]);
  expect(sent.filter(({ path }) => path === '/api/auth/refresh')).toHaveLength(1);
  expect(ended).not.toHaveBeenCalled();
});

test('G39 a refresh that finds no server ends nothing', async () => {
  fakeServer(({ path }) => {
    if (path === '/api/auth/refresh') throw UNREACHABLE;
    return problem(401, 'not-signed-in');
  });
  expect(await write('/users/a')).toMatchObject({ error: { kind: 'unreachable' } });
  expect(ended).not.toHaveBeenCalled();
});

test('a refused refresh ends the session, and the next call may try again', async () => {
  const sent = fakeServer(() => problem(401, 'not-signed-in'));
  expect(await read('/users')).toMatchObject({ error: { kind: 'problem', code: 'not-signed-in' } });
  expect(ended).toHaveBeenCalledTimes(1);
  await read('/users');
  expect(sent.filter(({ path }) => path === '/api/auth/refresh')).toHaveLength(2);
});

test('wrong credentials are not taken for an expired session', async () => {
  const sent = fakeServer(() => problem(401, 'wrong-credentials'));
  expect(await write('/auth/login', 'POST')).toMatchObject({ error: { code: 'wrong-credentials' } });
  expect(sent).toHaveLength(1);
});

test('G17 a read that finds no server is repeated twice; a write never is', async () => {
  const sent = fakeServer(() => {
    throw UNREACHABLE;
  });
  expect(await read('/users')).toMatchObject({ error: { kind: 'unreachable' } });
  expect(sent).toHaveLength(3);
  sent.length = 0;
  expect(await write('/users/a')).toMatchObject({ error: { kind: 'unreachable' } });
  expect(sent).toHaveLength(1);
});

test('G18 a success without a body is a success', async () => {
  fakeServer(() => ({ status: 204 }));
  expect(await write('/users/a', 'DELETE')).toMatchObject({ data: null });
});

test('a problem keeps its code, fields, row and waiting time; the texts are only for people', async () => {
  fakeServer(() => ({
    ...problem(412, 'stale-version', {
      current: { id: 'a' },
      errors: [{ path: '/name', message: 'm' }, { path: 1 }],
    }),
    headers: { 'retry-after': '7', 'lockstep-offset': '12' },
  }));
  expect(await write('/users/a')).toEqual({
    error: {
      kind: 'problem',
      status: 412,
      code: 'stale-version',
      title: 'stale-version',
      detail: 'This is stale-version.',
      errors: [{ path: '/name', message: 'm' }],
      requestId: 'r-1',
      retryAfter: 7,
      current: { id: 'a' },
    },
    meta: { offset: 12 },
  });
});

test('an error page of a proxy is unreadable, not a crash', async () => {
  fakeServer(() => ({ status: 502, text: '<h1>Bad gateway</h1>' }));
  expect(await write('/users/a')).toMatchObject({ error: { kind: 'unreadable', status: 502 } });
});
