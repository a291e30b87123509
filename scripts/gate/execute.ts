import { spawn } from 'node:child_process';

import { environmentWith, root } from '../setup/paths.mjs';

export interface Executed {
  readonly code: number;
  readonly output: string;
}

/** Runs one of our tools to its end with the pinned Node and `node_modules/.bin` on its PATH. */
export function execute(program: string, args: readonly string[], cwd: string = root): Promise<Executed> {
  return new Promise((resolve, reject) => {
    const env = { ...environmentWith(process.execPath), NO_COLOR: '1' };
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Does `work` for each item, at most `width` at a time, and keeps the order of the results. */
export async function mapLimited<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await work(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
