import { join } from 'node:path';

import { prepare } from './setup/install.mjs';
import { cache, environmentWith, root } from './setup/paths.mjs';
import { runInForeground, runMain } from './setup/report.mjs';
import { buildWebApp } from './setup/web.mjs';

/** Arguments with which nothing is served, so that the web app is not needed. */
const withoutWeb = ['--help', '--reset-password'];

await runMain(async () => {
  const args = process.argv.slice(2);
  const { node } = await prepare();
  if (!args.some((argument) => withoutWeb.includes(argument))) await buildWebApp(node);
  const server = join(root, 'apps', 'directory', 'server', 'src', 'main.ts');
  return runInForeground(node, ['--conditions=@lockstep/source', server, ...args], {
    // What Node has compiled once it reads back: a fifth of the server's start.
    env: environmentWith(node, { NODE_COMPILE_CACHE: join(cache, 'compiled') }),
  });
});
