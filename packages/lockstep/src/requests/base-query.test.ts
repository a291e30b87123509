import { describe, expect, test } from 'vitest';
import { requests, store } from './requests.harness.ts';
import type { BaseQueryOptions } from './types.ts';
import type { FetchArgs } from '@reduxjs/toolkit/query';

const start = (
  arg: string | FetchArgs,
  options: BaseQueryOptions = {},
  controller = new AbortController(),
) => {
  const own = requests(options);
  const result = Promise.resolve(own.baseQuery(arg, store().api(controller), {}));
  return { ...own, result, controller };
};

describe('S7.1 what is sent', () => {
  test.each([
    ['/api', 'users', '/api/users'],
    ['/api/', '/users', '/api/users'],
    ['/api', '?q=1', '/api?q=1'],
    ['', '/users', '/users'],
    ['https://a.example/api', 'users', 'https://a.example/api/users'],
    ['/api', 'https://b.example/x', 'https://b.example/x'],
    ['/api', '//b.example/x', '//b.example/x'],
  ])('S7.1 %s and %s make %s', async (baseUrl, url, expected) => {
    const { wire, settle } = start(url, { baseUrl });
    await settle();
    expect(wire[0]?.url).toBe(expected);
  });

  test('S7.1 parameters that are undefined say nothing', async () => {
    const { wire, settle } = start({ url: 'users', params: { page: 2, role: undefined, q: 'a b' } });
    await settle();
    expect(wire[0]?.url).toBe('/api/users?page=2&q=a+b');
    const own = start(
      { url: 'users?x=1', params: { y: 2 } },
      { paramsSerializer: (params) => `own=${Number(params['y'])}` },
    );
    await own.settle();
    expect(own.wire[0]?.url).toBe('/api/users?x=1&own=2');
  });

  test.each([
    ['a Headers object', new Headers({ 'x-own': '1', 'x-common': 'own' })],
    [
      'pairs',
      [
        ['x-own', '1'],
        ['x-common', 'own'],
      ],
    ],
    ['a record', { 'x-own': '1', 'x-common': 'own', 'x-undefined': undefined }],
  ] satisfies [string, FetchArgs['headers']][])(
    'S7.1 G21 headers given as %s all arrive',
    async (_name, headers) => {
      const { wire, settle } = start(
        { url: 'users', headers },
        {
          headers: new Headers({ 'x-common': 'common', 'x-kept': 'yes' }),
          prepareHeaders: (prepared, { endpoint, arg }) => {
            prepared.set('x-prepared', `${endpoint} ${typeof arg}`);
          },
        },
      );
      await settle();
      expect(Object.fromEntries(wire[0]?.headers ?? [])).toEqual({
        accept: 'application/json',
        'x-own': '1',
        'x-common': 'own',
        'x-kept': 'yes',
        'x-prepared': 'users object',
      });
    },
  );

  test('S7.1 plain values go as JSON, with the type that fits; other bodies as they are', async () => {
    const json = { 'content-type': 'application/json' };
    const cases: [FetchArgs, unknown, string | null][] = [
      [{ url: 'x', method: 'post', body: { a: 1 } }, '{"a":1}', 'application/json'],
      [{ url: 'x', method: 'POST', body: [1] }, '[1]', 'application/json'],
      [
        {
          url: 'x',
          method: 'PATCH',
          body: { a: 1 },
          headers: { 'content-type': 'application/merge-patch+json' },
        },
        '{"a":1}',
        'application/merge-patch+json',
      ],
      [{ url: 'x', method: 'POST', body: '{"b":1}', headers: json }, '{"b":1}', 'application/json'],
      [{ url: 'x', method: 'DELETE', headers: json }, null, null],
    ];
    for (const [args, body, type] of cases) {
      const { wire, settle } = start(args);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await settle();
      expect([wire[0]?.body, wire[0]?.headers.get('content-type')]).toEqual([body, type]);
    }
    const form = new FormData();
    const { wire, settle } = start({ url: 'x', method: 'POST', body: form, headers: json });
    await settle();
    expect(wire[0]?.body).toBe(form);
    expect(wire[0]?.headers.has('content-type')).toBe(false);
  });

  test('S7.1 everything else that `fetch` takes is passed on', async () => {
    const { wire, settle } = start({ url: 'x', cache: 'no-store' }, { credentials: 'include', mode: 'cors' });
    await settle();
    expect(wire[0]?.init).toMatchObject({ credentials: 'include', mode: 'cors', cache: 'no-store' });
  });
});

