import { describe, expect, test } from 'vitest';
import { createTestLocks, requests, store } from './requests.harness.ts';
import type { Requests } from './requests.harness.ts';
import type { AuthOptions, BaseQueryOptions } from './types.ts';

interface Signed extends Requests {
  readonly get: (url: string, extra?: { auth?: boolean }, controller?: AbortController) => Promise<unknown>;
  readonly session: { token: string | null; signedOut: unknown[] };
  readonly api: ReturnType<typeof store>['api'];
}

const signed = (
  auth: Partial<AuthOptions> = {},
  session: Signed['session'] = { token: 'old', signedOut: [] },
  options: BaseQueryOptions = {},
): Signed => {
  const own = requests({
    retry: false,
    ...options,
    auth: {
      token: () => session.token,
      refresh: '/auth/refresh',
      accept: (answer) => {
        const { token } = answer as { token?: string };
        if (token === undefined) throw new Error('no token');
        session.token = token;
      },
      signedOut: (failure) => session.signedOut.push(failure),
      locks: null,
      ...auth,
    },
  });
  const { api } = store();
  return {
    ...own,
    session,
    api,
    get: async (url, extra = {}, controller = new AbortController()) => {
      const { data, error } = await own.baseQuery(url, api(controller), extra);
      return error ?? data;
    },
  };
};

const tokens = ({ wire }: Requests): (string | null)[] =>
  wire.map(({ headers }) => headers.get('authorization'));
const urls = ({ wire }: Requests): string[] => wire.map(({ url }) => url);

