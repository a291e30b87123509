import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../setup/paths.mjs';
import { say } from '../setup/report.mjs';
import { compareRules, rulesIn, titlesIn } from './spec-rules.ts';

const home = 'packages/lockstep';
const specification = join(root, home, 'SPEC.md');

if (existsSync(specification)) {
  const rules = rulesIn(readFileSync(specification, 'utf8'));
  const source = join(root, home, 'src');
  const titles = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(test|contract)\.tsx?$/.test(file))
    .flatMap((file) => titlesIn(file, readFileSync(join(source, file), 'utf8')));
  const faults = compareRules(rules, titles);
  for (const fault of faults) say(fault);
  say(`${rules.length} rules in ${home}/SPEC.md, ${titles.length} test titles, ${faults.length} faults.`);
  process.exitCode = faults.length > 0 ? 1 : 0;
} else {
  say(`${home}/SPEC.md is missing: the library's behaviour is written there as numbered rules.`);
  process.exitCode = 1;
}
