import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { environmentWith, root } from './paths.mjs';
import { Failure, runQuietly, say, tail } from './report.mjs';

const commands = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const elsewhere = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const remedy = 'Install Chromium or Chrome yourself, or set CHROMIUM to one, and run the command again.';

/**
 * The Chromium for the browser tests: `CHROMIUM`, one that the machine has, or one installed now.
 *
 * @param {string} node
 * @returns {Promise<string>} its path
 */
export async function findBrowser(node) {
  const named = process.env['CHROMIUM'];
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return named;
    throw new Failure(`CHROMIUM names "${named}", which does not exist.`, 'Correct it, or unset it.');
  }
  const present = installedBrowser() ?? (await ownBrowser(node));
  if (present !== null) return present;

  say('No Chromium was found; installing one …');
  const said = (await installByApt()) ?? (await installByPlaywright(node));
  const now = installedBrowser() ?? (await ownBrowser(node));
  if (now !== null) return now;
  throw new Failure(
    `No Chromium could be installed for the browser tests; the last words were:\n${tail(said, 8)}`,
    remedy,
  );
}

/**
 * @param {string} [path]
 * @returns {string | null}
 */
function installedBrowser(path = process.env['PATH'] ?? '') {
  const places = path.split(delimiter).flatMap((folder) => commands.map((name) => join(folder, name)));
  return [...places, ...elsewhere].find((file) => existsSync(file)) ?? null;
}

/**
 * The one that Playwright keeps in its own cache.
 *
 * @param {string} node
 */
async function ownBrowser(node) {
  const script = "console.log(require('playwright-core').chromium.executablePath())";
  const { code, output } = await runQuietly('looking for Chromium', node, ['-e', script], { cwd: root });
  const file = output.trim();
  return code === 0 && existsSync(file) ? file : null;
}

/** @returns {Promise<string | null>} what apt said, or null where there is no apt or no right to use it */
async function installByApt() {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) return null;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  let said = '';
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    const [command, ...rest] = [...sudo, 'apt-get', ...args];
    try {
      const { code, output } = await runQuietly(`apt-get ${args[0]}`, command ?? 'apt-get', rest, { env });
      said += output;
      if (code !== 0 && args[0] === 'install') return null;
    } catch {
      return null;
    }
  }
  return said;
}

/** @param {string} node */
async function installByPlaywright(node) {
  const { output } = await runQuietly(
    'installing Chromium',
    node,
    [join(root, 'node_modules', '@playwright', 'test', 'cli.js'), 'install', 'chromium'],
    { cwd: root, env: environmentWith(node) },
  );
  return output;
}
