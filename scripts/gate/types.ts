import { root } from '../setup/paths.mjs';
import { say } from '../setup/report.mjs';
import { execute, mapLimited } from './execute.ts';
import { typeScriptProjects } from './projects.ts';

const results = await mapLimited(typeScriptProjects(root), 2, async (folder) => {
  const began = performance.now();
  const { code, output } = await execute('tsc', ['-p', folder, '--pretty', 'false']);
  say(`${code === 0 ? '✓' : '✗'} ${folder} ${((performance.now() - began) / 1000).toFixed(1)} s`);
  if (code !== 0) say(output.trimEnd());
  return code;
});
process.exitCode = results.every((code) => code === 0) ? 0 : 1;
