import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { environmentForNpm, root } from '../setup/paths.mjs';
import { runMain, runQuietly, say } from '../setup/report.mjs';

/** A newcomer should not wait longer than this for the first page. */
const READY_MS = 180_000;
const END_MS = 5_000;

/** What a newcomer's machine has: no settings of ours, and its own Node first on the PATH. */
function newcomer(): NodeJS.ProcessEnv {
  const env = Object.entries(environmentForNpm()).filter(([name]) => !name.startsWith('npm_'));
  return { ...Object.fromEntries(env), DIRECTORY_DATA: '', DATABASE_URL: '' };
}

/** Starts a clone of the last commit as a newcomer would, reads its first page and asks it to end. */
async function tryClone(clone: string): Promise<string | null> {
  const began = performance.now();
  const child = spawn('npm', ['start', '--', '--port', '0'], {
    cwd: clone,
    env: newcomer(),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  const limit = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, READY_MS);
  const address = await new Promise<string | null>((resolve) => {
    let output = '';
    const read = (chunk: Buffer): void => {
      process.stdout.write(chunk);
      output += chunk.toString();
      const ready = /Directory is ready at (http:\S+)/.exec(output)?.[1];
      if (ready !== undefined) resolve(ready);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void ended.then(() => resolve(null));
  });
  clearTimeout(limit);
  if (address === null) return `It printed no ready line within ${READY_MS / 1000} s.`;
  say(`Ready after ${((performance.now() - began) / 1000).toFixed(1)} s.`);

  const page = await fetch(address);
  const html = await page.text();
  const asked = performance.now();
  child.kill('SIGTERM');
  const code = await ended;
  const took = performance.now() - asked;
  if (page.status !== 200 || !html.includes('<script'))
    return `Its first page is not the web app (status ${page.status}).`;
  if (code !== 0) return `It ended with exit code ${code} when it was asked to end.`;
  if (took > END_MS) return `It took ${(took / 1000).toFixed(1)} s to end.`;
  return null;
}

await runMain(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-clone-'));
  const clone = join(folder, 'clone');
  try {
    const cloned = await runQuietly('cloning', 'git', ['clone', '--quiet', root, clone]);
    if (cloned.code !== 0) {
      say(cloned.output);
      return 1;
    }
    for (const what of ['a fresh clone', 'the same clone, installed']) {
      say(`Starting ${what} …`);
      const fault = await tryClone(clone);
      if (fault !== null) {
        say(`Starting ${what} failed: ${fault}`);
        return 1;
      }
    }
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
