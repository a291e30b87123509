import { join } from 'node:path';

import { installDependencies, isInstalled } from './install.mjs';
import { withLock } from './lock.mjs';
import { root } from './paths.mjs';

/** Installs the PostgreSQL that the tests start. It has a tree of its own, which `npm start` never touches. */
export async function installPostgres() {
  const folder = join(root, 'tools', 'postgres');
  if (isInstalled(folder)) return;
  await withLock(join(root, '.cache', 'postgres.lock'), 'installing PostgreSQL for the tests', async () => {
    if (!isInstalled(folder)) await installDependencies(folder, 'PostgreSQL for the tests');
  });
}