describe('S7.6 a session is renewed once', () => {
  test('S7.6 G37 a 401 asks for a renewal at once, and the request is sent once more with the new token', async () => {
    const own = signed();
    const result = own.get('users');
    await own.settle();
    expect(tokens(own)).toEqual(['Bearer old']);
    await own.wire[0]?.answer(401);
    expect(own.log).toEqual(['GET /api/users', 'POST /api/auth/refresh']);
    expect(tokens(own)).toEqual([null]);
    await own.wire[0]?.answer(200, { token: 'new' });
    expect(tokens(own)).toEqual(['Bearer new']);
    await own.wire[0]?.answer(200, [1]);
    expect(await result).toEqual([1]);
    expect(own.log).toHaveLength(3);
  });

  test('S7.6 G38 F11 many 401s at once are one renewal', async () => {
    const own = signed();
    const results = Promise.all(['a', 'b', 'c', 'd'].map((url) => own.get(url)));
    await own.settle();
    for (const asked of own.wire.slice()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await asked.answer(401);
    }
    expect(own.log.filter((line) => line.includes('refresh'))).toHaveLength(1);
    await own.wire[0]?.answer(200, { token: 'new' });
    expect(urls(own)).toEqual(['/api/a', '/api/b', '/api/c', '/api/d']);
    for (const asked of own.wire.slice()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await asked.answer(200, asked.url);
    }
    expect(await results).toEqual(['/api/a', '/api/b', '/api/c', '/api/d']);
  });

  test('S7.6 G38 a 401 for a token that was replaced meanwhile renews nothing', async () => {
    const own = signed();
    const results = [own.get('slow'), own.get('fast')];
    await own.settle();
    await own.wire[1]?.answer(401);
    await own.wire[1]?.answer(200, { token: 'new' });
    await own.wire[1]?.answer(200, 'fast');
    await own.wire[0]?.answer(401);
    expect(tokens(own)).toEqual(['Bearer new']);
    await own.wire[0]?.answer(200, 'slow');
    expect(await Promise.all(results)).toEqual(['slow', 'fast']);
    expect(own.log.filter((line) => line.includes('refresh'))).toHaveLength(1);
  });

  test('S7.6 G38 where cookies carry the session the same holds, without a token to compare', async () => {
    const own = signed({}, { token: null, signedOut: [] });
    const cookies = { ...own, session: own.session };
    const results = [own.get('slow'), own.get('fast')];
    await own.settle();
    await own.wire[1]?.answer(401);
    cookies.session.token = null;
    await own.wire[1]?.answer(200, { token: null });
    await own.wire[1]?.answer(200, 'fast');
    await own.wire[0]?.answer(401);
    expect(urls(own)).toEqual(['/api/slow']);
    await own.wire[0]?.answer(200, 'slow');
    expect(await Promise.all(results)).toEqual(['slow', 'fast']);
    expect(own.log.filter((line) => line.includes('refresh'))).toHaveLength(1);
  });

  test('S7.6 what is asked for while a renewal is under way waits for it', async () => {
    const own = signed();
    const first = own.get('a');
    await own.settle();
    await own.wire[0]?.answer(401);
    const second = own.get('b');
    await own.settle();
    expect(urls(own)).toEqual(['/api/auth/refresh']);
    await own.wire[0]?.answer(200, { token: 'new' });
    expect(tokens(own)).toEqual(['Bearer new', 'Bearer new']);
    for (const asked of own.wire.slice()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await asked.answer(200, asked.url);
    }
    expect(await Promise.all([first, second])).toEqual(['/api/a', '/api/b']);
  });

  test('S7.6 G37 a second 401 is the answer: nothing is sent a third time', async () => {
    const own = signed();
    const result = own.get('users');
    await own.settle();
    await own.wire[0]?.answer(401);
    await own.wire[0]?.answer(200, { token: 'new' });
    await own.wire[0]?.answer(401, { code: 'not-signed-in' });
    expect(await result).toMatchObject({
      kind: 'unauthorised',
      status: 401,
      problem: { code: 'not-signed-in' },
    });
    expect(own.log).toHaveLength(3);
    expect(own.session.signedOut).toEqual([]);
  });

  test('S7.6 a caller that gives up waits no longer; the renewal goes on for the others', async () => {
    const own = signed();
    const controller = new AbortController();
    const results = [own.get('a', {}, controller), own.get('b')];
    await own.settle();
    await own.wire[0]?.answer(401);
    await own.wire[0]?.answer(401);
    controller.abort();
    expect(await results[0]).toEqual({ kind: 'aborted' });
    await own.wire[0]?.answer(200, { token: 'new' });
    expect(urls(own)).toEqual(['/api/b']);
    await own.wire[0]?.answer(200, 'b');
    expect(await results[1]).toBe('b');
  });

  test('S7.6 an endpoint whose 401 is its own answer is left alone', async () => {
    const own = signed();
    const result = own.get('auth/login', { auth: false });
    await own.settle();
    expect(tokens(own)).toEqual([null]);
    await own.wire[0]?.answer(401, { code: 'wrong-password' });
    expect(await result).toMatchObject({ kind: 'unauthorised', problem: { code: 'wrong-password' } });
    expect(own.log).toHaveLength(1);
  });

  test('S7.6 the token goes to the server of `baseUrl` alone', async () => {
    const own = signed({}, { token: 'secret', signedOut: [] }, { baseUrl: 'https://a.example/api' });
    for (const url of [
      'https://evil.example/api/x',
      '//evil.example/x',
      'https://a.example/apis',
      'https://a.example/api/x',
      'x',
    ]) {
      void own.get(url);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await own.settle();
    }
    expect(tokens(own)).toEqual([null, null, null, 'Bearer secret', 'Bearer secret']);
  });
});

