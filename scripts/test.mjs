import { join } from 'node:path';

import { prepare } from './setup/install.mjs';
import { environmentWith, root } from './setup/paths.mjs';
import { runInForeground, runMain } from './setup/report.mjs';

await runMain(async () => {
  const { node } = await prepare();
  const gate = join(root, 'scripts', 'gate', 'main.ts');
  return runInForeground(node, [gate, ...process.argv.slice(2)], { cwd: root, env: environmentWith(node) });
});