describe('S7.2 what comes back', () => {
  test('S7.2 JSON, and about it what others need: headers, times, attempts', async () => {
    const { wire, settle, time, result } = start('users');
    await settle();
    const startedAt = time.now();
    await time.advance(40);
    await wire[0]?.answer(200, { data: [1] }, { etag: '"7"', 'lockstep-offset': '12' });
    const { data, error, meta } = await result;
    expect([data, error]).toEqual([{ data: [1] }, undefined]);
    expect(meta).toMatchObject({
      request: { method: 'GET', url: '/api/users' },
      response: { status: 200 },
      attempts: 1,
      startedAt,
      endedAt: startedAt + 40,
    });
    expect(meta?.response?.headers.get('etag')).toBe('"7"');
    expect(meta?.response?.headers.get('lockstep-offset')).toBe('12');
  });

  test.each([204, 205, 200, 201])('S7.2 G18 an empty %i is a success without data', async (status) => {
    const { wire, settle, result } = start({ url: 'users/1', method: 'DELETE' });
    await settle();
    await wire[0]?.answer(status);
    expect(await result).toMatchObject({ data: null });
    expect((await result).error).toBeUndefined();
  });

  test('S7.2 what claims to be JSON and is not is a failure of its own', async () => {
    const { wire, settle, result } = start('users');
    await settle();
    await wire[0]?.text(200, '<html>Sign in to the hotel</html>', { 'content-type': 'text/html' });
    expect((await result).error).toMatchObject({ kind: 'parse', status: 200 });
  });

  test('S7.2 answers that are not JSON are read as asked', async () => {
    const text = start({ url: 'x', responseHandler: 'text' });
    await text.settle();
    await text.wire[0]?.text(200, 'a,b', { 'content-type': 'text/csv' });
    expect((await text.result).data).toBe('a,b');
    const either = start({ url: 'x', responseHandler: 'content-type' });
    await either.settle();
    await either.wire[0]?.text(200, 'a,b', { 'content-type': 'text/csv' });
    expect((await either.result).data).toBe('a,b');
    const own = start({ url: 'x', responseHandler: async (response) => (await response.text()).length });
    await own.settle();
    await own.wire[0]?.text(200, 'abc');
    expect((await own.result).data).toBe(3);
    const broken = start({
      url: 'x',
      responseHandler: () => {
        throw new Error('no');
      },
    });
    await broken.settle();
    await broken.wire[0]?.text(200, 'abc');
    expect((await broken.result).error).toEqual({ kind: 'parse', status: 200, message: 'no' });
  });

  test('S7.2 `validateStatus` decides what is a success', async () => {
    const { wire, settle, result } = start({ url: 'x', validateStatus: ({ status }) => status === 404 });
    await settle();
    await wire[0]?.answer(404, { none: true });
    expect((await result).data).toEqual({ none: true });
  });
});

describe('S7.3 failures are a closed union', () => {
  test('S7.3 a problem keeps its members, and what extends it', async () => {
    const { wire, settle, result } = start({ url: 'users', method: 'POST', body: {} });
    await settle();
    const problem = {
      type: 'urn:lockstep:problem:stale-version',
      title: 'Changed meanwhile',
      status: 412,
      detail: 'Version 3, not 2.',
      code: 'stale-version',
      message: 'Version 3, not 2.',
      requestId: 'r1',
      current: { id: '1', version: 3 },
      errors: [{ path: '/name', message: 'too long' }],
    };
    await wire[0]?.answer(412, problem, { 'content-type': 'application/problem+json' });
    expect((await result).error).toEqual({ kind: 'problem', status: 412, code: 'stale-version', problem });
  });

  test.each([
    [
      'the page of a proxy',
      '<h1>Bad Gateway</h1>',
      { code: 'http-502', problem: { detail: '', requestId: 'r2' } },
    ],
    ['nothing', undefined, { code: 'http-502' }],
    [
      'a message alone',
      { message: 'broken' },
      { code: 'http-502', problem: { detail: 'broken', message: 'broken' } },
    ],
    [
      'members of the wrong type',
      { code: 7, title: null, detail: 'x' },
      { code: 'http-502', problem: { detail: 'x' } },
    ],
    ['no object', [1, 2], { code: 'http-502' }],
  ])('S7.3 an error that is no problem becomes one: %s', async (_name, body, expected) => {
    const { wire, settle, result } = start({ url: 'users', method: 'POST' });
    await settle();
    const text = typeof body === 'string' || body === undefined ? (body ?? null) : JSON.stringify(body);
    await wire[0]?.text(502, text, { 'x-request-id': 'r2' });
    expect((await result).error).toMatchObject({ kind: 'problem', status: 502, ...expected });
  });

  test('S7.3 failures are plain data, as the store keeps them', async () => {
    const { wire, settle, result } = start({ url: 'users', method: 'POST' });
    await settle();
    await wire[0]?.answer(429, undefined, { 'retry-after': '2' });
    const { error } = await result;
    expect(structuredClone(error)).toEqual(error);
    expect(error).toMatchObject({ retryAfterMs: 2000 });
  });

  test('S7.3 no answer is `unreachable`', async () => {
    const { wire, settle, result } = start({ url: 'users', method: 'POST' });
    await settle();
    await wire[0]?.cut();
    expect((await result).error).toEqual({ kind: 'unreachable', message: 'fetch failed' });
  });

  test('S7.3 a body that breaks off is `unreachable`', async () => {
    const { result } = start(
      { url: 'users', method: 'POST' },
      {
        fetchFn: () => {
          const body = new ReadableStream({
            start(controller) {
              controller.enqueue(new TextEncoder().encode('{"a":'));
              controller.error(new TypeError('terminated'));
            },
          });
          return Promise.resolve(new Response(body));
        },
      },
    );
    expect((await result).error).toEqual({ kind: 'unreachable', message: 'terminated' });
  });

  test('S7.4 G19 an answer that takes too long is a `timeout`, of one attempt; 0 waits for ever', async () => {
    const own = start({ url: 'users', method: 'POST', timeout: 500 }, { timeout: 9 });
    await own.settle();
    await own.time.advance(499);
    expect(own.wire).toHaveLength(1);
    await own.time.advance(1);
    expect((await own.result).error).toEqual({ kind: 'timeout', afterMs: 500 });
    expect(own.wire).toHaveLength(0);
    const patient = start({ url: 'users', method: 'POST' }, { timeout: 0 });
    await patient.settle();
    expect(patient.time.waiting).toBe(0);
  });

  test('S7.4 G19 aborting ends the request, its waits, and nothing is sent after', async () => {
    const flying = start('users');
    await flying.settle();
    flying.controller.abort();
    expect((await flying.result).error).toEqual({ kind: 'aborted' });
    expect(flying.wire).toHaveLength(0);

    const waiting = start('users');
    await waiting.settle();
    await waiting.wire[0]?.answer(503);
    expect(waiting.time.waiting).toBe(1);
    waiting.controller.abort();
    expect((await waiting.result).error).toEqual({ kind: 'aborted' });
    expect([waiting.time.waiting, waiting.log.length]).toEqual([0, 1]);
  });
});

