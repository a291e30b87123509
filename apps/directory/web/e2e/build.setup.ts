import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@playwright/test';
import { build } from 'vite';

const web = resolve(import.meta.dirname, '..');
const workspace = resolve(web, '../../..');

/** What the built pages are made of. */
const sources = [
  join(web, 'src'),
  join(web, 'public'),
  join(web, 'index.html'),
  join(web, 'vite.config.ts'),
  join(web, 'package.json'),
  join(web, '../contract/src'),
  join(workspace, 'packages/protocol/src'),
  join(workspace, 'packages/lockstep/src'),
];

test('the pages are built, anew where anything they are made of is newer', async () => {
  test.setTimeout(180_000);
  const page = join(web, 'dist/index.html');
  const isFresh = existsSync(page) && statSync(page).mtimeMs > Math.max(...sources.map(newest));
  if (!isFresh) await build({ root: web, configFile: join(web, 'vite.config.ts'), logLevel: 'error' });
  expect(existsSync(page)).toBe(true);
});

function newest(path: string): number {
  const own = statSync(path);
  if (!own.isDirectory()) return own.mtimeMs;
  return Math.max(own.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
