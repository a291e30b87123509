import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFolder } from './folder-lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-lock-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe.each<NodeJS.Platform>(['linux', 'darwin'])('F26 lock of the data folder (as on %s)', (platform) => {
  // The abstract sockets of Linux exist there alone.
  it.skipIf(platform === 'linux' && process.platform !== 'linux')(
    'is held once, named by its holder, and free after release',
    async () => {
      const dataDir = join(folder, 'not', 'yet', 'there');
      const lock = await lockFolder(dataDir, platform);
      const refused = await lockFolder(join(folder, 'not', 'yet', '..', 'yet', 'there'), platform).catch(
        (error: unknown) => error,
      );
      expect(refused).toMatchObject({
        code: 'data-folder-locked',
        message: expect.stringContaining(`process ${process.pid}`),
      });
      await lock.release();
      const again = await lockFolder(dataDir, platform);
      await again.release();
    },
  );
});

describe('the lock file', () => {
  it('is taken over from a process that is gone, never from one that lives or is just writing it', async () => {
    const dataDir = join(folder, 'data');
    const file = `${dataDir}.lock`;
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'exit');
    await writeFile(file, String(gone.pid));
    const lock = await lockFolder(dataDir, 'darwin');
    expect(await readFile(file, 'utf8')).toBe(String(process.pid));
    await lock.release();
    for (const living of [String(process.ppid), '', 'x']) {
      await writeFile(file, living);
      await expect(lockFolder(dataDir, 'darwin')).rejects.toMatchObject({ code: 'data-folder-locked' });
      expect(await readFile(file, 'utf8')).toBe(living);
    }
  });

  it('says which folder cannot be used', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(lockFolder(join(folder, 'file', 'data'))).rejects.toMatchObject({
      code: 'data-folder-unusable',
    });
  });
});
