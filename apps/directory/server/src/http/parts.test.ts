import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problem } from '@lockstep/protocol/schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHarness } from '../testing/harness.ts';
import type { Harness } from '../testing/harness.ts';
import { createCursors } from './cursors.ts';
import { createOrigins } from './origins.ts';
import { problemOf, Refusal } from './problems.ts';

let h: Harness;
let webRoot: string;
beforeAll(async () => {
  webRoot = await mkdtemp(join(tmpdir(), 'directory-web-'));
  await mkdir(join(webRoot, 'assets'));
  await writeFile(
    join(webRoot, 'index.html'),
    '<meta content="__CSP_NONCE__"><script nonce="__CSP_NONCE__"></script>',
  );
  await writeFile(join(webRoot, 'assets', 'main-abc123.js'), 'plain()');
  await writeFile(join(webRoot, 'assets', 'main-abc123.js.br'), 'compressed');
  await writeFile(join(webRoot, 'mark.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  h = await startHarness({ app: { webRoot } });
});
afterAll(async () => {
  await h.close();
  await rm(webRoot, { recursive: true });
});

describe('pages', () => {
  test.each(['/', '/people', '/people/0193e5f0-0000-7000-8000-000000000000?search=a'])(
    '%s is the one page, with a nonce of its own each time',
    async (url) => {
      const [first, second] = [await h.send('GET', url), await h.send('GET', url)];
      const policy = String(first.headers['content-security-policy']);
      const [, nonce = ''] = /script-src 'self' 'nonce-([^']+)'/.exec(policy) ?? [];
      expect(nonce).toHaveLength(24);
      expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
      expect(policy).not.toContain('unsafe');
      expect(first.body.split(nonce)).toHaveLength(3);
      expect(first.body).not.toContain('__CSP_NONCE__');
      expect(first.headers).toMatchObject({ 'cache-control': 'no-cache', 'x-frame-options': 'DENY' });
      expect(second.body).not.toBe(first.body);
    },
  );

  test('hashed files are kept for ever, and come compressed where the browser takes it', async () => {
    const plain = await h.send('GET', '/assets/main-abc123.js');
    expect(plain.body).toBe('plain()');
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(plain.headers['content-type']).toMatch(/javascript/);
    const compressed = await h.send('GET', '/assets/main-abc123.js', {
      headers: { 'accept-encoding': 'gzip, br' },
    });
    expect(compressed.headers['content-encoding']).toBe('br');
    expect((await h.send('GET', '/mark.svg')).headers['cache-control']).toBe('no-cache');
  });

  test.each(['/assets/none.js', '/index.html.br', '/assets/../../package.json', '/favicon.ico'])(
    '%s is no page',
    async (url) => {
      expect((await h.send('GET', url)).statusCode).toBe(404);
    },
  );

  test('without a build say how to make one', async () => {
    const bare = await startHarness({ app: { webRoot: join(webRoot, 'nowhere') } });
    const response = await bare.send('GET', '/');
    expect(response.statusCode).toBe(503);
    expect(response.body).toContain('npm run build');
    await bare.close();
  });
});

describe('operation', () => {
  test('says that it is alive and ready, and what it does', async () => {
    expect((await h.send('GET', '/healthz')).json()).toEqual({ status: 'ok' });
    expect((await h.send('GET', '/readyz')).json()).toEqual({ status: 'ok' });
    const metrics = await h.send('GET', '/metrics');
    expect(metrics.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(metrics.body).toMatch(/directory_http_requests_total\{call="\/healthz",status="200"\} \d+/);
    expect(metrics.body).toContain('directory_feed_offset');
  });

  test('describes exactly the calls that it answers', async () => {
    const document = (await h.send('GET', '/openapi.json')).json<{
      openapi: string;
      paths: Record<string, Record<string, { operationId: string }>>;
    }>();
    expect(document.openapi).toBe('3.1.0');
    expect(document.paths['/api/users/{id}']).toHaveProperty('patch.operationId', 'patchUser');
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const method of Object.keys(operations)) {
        const url = path.replace(/\{\w+\}/g, '0193e5f0-0000-7000-8000-000000000000');
        const known = h.directory.app.hasRoute({
          method: method.toUpperCase(),
          url: path.replace(/\{(\w+)\}/g, ':$1'),
        });
        expect([method, url, known]).toEqual([method, url, true]);
      }
    }
  });
});

describe('parts', () => {
  test('a problem is one by the protocol', () => {
    const refusal = new Refusal('email-taken', undefined, {
      errors: [{ path: '/email', message: 'is taken' }],
    });
    expect(problem.parse(problemOf(refusal, 'r1'))).toMatchObject({
      status: 409,
      code: 'email-taken',
      requestId: 'r1',
    });
  });

  test('a cursor belongs to one list and one key', () => {
    const [mine, other] = [createCursors(new Uint8Array(32)), createCursors(new Uint8Array(32).fill(1))];
    const cursor = mine.make(['a'], ['2026', 'x']);
    expect(mine.read(['a'], cursor)).toEqual(['2026', 'x']);
    expect(() => mine.read(['b'], cursor)).toThrowError(Refusal);
    expect(() => other.read(['a'], cursor)).toThrowError(Refusal);
  });

  test('the three names of this machine are one origin at the bound port', () => {
    const origins = createOrigins(['https://people.example.org']);
    origins.bind('127.0.0.1', 8080);
    for (const origin of ['http://localhost:8080', 'http://127.0.0.1:8080', 'http://[::1]:8080']) {
      expect(origins.allows(origin)).toBe(true);
    }
    expect(origins.allows('https://people.example.org')).toBe(true);
    for (const origin of [
      'http://localhost:8081',
      'https://localhost:8080',
      'http://evil.test',
      'null',
      undefined,
    ]) {
      expect(origins.allows(origin)).toBe(false);
    }
  });
});
