import { delimiter, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the scripts make for themselves; ignored by git, safe to delete. */
export const cache = join(root, '.cache');

/**
 * The environment for a child that must see `node` as the given binary.
 *
 * @param {string} node
 * @param {NodeJS.ProcessEnv} [extra]
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentWith(node, extra = {}) {
  const path = [dirname(node), join(root, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter);
  return { ...process.env, PATH: path, ...extra };
}

/**
 * The environment for npm itself. npm replaces `node_modules`, the pinned Node included, so it must run on the
 * machine's own Node.
 *
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentForNpm() {
  const own = `${sep}node_modules${sep}`;
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !`${folder}${sep}`.includes(own))
    .join(delimiter);
  return { ...process.env, PATH: path };
}
