import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A server in a process of its own, so that what it costs is not mixed with what asks it. */
export interface Running {
  readonly url: string;
  /** Resident memory now, in bytes; of the process alone, without those it started. */
  residentBytes(): Promise<number>;
  stop(): Promise<void>;
}

export interface Launch {
  /** A file, from the repository's root, and its arguments. */
  readonly file: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts it, and resolves when it has printed where it listens. */
export async function launch({ file, args = [], env = {} }: Launch): Promise<Running> {
  const child = spawn(
    process.execPath,
    ['--conditions=@lockstep/source', '--disable-warning=ExperimentalWarning', file, ...args],
    {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const url = await readyUrl(child, file);
  return {
    url,
    async residentBytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

function readyUrl(child: ChildProcess, file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const read = (chunk: Buffer): void => {
      printed += chunk.toString();
      const url = /ready at (http:\/\/[^\s]+)/.exec(printed)?.[1];
      if (url !== undefined) resolve(url);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) =>
      reject(new Error(`${file} ended with ${code} before it was ready:\n${printed}`)),
    );
  });
}
