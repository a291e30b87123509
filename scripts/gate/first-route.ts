import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../setup/paths.mjs';
import { Failure } from '../setup/report.mjs';

const dist = 'apps/directory/web/dist';

/** What the first page loads after the entry: the modules that its route imports dynamically. */
const firstRoute: readonly string[] = ['src/features/people/people-page.tsx'];

interface Chunk {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly imports?: readonly string[];
  readonly dynamicImports?: readonly string[];
}

export type Manifest = Readonly<Record<string, Chunk>>;

/** The scripts that a browser loads before the first page stands, as paths from the root. */
export function firstRouteScripts(): readonly string[] {
  const file = join(root, dist, '.vite', 'manifest.json');
  if (!existsSync(file)) {
    throw new Failure(
      'The web app is not built, so its size is unknown.',
      'Run `npm run size`, which builds it.',
    );
  }
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  return scriptsOf(manifest, firstRoute).map((script) => `${dist}/${script}`);
}

/** The entry, the named routes' chunks, and whatever those import statically. */
export function scriptsOf(manifest: Manifest, routes: readonly string[]): readonly string[] {
  const entries = Object.keys(manifest).filter((key) => manifest[key]?.isEntry === true);
  if (entries.length === 0) throw new Error("The web app's manifest names no entry.");
  const scripts = new Set<string>();
  const seen = new Set<string>();
  const add = (key: string): void => {
    if (seen.has(key)) return;
    seen.add(key);
    const chunk = manifest[key];
    if (chunk === undefined) {
      throw new Error(
        `The web app's manifest has no chunk "${key}". Name the first page's modules in scripts/gate/first-route.ts.`,
      );
    }
    if (/\.m?js$/.test(chunk.file)) scripts.add(chunk.file);
    chunk.imports?.forEach(add);
  };
  entries.forEach(add);
  routes.forEach(add);
  return [...scripts];
}
