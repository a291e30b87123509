import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export interface Directory {
  /** Without a slash at its end. */
  readonly url: string;
  readonly email: string;
  readonly password: string;
  stop(): Promise<void>;
}

const main = resolve(import.meta.dirname, '../../server/src/main.ts');

/** How many lines of the server's own words an unsuccessful start shows. */
const KEPT_LINES = 40;

/**
 * Starts the real server with the built pages, on a free port and a data folder of its own, and waits until it takes
 * requests. The administrator's password is `DIRECTORY_ADMIN_PASSWORD`, or a random one.
 */
export async function startDirectory(people: number): Promise<Directory> {
  const data = await mkdtemp(join(tmpdir(), 'directory-e2e-'));
  const email = 'admin@example.org';
  const password = process.env['DIRECTORY_ADMIN_PASSWORD'] ?? crypto.randomUUID();
  const server = spawn(
    process.execPath,
    ['--conditions=@lockstep/source', main, '--port', '0', '--data', data, '--people', String(people)],
    {
      env: { ...process.env, DIRECTORY_ADMIN_EMAIL: email, DIRECTORY_ADMIN_PASSWORD: password },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const said: string[] = [];
  const url = await new Promise<string>((ready, refused) => {
    for (const stream of [server.stdout, server.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line);
        if (said.length > KEPT_LINES) said.shift();
        const found = /Directory is ready at (http:\/\/\S+)/.exec(line)?.[1];
        if (found !== undefined) ready(found.replace(/\/$/, ''));
      });
    }
    server.once('error', refused);
    server.once('exit', (code) => refused(new Error(`The server ended with ${code}:\n${said.join('\n')}`)));
  });
  return {
    url,
    email,
    password,
    async stop() {
      if (server.exitCode === null && server.signalCode === null) {
        server.kill('SIGTERM');
        await once(server, 'exit');
      }
      await rm(data, { recursive: true, force: true });
    },
  };
}
