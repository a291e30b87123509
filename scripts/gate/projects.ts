import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface RootPackage {
  readonly workspaces: readonly string[];
}

/** Every workspace's folder, from the root. */
export function workspaceFolders(root: string): readonly string[] {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as RootPackage;
  return own.workspaces;
}

/** The folders whose package is published: they build and are checked as packed. In the order of their needs. */
export const published: readonly string[] = ['packages/protocol', 'packages/lockstep', 'packages/server'];

/** Every folder with a tsconfig of its own. */
export function typeScriptProjects(root: string): readonly string[] {
  return [...workspaceFolders(root), 'scripts'].filter((folder) =>
    existsSync(join(root, folder, 'tsconfig.json')),
  );
}
