import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ChildOrder, ChildSays } from './child.ts';

export interface Child {
  readonly pid: number;
  /** Everything it said so far. */
  readonly said: ChildSays[];
  /** Resolves with the first thing said for which `isIt` holds; rejects when the process ends before. */
  until(isIt: (says: ChildSays) => boolean): Promise<ChildSays>;
  /** SIGKILL; resolves when all it said has been read. */
  kill(): Promise<void>;
}

/** Starts `child.ts` in a process of its own. */
export function startChild(order: ChildOrder): Child {
  const file = new URL('./child.ts', import.meta.url).pathname;
  const child: ChildProcess = spawn(
    process.execPath,
    ['--conditions=@lockstep/source', file, JSON.stringify(order)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const said: ChildSays[] = [];
  const waiting = new Set<() => void>();
  if (child.stdout === null) throw new Error('expected an output');
  const lines = createInterface({ input: child.stdout });
  let ended = false;
  const tell = () => {
    for (const look of waiting) look();
  };
  lines.on('line', (line) => {
    // A line cut by the kill was never said.
    if (!line.endsWith('}')) return;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own program's words
    said.push(JSON.parse(line) as ChildSays);
    tell();
  });
  const closed = once(lines, 'close');
  lines.once('close', () => {
    ended = true;
    tell();
  });
  return {
    pid: child.pid ?? 0,
    said,
    until: (isIt) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = said.find(isIt);
          if (found === undefined && !ended) return;
          waiting.delete(look);
          if (found === undefined)
            reject(new Error(`the process ended; it said ${JSON.stringify(said.slice(-3))}`));
          else resolve(found);
        };
        waiting.add(look);
        look();
      }),
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
