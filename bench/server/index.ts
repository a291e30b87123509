import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@lockstep/server/testing';
import type { Options, Result } from '../result.ts';
import { reads, startDirectory, wire, writes } from './directory.ts';
import type { Directory } from './directory.ts';
import { fanout } from './fanout.ts';
import { interleaved, spread } from './load.ts';
import { launch, root } from './processes.ts';

const PEOPLE = 100_000;
const SOCKETS = 9_000;
const MIB = 1024 * 1024;

/**
 * Directory on PGlite and on a PostgreSQL of its own (durable, as in production), beside plain `node:http` answering as
 * many bytes from memory and a plain loop of `ws.send`. Every server is a process of its own; the load comes from this
 * one, on the same cores.
 */
export async function run({ rows, say }: Options): Promise<readonly Result[]> {
  const people = rows ?? PEOPLE;
  const results: Result[] = [];
  const postgres = await startPostgres({
    settings: { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' },
  });
  try {
    say(`starting Directory with ${people} people on PGlite`);
    const began = performance.now();
    const onPglite = await startDirectory(people, null);
    results.push(
      memory('first start, resident', people, 'lockstep-pglite', await onPglite.residentBytes(), began),
    );
    say('and on PostgreSQL');
    const onPostgres = await startDirectory(people, await postgres.createDatabase());
    const page = await bytesOf(onPostgres, '/api/users?page=3&pageSize=50');
    const row = await bytesOf(onPostgres, `/api/users/${onPostgres.ids[0]}`);
    const floor = await launch({
      file: 'bench/server/floor-server.ts',
      env: { PAGE: String(page), ROW: String(row) },
    });
    try {
      const [embedded, production] = [reads(onPglite), reads(onPostgres)];
      for (const [op, path] of [
        ['page of 50', '/page'],
        ['GET by id', '/row'],
      ] as const) {
        say(op);
        results.push(
          ...(await interleaved(op, people, {
            'lockstep-postgres': production[op],
            'lockstep-pglite': embedded[op],
            'node-http': { url: floor.url, requests: [{ path }] },
          })),
        );
      }
      say('PATCH with key, version and feed');
      results.push(
        ...(await interleaved('PATCH with key and feed', people, {
          'lockstep-postgres': writes(onPostgres),
          'lockstep-pglite': writes(onPglite),
        })),
      );
      say('PATCH to another socket');
      for (const [system, directory] of [
        ['lockstep-postgres', onPostgres],
        ['lockstep-pglite', onPglite],
      ] as const) {
        results.push({
          suite: 'server',
          op: 'PATCH to the frame on another socket',
          rows: people,
          system,
          ...(await wire(directory, 400)),
          note: 'one at a time, no other load',
        });
      }
      results.push(
        memory('after the load, resident', people, 'lockstep-pglite', await onPglite.residentBytes()),
        memory('after the load, resident', people, 'lockstep-postgres', await onPostgres.residentBytes()),
      );
    } finally {
      await Promise.all([floor.stop(), onPglite.dispose(), onPostgres.dispose()]);
    }
  } finally {
    await postgres.stop();
  }
  results.push(...(await fanout(SOCKETS, 12, say)));
  say('npm start on an installed tree');
  results.push(await start());
  return results;
}

async function bytesOf({ url, token }: Directory, path: string): Promise<number> {
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  return (await answer.arrayBuffer()).byteLength;
}

function memory(op: string, rows: number, system: string, bytes: number, began?: number): Result {
  const startedNs = began === undefined ? 0 : (performance.now() - began) * 1e6;
  return {
    suite: 'server',
    op,
    rows,
    system,
    medianNs: startedNs,
    p99Ns: startedNs,
    note: `${Math.round(bytes / MIB)} MiB${began === undefined ? '' : '; the time is from nothing to signed in'}`,
  };
}

/** From `npm start` on an installed, built tree with data to the first page answered. */
async function start(): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-bench-'));
  try {
    // The first start fills the folder, and builds the web application where it is not built.
    await once(folder);
    const times: number[] = [];
    // oxlint-disable-next-line no-await-in-loop -- one start at a time
    for (let turn = 0; turn < 3; turn += 1) times.push(await once(folder));
    return {
      suite: 'server',
      op: 'npm start to the first page',
      rows: 10_000,
      system: 'lockstep-pglite',
      ...spread(times),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function once(folder: string): Promise<number> {
  const began = performance.now();
  const child = spawn('npm', ['start', '--', '--port', '0', '--data', folder], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      const ready = /ready at (http:\/\/[^\s]+)/.exec(printed)?.[1];
      if (ready !== undefined) resolve(ready);
    });
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}:\n${printed}`)));
  });
  const answer = await fetch(url);
  await answer.text();
  const took = performance.now() - began;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  return took;
}
