import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { cache, root } from '../setup/paths.mjs';

/** A module that holds all that the named modules of the built client library export; the bundler starts there. */
export function entryOf(name: string, modules: readonly string[]): string {
  const built = join(root, 'packages', 'lockstep', 'dist');
  const lines = modules.map(
    (module, index) => `export * as all${index} from ${JSON.stringify(join(built, module, 'index.js'))};\n`,
  );
  const folder = join(cache, 'size');
  mkdirSync(folder, { recursive: true });
  const entry = join(folder, `${name}.js`);
  writeFileSync(entry, lines.join(''));
  return entry;
}
