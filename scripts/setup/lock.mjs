import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { say } from './report.mjs';

const POLL_MS = 250;
const SAY_EVERY_MS = 4_000;

/**
 * Lets one process at a time into `work`, so that `npm start` and `npm test` begun together do not install over
 * each other. The file holds the owner's pid; the lock of a process that is gone is taken over.
 *
 * @template T
 * @param {string} file
 * @param {string} label what the holder is doing
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, label, work) {
  mkdirSync(dirname(file), { recursive: true });
  let waited = 0;
  while (!take(file)) {
    const owner = ownerOf(file);
    if (owner !== null && !isAlive(owner)) {
      rmSync(file, { force: true });
      continue;
    }
    if (waited % SAY_EVERY_MS === 0) say(`  … waiting for process ${owner ?? '?'}, which is ${label}`);
    await delay(POLL_MS);
    waited += POLL_MS;
  }
  const release = () => {
    rmSync(file, { force: true });
  };
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

/** @param {string} file */
function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} file */
function ownerOf(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
