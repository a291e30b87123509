import { resolve } from 'node:path';

import { prepare } from './setup/install.mjs';
import { environmentWith, root } from './setup/paths.mjs';
import { Failure, runInForeground, runMain } from './setup/report.mjs';

/** Runs one of the repository's own TypeScript programs on the pinned Node: `node scripts/run.mjs FILE [ARGUMENT…]`. */
await runMain(async () => {
  const [file, ...args] = process.argv.slice(2);
  if (file === undefined) {
    throw new Failure('No program was named.', 'Call it as: node scripts/run.mjs FILE [ARGUMENT…]');
  }
  const { node } = await prepare();
  return runInForeground(node, ['--conditions=@lockstep/source', resolve(root, file), ...args], {
    env: environmentWith(node),
  });
});
