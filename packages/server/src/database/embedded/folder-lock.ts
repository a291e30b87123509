import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { resolve } from 'node:path';
import { ServerError } from '../../core/errors.ts';

/** Held until `release`, or until the process is gone. */
export interface FolderLock {
  release(): Promise<void>;
}

/**
 * One process per data folder: PGlite itself would let two write over each other without an error. On Linux an abstract socket, named
 * by the folder's device and inode, that the kernel frees with the process; elsewhere a file with the holder's process id, which is
 * taken over only from a process that is gone. Processes in separate network namespaces (two containers on one volume) do not see each
 * other's sockets.
 */
export async function lockFolder(
  dataDir: string,
  platform: NodeJS.Platform = process.platform,
): Promise<FolderLock> {
  const folder = resolve(dataDir);
  try {
    await mkdir(folder, { recursive: true });
    if (platform === 'linux') {
      const { dev, ino } = await stat(folder);
      return await lockBySocket(folder, `\0lockstep-data-${dev}-${ino}`);
    }
    return await lockByFile(folder, `${folder}.lock`);
  } catch (error) {
    if (error instanceof ServerError) throw error;
    throw new ServerError(
      'data-folder-unusable',
      `The data folder ${folder} cannot be used (${codeOf(error)}). Choose one that this user may write.`,
      { cause: error },
    );
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

const lockedBy = (folder: string, holder: string): ServerError =>
  new ServerError(
    'data-folder-locked',
    `The data folder ${folder} is in use by ${holder}. Stop it, or choose another folder.`,
  );

async function lockBySocket(folder: string, name: string): Promise<FolderLock> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(String(process.pid));
  });
  try {
    await listen(server, name);
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    const pid = await askHolder(name);
    throw lockedBy(folder, pid === '' ? 'another process' : `process ${pid}`);
  }
  server.unref();
  return { release: () => new Promise((done) => server.close(() => done())) };
}

const listen = (server: Server, name: string): Promise<void> =>
  new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(name, () => {
      server.off('error', fail);
      done();
    });
  });

const askHolder = (name: string): Promise<string> =>
  new Promise((done) => {
    let answer = '';
    const socket = connect(name);
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', () => done(''));
    socket.on('close', () => done(/^\d{1,10}$/.test(answer) ? answer : ''));
  });

async function lockByFile(folder: string, file: string): Promise<FolderLock> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      return { release: () => rm(file, { force: true }) };
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const pid = Number((await readFile(file, 'latin1').catch(() => '')).trim());
    // An unreadable id belongs to a process that is writing it just now, so it counts as alive.
    if (attempt > 0 || !Number.isSafeInteger(pid) || pid <= 0 || isAlive(pid)) {
      throw lockedBy(folder, pid > 0 ? `process ${pid}` : 'another process');
    }
    await rm(file, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
