import { configureStore } from '@reduxjs/toolkit';
import { createApi } from '@reduxjs/toolkit/query';
import { describe, expect, test } from 'vitest';
import { requests, store } from './requests.harness.ts';
import type { Requests } from './requests.harness.ts';
import { createUploads } from './uploads.ts';
import type { AuthOptions } from './types.ts';
import type { Uploads } from './uploads.ts';
import type { UploadRequest } from './xhr-fetch.ts';

/** A browser's upload, as the test plays it. */
class FakeUpload implements UploadRequest {
  status = 0;
  statusText = '';
  responseText = '';
  withCredentials = false;
  aborted = false;
  method = '';
  url = '';
  body: unknown;
  headers = new Map<string, string>();
  answered = '';
  #listeners = new Map<string, () => void>();
  #progress: ((event: ProgressEvent) => void) | null = null;
  readonly upload = {
    addEventListener: (_type: 'progress', listener: (event: ProgressEvent) => void): void => {
      this.#progress = listener;
    },
  };
  open(method: string, url: string | URL): void {
    this.method = method;
    this.url = String(url);
  }
  setRequestHeader(name: string, value: string): void {
    this.headers.set(name, value);
  }
  send(body?: unknown): void {
    this.body = body;
  }
  abort(): void {
    this.aborted = true;
  }
  getAllResponseHeaders(): string {
    return this.answered;
  }
  addEventListener(type: 'load' | 'error', listener: () => void): void {
    this.#listeners.set(type, listener);
  }
  sent(loaded: number, total: number | null = 100): void {
    this.#progress?.(new FakeProgress(loaded, total));
  }
  load(status: number, text: string, headers = ''): void {
    Object.assign(this, { status, responseText: text, answered: headers });
    this.#listeners.get('load')?.();
  }
  error(): void {
    this.#listeners.get('error')?.();
  }
}

class FakeProgress extends Event implements ProgressEvent {
  readonly lengthComputable: boolean;
  readonly loaded: number;
  readonly total: number;
  constructor(loaded: number, total: number | null) {
    super('progress');
    this.lengthComputable = total !== null;
    this.loaded = loaded;
    this.total = total ?? 0;
  }
}

interface Scene extends Requests {
  readonly uploads: Uploads;
  /** All that were made, in order. */
  readonly made: FakeUpload[];
  readonly last: () => FakeUpload;
  readonly file: FormData;
  readonly start: (id?: string) => Promise<unknown>;
}

const scene = (auth?: AuthOptions): Scene => {
  const own = requests(auth ? { auth } : {});
  const made: FakeUpload[] = [];
  const uploads = createUploads({
    baseQuery: own.baseQuery,
    request: () => {
      const upload = new FakeUpload();
      made.push(upload);
      return upload;
    },
    clock: own.time,
    timers: own.time,
  });
  const file = new FormData();
  file.append('avatar', new Blob(['x'.repeat(100)]), 'me.png');
  const { api } = store();
  return {
    ...own,
    uploads,
    made,
    file,
    last: () => {
      const upload = made.at(-1);
      if (!upload) throw new Error('expected an upload to be under way');
      return upload;
    },
    start: async (id = 'u') => {
      const read = (answer: unknown): unknown => (answer as { url?: string }).url ?? null;
      const result = await uploads.start(id, { url: 'users/1/avatar', body: file }, api(), read);
      return 'error' in result ? result.error : result.data;
    },
  };
};