describe('S7.5 G17 repeating', () => {
  const fails = async (method: string, headers = {}, options: BaseQueryOptions = {}) => {
    const statuses = [0, 408, 429, 500, 502, 503, 504, 400, 404, 409, 422];
    const repeated: number[] = [];
    for (const status of statuses) {
      const own = start({ url: 'users', method, headers }, options);
      /* oxlint-disable no-await-in-loop -- one after the other */
      await own.settle();
      if (status === 0) await own.wire[0]?.cut();
      else await own.wire[0]?.answer(status);
      await own.time.advance(60_000);
      /* oxlint-enable no-await-in-loop */
      if (own.log.length > 1) repeated.push(status);
    }
    return repeated;
  };

  test('S7.5 GET and HEAD are repeated after no answer, 408, 429 and 5xx', async () => {
    const expected = [0, 408, 429, 500, 502, 503, 504];
    expect(await fails('GET')).toEqual(expected);
    expect(await fails('head')).toEqual(expected);
  });

  test('S7.5 PUT and DELETE only where the server said that it did nothing', async () => {
    expect(await fails('PUT')).toEqual([429, 503]);
    expect(await fails('DELETE')).toEqual([429, 503]);
  });

  test('S7.5 POST and PATCH never, nor what carries an idempotency key, nor where repeating is switched off', async () => {
    expect(await fails('POST')).toEqual([]);
    expect(await fails('PATCH')).toEqual([]);
    expect(await fails('PUT', { 'idempotency-key': 'k' })).toEqual([]);
    expect(await fails('GET', {}, { retry: false })).toEqual([]);
  });

  test('S7.5 with full jitter, longer each time, so often and no more', async () => {
    const { wire, settle, time, result, log } = start('users', { retry: { attempts: 5 } });
    await settle();
    const waits: (number | null)[] = [];
    for (let attempt = 0; attempt < 4; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      await wire[0]?.answer(500);
      waits.push(time.nextIn);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await time.advance(time.nextIn ?? 0);
    }
    await wire[0]?.answer(500);
    expect(waits).toEqual([150, 300, 600, 1200]);
    expect(await result).toMatchObject({ error: { kind: 'problem', status: 500 }, meta: { attempts: 5 } });
    expect(log).toHaveLength(5);
  });

  test.each([
    ['seconds', { 'retry-after': '3' }, 3150],
    [
      'a date, read against the server’s own clock',
      { 'retry-after': 'Wed, 21 Oct 2026 07:28:05 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' },
      5150,
    ],
    ['a date that has passed', { 'retry-after': 'Wed, 21 Oct 2015 07:28:05 GMT' }, 150],
    ['nonsense', { 'retry-after': 'soon' }, 150],
  ])('S7.5 F7 F13 `Retry-After` is obeyed: %s', async (_name, headers, expected) => {
    const { wire, settle, time } = start('users');
    await settle();
    await wire[0]?.answer(503, undefined, headers);
    expect(time.nextIn).toBe(expected);
  });

  test('S7.5 a `Retry-After` beyond the limit is not waited for: the failure says it', async () => {
    const { wire, settle, result } = start('users');
    await settle();
    await wire[0]?.answer(503, undefined, { 'retry-after': '31' });
    expect((await result).error).toMatchObject({ status: 503, retryAfterMs: 31_000 });
  });

  test('S7.5 a repetition that succeeds is a success', async () => {
    const { wire, settle, time, result } = start('users');
    await settle();
    await wire[0]?.cut();
    await time.advance(150);
    await wire[0]?.answer(200, [1]);
    expect(await result).toMatchObject({ data: [1], meta: { attempts: 2 } });
  });
});
