import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { readImports } from '../imports/read-imports.ts';
import { root } from '../setup/paths.mjs';
import { say } from '../setup/report.mjs';
import { execute } from './execute.ts';
import { published } from './projects.ts';

/**
 * Builds one published package into its dist: ES modules and declarations, by the compiler alone. The packages
 * it needs are read as built, the way a stranger reads them.
 */
async function buildPackage(folder: string): Promise<boolean> {
  const began = performance.now();
  const dist = join(root, folder, 'dist');
  rmSync(dist, { recursive: true, force: true });
  const { code, output } = await execute('tsc', [
    '-p',
    join(folder, 'tsconfig.build.json'),
    '--pretty',
    'false',
  ]);
  if (code === 0) pointDeclarationsAtModules(dist);
  say(`${code === 0 ? '✓' : '✗'} ${folder} ${((performance.now() - began) / 1000).toFixed(1)} s`);
  if (code !== 0) say(output.trimEnd());
  return code === 0;
}

/**
 * The compiler turns `./x.ts` into `./x.js` in the modules it emits, but leaves it in the declarations, where
 * no such file is shipped.
 */
function pointDeclarationsAtModules(dist: string): void {
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.d.ts')) continue;
    const file = join(entry.parentPath, entry.name);
    writeFileSync(file, withModuleEndings(file, readFileSync(file, 'utf8')));
  }
}

function withModuleEndings(file: string, text: string): string {
  const relative = readImports(file, text).filter(({ specifier }) => /^\..*(?<!\.d)\.tsx?$/.test(specifier));
  return relative
    .toSorted((one, other) => other.start - one.start)
    .reduce((result, { specifier, start, end }) => {
      const name = `'${specifier.replace(/\.tsx?$/, '.js')}'`;
      return result.slice(0, start) + name + result.slice(end);
    }, text);
}

for (const folder of published) {
  if (await buildPackage(folder)) continue;
  process.exitCode = 1;
  break;
}