describe('S7.11 uploads', () => {
  test('S7.11 G45 any 2xx is a success, with a typed answer; progress is told in bytes', async () => {
    for (const [status, text, expected] of [
      [200, '{"url":"/a.png"}', '/a.png'],
      [201, '{"url":"/b.png"}', '/b.png'],
    ] as const) {
      const { start, last, uploads, settle } = scene();
      const result = start();
      /* oxlint-disable no-await-in-loop -- one after the other */
      await settle();
      expect(last()).toMatchObject({ method: 'POST', url: '/api/users/1/avatar' });
      expect(uploads.state('u')).toEqual({ kind: 'sending', loaded: 0, total: null });
      last().sent(60);
      expect(uploads.state('u')).toEqual({ kind: 'sending', loaded: 60, total: 100 });
      last().load(status, text);
      expect(await result).toBe(expected);
      /* oxlint-enable no-await-in-loop */
      expect(uploads.state('u')).toEqual({ kind: 'done', answer: expected });
    }
  });

  test('S7.11 G45 an empty 204 is a success too; what cannot be read is a failure of its own', async () => {
    const empty = scene();
    const done = empty.uploads.start('e', { url: 'x', body: empty.file }, store().api(), (answer) => answer);
    await empty.settle();
    empty.last().load(204, '');
    expect(await done).toMatchObject({ data: null });
    const html = scene();
    const result = html.start();
    await html.settle();
    html.last().load(200, '<html>');
    expect(await result).toMatchObject({ kind: 'parse', status: 200 });
    const odd = scene();
    const read = odd.uploads.start('o', { url: 'x', body: odd.file }, store().api(), () => {
      throw new Error('no url in it');
    });
    await odd.settle();
    odd.last().load(200, '{}');
    expect(await read).toMatchObject({
      error: { kind: 'parse', status: 200, message: 'Error: no url in it' },
    });
  });

  test('S7.11 G45 failures say what happened, and the upload is made again from its beginning', async () => {
    const { start, last, uploads, made, settle } = scene();
    const result = start();
    await settle();
    last().sent(60);
    last().error();
    expect(await result).toMatchObject({ kind: 'unreachable' });
    expect(uploads.state('u')).toMatchObject({ kind: 'failed', failure: { kind: 'unreachable' } });
    const again = uploads.retry('u');
    await settle();
    expect(uploads.state('u')).toEqual({ kind: 'sending', loaded: 0, total: null });
    expect(uploads.retry('u')).toBeNull();
    last().load(413, '{"code":"too-large"}');
    expect(await again).toMatchObject({ error: { kind: 'problem', status: 413, code: 'too-large' } });
    expect(made).toHaveLength(2);
    expect(made[1]?.body).toBe(made[0]?.body);
  });

  test('S7.11 G45 the session goes with it: one renewal after a 401, and the file once more', async () => {
    const session = { token: 'old' };
    const { start, last, made, settle, wire } = scene({
      token: () => session.token,
      refresh: 'auth/refresh',
      accept: (answer) => Object.assign(session, answer),
      locks: null,
    });
    const result = start();
    await settle();
    expect(last().headers.get('authorization')).toBe('Bearer old');
    last().load(401, '{}');
    await settle();
    expect(wire.map(({ url }) => url)).toEqual(['/api/auth/refresh']);
    await wire[0]?.answer(200, { token: 'new' });
    expect(made).toHaveLength(2);
    expect(last().headers.get('authorization')).toBe('Bearer new');
    expect(last().headers.has('content-type')).toBe(false);
    last().load(200, '{"url":"/a.png"}');
    expect(await result).toBe('/a.png');
  });

  test('S7.11 answer headers arrive, cookies go where they are asked for', async () => {
    const own = requests({ credentials: 'include' });
    const made: FakeUpload[] = [];
    const request = (): FakeUpload => {
      made.push(new FakeUpload());
      return made.at(-1) ?? new FakeUpload();
    };
    const uploads = createUploads({ baseQuery: own.baseQuery, request, clock: own.time, timers: own.time });
    const result = uploads.start('u', { url: 'x', body: new FormData() }, store().api(), (answer) => answer);
    await own.settle();
    expect(made[0]?.withCredentials).toBe(true);
    made[0]?.load(200, '{}', 'etag: "7"\r\nLockstep-Offset: 12\r\n');
    const { meta } = await result;
    expect(meta?.response?.headers.get('etag')).toBe('"7"');
    expect(meta?.response?.headers.get('lockstep-offset')).toBe('12');
  });

  test('S7.12 D15 it can be aborted, and a released one is forgotten with its file', async () => {
    const { start, last, uploads, settle } = scene();
    const result = start();
    await settle();
    uploads.abort('u');
    expect(last().aborted).toBe(true);
    expect(await result).toEqual({ kind: 'aborted' });
    expect(uploads.state('u')).toEqual({ kind: 'failed', failure: { kind: 'aborted' } });
    uploads.release('u');
    expect(uploads.state('u')).toBeUndefined();
    const second = start('v');
    await settle();
    uploads.release('v');
    expect(last().aborted).toBe(true);
    expect(await second).toEqual({ kind: 'aborted' });
    expect(uploads.state('v')).toBeUndefined();
  });

  test('S7.12 it may take as long as bytes move, and is given up when none does', async () => {
    const { start, last, time, settle } = scene();
    const result = start();
    await settle();
    for (let sent = 10; sent <= 60; sent += 10) {
      // oxlint-disable-next-line no-await-in-loop -- as time passes
      await time.advance(29_000);
      last().sent(sent);
    }
    await time.advance(29_999);
    expect(last().aborted).toBe(false);
    await time.advance(1);
    expect(last().aborted).toBe(true);
    expect(await result).toMatchObject({ kind: 'timeout' });
    expect(time.waiting).toBe(0);
  });

  test('S7.12 G45 signing out ends it', async () => {
    const own = scene();
    const { api } = store();
    const result = own.uploads.start('u', { url: 'x', body: own.file }, api(), (answer) => answer);
    await own.settle();
    own.baseQuery.reset(api());
    expect(await result).toMatchObject({ error: { kind: 'aborted' } });
    expect(own.last().aborted).toBe(true);
  });

  test('S7.13 listeners hear of progress ten times a second at most, and at once of the end', async () => {
    const { start, last, uploads, time, settle } = scene();
    const heard: string[] = [];
    const stop = uploads.subscribe(() => {
      const state = uploads.state('u');
      heard.push(state?.kind === 'sending' ? String(state.loaded) : String(state?.kind));
    });
    const result = start();
    await settle();
    for (let sent = 1; sent <= 25; sent += 1) {
      last().sent(sent);
      // oxlint-disable-next-line no-await-in-loop -- as time passes
      await time.advance(10);
    }
    expect(heard).toEqual(['0', '10', '20']);
    last().load(200, '{}');
    await result;
    expect(heard.at(-1)).toBe('done');
    expect(time.waiting).toBe(0);
    stop();
    uploads.release('u');
    expect(heard.at(-1)).toBe('done');
  });

  test('S7.13 a state is the same object until it changes', async () => {
    const { start, last, uploads, settle } = scene();
    void start();
    await settle();
    last().sent(5);
    expect(uploads.state('u')).toBe(uploads.state('u'));
  });

  test('S7.14 G46 G47 no mutation is pending while it runs: tags are invalidated at once, and the store holds no file', async () => {
    const { uploads, baseQuery, wire, settle, file, last, log } = scene();
    const api = createApi({
      baseQuery,
      tagTypes: ['User'],
      endpoints: (build) => ({
        getUsers: build.query<unknown, void>({ query: () => 'users', providesTags: ['User'] }),
        touch: build.mutation<unknown, void>({
          query: () => ({ url: 'touch', method: 'POST' }),
          invalidatesTags: ['User'],
        }),
      }),
    });
    const own = configureStore({
      reducer: { [api.reducerPath]: api.reducer },
      middleware: (getDefault) => getDefault().concat(api.middleware),
    });
    void own.dispatch(api.endpoints.getUsers.initiate());
    await settle();
    await wire[0]?.answer(200, []);
    const { dispatch, getState } = own;
    const upload = uploads.start(
      'u',
      { url: 'avatar', body: file },
      { dispatch, getState, extra: null },
      (answer) => answer,
    );
    await settle();
    last().sent(50);
    const touched = own.dispatch(api.endpoints.touch.initiate());
    await settle();
    await wire[0]?.answer(204);
    await touched;
    await settle();
    expect(log).toEqual(['GET /api/users', 'POST /api/touch', 'GET /api/users']);
    expect(uploads.state('u')).toMatchObject({ kind: 'sending' });
    expect(JSON.parse(JSON.stringify(own.getState()))).toEqual(own.getState());
    last().load(200, '{}');
    expect(await upload).toMatchObject({ data: {} });
  });
});
