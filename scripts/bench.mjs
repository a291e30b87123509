import { join } from 'node:path';

import { prepare } from './setup/install.mjs';
import { environmentWith, root } from './setup/paths.mjs';
import { runInForeground, runMain } from './setup/report.mjs';

/**
 * Benchmarks run as in production, in one process, with a collector that can be asked to collect (memory is
 * read after it) and room for a million rows.
 */
const flags = ['--conditions=@lockstep/source', '--expose-gc', '--max-old-space-size=8192'];

await runMain(async () => {
  const { node } = await prepare();
  return runInForeground(node, [...flags, join(root, 'bench', 'main.ts'), ...process.argv.slice(2)], {
    env: environmentWith(node, { NODE_ENV: 'production' }),
  });
});
