import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { withLock } from './lock.mjs';
import { environmentWith, root as repository } from './paths.mjs';
import { Failure, runQuietly, say, tail } from './report.mjs';

const web = 'apps/directory/web';
const inputs = [
  web,
  'apps/directory/contract',
  'packages/lockstep',
  'packages/protocol',
  'package-lock.json',
  'tsconfig.base.json',
  'scripts/setup/web.mjs',
];
const outside = new Set(['node_modules', 'dist', 'e2e', 'test-results', 'playwright-report']);

/**
 * Builds the web app where anything it is made of has changed since the last build.
 *
 * @param {string} node the pinned Node
 * @param {string} [root]
 * @returns {Promise<'fresh' | 'built'>}
 */
export async function buildWebApp(node, root = repository) {
  if (isFresh(root)) return 'fresh';
  return withLock(join(root, '.cache', 'web.lock'), 'building the web app', async () => {
    if (isFresh(root)) return 'fresh';
    const hash = hashInputs(root);
    say('Building the web app …');
    // Built aside and moved into place, so that a server at work never serves half a build.
    const aside = join(root, '.cache', 'web-next');
    const { code, output } = await runQuietly(
      'building the web app',
      node,
      [
        join(root, 'node_modules', 'vite', 'bin', 'vite.js'),
        'build',
        '--manifest',
        '--outDir',
        relative(join(root, web), aside),
        '--emptyOutDir',
      ],
      { cwd: join(root, web), env: environmentWith(node, { NODE_ENV: 'production' }) },
    );
    if (code !== 0) {
      throw new Failure(
        `The web app could not be built; vite's last words were:\n${tail(output)}`,
        `Mend the fault in ${web} (or go back to a commit that builds) and run the command again.`,
      );
    }
    const dist = join(root, web, 'dist');
    rmSync(dist, { recursive: true, force: true });
    renameSync(aside, dist);
    const stamp = stampFile(root);
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, hash);
    return 'built';
  });
}

/** @param {string} root */
function isFresh(root) {
  const stamp = stampFile(root);
  if (!existsSync(stamp) || !existsSync(join(root, web, 'dist', 'index.html'))) return false;
  return readFileSync(stamp, 'utf8') === hashInputs(root);
}

/** @param {string} root */
function stampFile(root) {
  return join(root, '.cache', 'web-build.sha256');
}

/**
 * One hash over every file the web app is made of; tests are no part of it.
 *
 * @param {string} [root]
 */
export function hashInputs(root = repository) {
  const hash = createHash('sha256');
  for (const input of inputs) addTo(hash, root, input);
  return hash.digest('hex');
}

/**
 * @param {import('node:crypto').Hash} hash
 * @param {string} root
 * @param {string} path
 */
function addTo(hash, root, path) {
  const entries = readEntries(join(root, path));
  if (entries === null) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
    return;
  }
  for (const entry of entries) {
    if (outside.has(entry) || /\.(test|spec)\.[a-z]+$/.test(entry) || entry.endsWith('.md')) continue;
    addTo(hash, root, `${path}/${entry}`);
  }
}

/**
 * @param {string} path
 * @returns {string[] | null} null for a file
 */
function readEntries(path) {
  try {
    return readdirSync(path).toSorted();
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOTDIR') return null;
    throw error;
  }
}
