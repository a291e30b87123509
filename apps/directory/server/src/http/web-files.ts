import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { pagePolicy } from './security-headers.ts';

const placeholder = '__CSP_NONCE__';

/**
 * Serves the built web application: files as they are, and its one page for every address that the application's own
 * router knows. The page carries a nonce of its own each time, in the header and where the build left the placeholder.
 * @param root The folder that the web build writes.
 */
export async function webFiles(
  app: FastifyInstance,
  options: { root: string; nonce: () => string },
): Promise<(reply: FastifyReply) => Promise<FastifyReply>> {
  const { root, nonce } = options;
  const page = join(root, 'index.html');
  if (existsSync(page)) {
    await app.register(fastifyStatic, {
      root,
      index: false,
      wildcard: false,
      decorateReply: false,
      preCompressed: true,
      // The precompressed siblings are not addresses of their own.
      globIgnore: ['index.html*', '**/*.br', '**/*.gz', '**/*.map'],
      setHeaders: (file, path) => {
        const hashed = /[/\\]assets[/\\]/.test(path);
        file.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
        file.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox");
      },
    });
  }
  let text: string | undefined;
  return async (reply) => {
    if (!existsSync(page)) return notBuilt(reply);
    text ??= await readFile(page, 'utf8');
    const value = nonce();
    return reply
      .code(200)
      .header('content-type', 'text/html; charset=utf-8')
      .header('cache-control', 'no-cache')
      .header('content-security-policy', pagePolicy(value))
      .send(text.replaceAll(placeholder, value));
  };
}

function notBuilt(reply: FastifyReply): FastifyReply {
  return reply
    .code(503)
    .header('content-type', 'text/html; charset=utf-8')
    .header('retry-after', '5')
    .send(
      '<!doctype html><meta charset="utf-8"><title>Directory</title><h1>The web application is not built yet</h1>' +
        '<p>The server runs and its API answers. Build the pages with <code>npm run build</code>, then reload.</p>',
    );
}