describe('S7.7 a session that is over', () => {
  test('S7.7 G39 a definite refusal signs out, once for all who waited, and the first answer stands', async () => {
    const own = signed();
    const results = Promise.all([own.get('a'), own.get('b')]);
    await own.settle();
    await own.wire[0]?.answer(401, { code: 'expired' });
    await own.wire[0]?.answer(401, { code: 'expired' });
    await own.wire[0]?.answer(401, { code: 'not-signed-in' });
    expect(own.session.signedOut).toMatchObject([{ kind: 'unauthorised' }]);
    const expected = { kind: 'unauthorised', problem: { code: 'expired' } };
    expect(await results).toMatchObject([expected, expected]);
  });

  test.each([
    ['no network', async ({ wire }: Requests) => wire[0]?.cut(), { kind: 'unreachable' }],
    ['503', async ({ wire }: Requests) => wire[0]?.answer(503), { kind: 'problem', status: 503 }],
    ['429', async ({ wire }: Requests) => wire[0]?.answer(429), { kind: 'problem', status: 429 }],
    ['the page of a hotel', async ({ wire }: Requests) => wire[0]?.text(200, '<html>'), { kind: 'parse' }],
    ['an answer without a token', async ({ wire }: Requests) => wire[0]?.answer(200, {}), { kind: 'parse' }],
    ['no answer in time', async ({ time }: Requests) => time.advance(30_000), { kind: 'timeout' }],
  ])('S7.7 G39 F11 %s is no sign-out', async (_name, happen, expected) => {
    const own = signed();
    const result = own.get('users');
    await own.settle();
    await own.wire[0]?.answer(401);
    await happen(own);
    expect(await result).toMatchObject(expected);
    expect(own.session).toEqual({ token: 'old', signedOut: [] });
    // The next request tries anew.
    const next = own.get('users');
    await own.settle();
    await own.wire[0]?.answer(401);
    await own.wire[0]?.answer(200, { token: 'new' });
    await own.wire[0]?.answer(200, 1);
    expect(await next).toBe(1);
  });

  test('S7.8 G15 D18 signing out ends what is under way, and refuses what comes in late', async () => {
    // This transport does not care for signals: the answer arrives whatever happens.
    const answers: ((response: Response) => void)[] = [];
    const own = signed(
      {},
      { token: 'a', signedOut: [] },
      {
        fetchFn: () => new Promise((resolve) => answers.push(resolve)),
      },
    );
    const result = own.get('users');
    await own.settle();
    own.baseQuery.reset(own.api());
    answers[0]?.(new Response('["somebody’s rows"]'));
    expect(await result).toEqual({ kind: 'aborted' });
    const next = own.get('users');
    await own.settle();
    answers[1]?.(new Response('["other rows"]'));
    expect(await next).toEqual(['other rows']);
  });

  test('S7.8 signing out while a renewal is under way takes no token over', async () => {
    const own = signed();
    const result = own.get('users');
    await own.settle();
    await own.wire[0]?.answer(401);
    const [refresh] = own.wire;
    own.baseQuery.reset(own.api());
    await refresh?.answer(200, { token: 'ghost' });
    expect(await result).toEqual({ kind: 'aborted' });
    expect(own.session.token).toBe('old');
    const next = own.get('users');
    await own.settle();
    await own.wire[0]?.answer(401);
    expect(urls(own)).toEqual(['/api/auth/refresh']);
    await own.wire[0]?.answer(200, { token: 'new' });
    await own.wire[0]?.answer(200, 1);
    expect(await next).toBe(1);
  });

  test('S7.8 two stores behind one base query have two sessions', async () => {
    const own = signed();
    const other = store();
    const mine = own.get('mine');
    const theirs = Promise.resolve(own.baseQuery('theirs', other.api(), {}));
    await own.settle();
    own.baseQuery.reset(own.api());
    expect(await mine).toEqual({ kind: 'aborted' });
    await own.wire[0]?.answer(200, 'theirs');
    expect((await theirs).data).toBe('theirs');
  });
});

describe('S7.9 F11 several tabs', () => {
  test('S7.9 two tabs that meet a 401 at once renew once, one after the other, and the second takes the token over', async () => {
    const locks = createTestLocks();
    const shared = { token: 'old', signedOut: [] as unknown[] };
    const one = signed({ locks }, shared);
    const two = signed({ locks }, shared);
    const results = Promise.all([one.get('a'), two.get('b')]);
    await one.settle();
    await one.wire[0]?.answer(401);
    await two.wire[0]?.answer(401);
    await two.settle();
    expect([urls(one), urls(two)]).toEqual([['/api/auth/refresh'], []]);
    await one.wire[0]?.answer(200, { token: 'new' });
    await two.settle();
    expect([tokens(one), tokens(two)]).toEqual([['Bearer new'], ['Bearer new']]);
    await one.wire[0]?.answer(200, 1);
    await two.wire[0]?.answer(200, 2);
    expect(await results).toEqual([1, 2]);
    expect([...one.log, ...two.log].filter((line) => line.includes('refresh'))).toHaveLength(1);
  });

  test('S7.9 locks that the platform refuses are no sign-out', async () => {
    const own = signed({ locks: { request: () => Promise.reject(new Error('not here')) } });
    const result = own.get('a');
    await own.settle();
    await own.wire[0]?.answer(401);
    expect(await result).toMatchObject({ kind: 'unreachable' });
    expect(own.session.signedOut).toEqual([]);
  });
});
