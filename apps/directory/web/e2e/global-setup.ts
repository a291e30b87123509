import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
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

/** Builds the pages that the tests look at, unless they are newer than everything they are made of. */
export default async function setUp(): Promise<void> {
  const page = join(web, 'dist/index.html');
  if (existsSync(page) && statSync(page).mtimeMs > Math.max(...sources.map(newest))) return;
  await build({ root: web, configFile: join(web, 'vite.config.ts'), logLevel: 'warn' });
}

function newest(path: string): number {
  const own = statSync(path);
  if (!own.isDirectory()) return own.mtimeMs;
  return Math.max(own.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
