import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../setup/paths.mjs';
import { say } from '../setup/report.mjs';
import { execute } from './execute.ts';
import { published } from './projects.ts';

/**
 * Builds one published package into its dist: ES modules and declarations, by the compiler alone. The packages
 * it needs are read as built, the way a stranger reads them. (Declarations keep the endings of their imports:
 * for a compiler `./x.ts` beside `x.d.ts` is that file, which the check of the packed packages proves.)
 */
async function buildPackage(folder: string): Promise<boolean> {
  const began = performance.now();
  rmSync(join(root, folder, 'dist'), { recursive: true, force: true });
  const { code, output } = await execute('tsc', [
    '-p',
    join(folder, 'tsconfig.build.json'),
    '--pretty',
    'false',
  ]);
  say(`${code === 0 ? '✓' : '✗'} ${folder} ${((performance.now() - began) / 1000).toFixed(1)} s`);
  if (code !== 0) say(output.trimEnd());
  return code === 0;
}

for (const folder of published) {
  if (await buildPackage(folder)) continue;
  process.exitCode = 1;
  break;
}
