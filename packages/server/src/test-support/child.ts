/**
 * A process that writes until it is killed, for the tests of what survives. Arguments: the database's options and a mode, as JSON.
 * Says one line a step on its standard output, written before the next step begins.
 */
import { writeSync } from 'node:fs';
import { isServerError } from '../core/errors.ts';
import { openDatabase } from '../database/index.ts';
import type { DatabaseOptions } from '../database/index.ts';
import { createFeed } from '../feed/index.ts';
import { count, newKey, prepare } from './counting.ts';

export interface ChildOrder {
  database: DatabaseOptions;
  /** `write`: eight writers, until killed. `before-commit`, `after-commit`: one write with `key`, that stops there. `open`: only open. */
  mode: 'write' | 'before-commit' | 'after-commit' | 'open';
  key?: string;
}

export type ChildSays =
  | { says: 'ready' }
  | { says: 'sent'; key: string; id: string }
  | { says: 'acknowledged'; key: string; body: unknown }
  | { says: 'reached' }
  | { says: 'refused'; code: string; message: string };

const WRITERS = 8;
const COUNTERS = 5;

const nap = new Int32Array(new SharedArrayBuffer(4));

/** Does not return before the line is out: what was said must be known to whoever kills this process. */
const say = (line: ChildSays): void => {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      // The pipe is full, and its reader busy.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(nap, 0, 0, 1);
    }
  }
};

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- given by the tests
const order = JSON.parse(process.argv[2] ?? '') as ChildOrder;
const forever = () => new Promise<never>(() => setInterval(() => {}, 1_000));

try {
  const database = await openDatabase(order.database);
  await prepare(database);
  if (order.mode === 'write') {
    await createFeed(database).start();
    say({ says: 'ready' });
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        for (let write = 0; ; write += 1) {
          const key = newKey();
          const id = `k${(writer + write) % COUNTERS}`;
          say({ says: 'sent', key, id });
          const outcome = await count(database, id, { key });
          if (outcome.kind !== 'committed') throw new Error(`expected a commit, received ${outcome.kind}`);
          say({ says: 'acknowledged', key, body: outcome.body });
        }
      }),
    );
  } else if (order.mode === 'open') {
    say({ says: 'ready' });
  } else {
    const key = order.key ?? newKey();
    await count(database, 'once', {
      key,
      during: async () => {
        if (order.mode !== 'before-commit') return;
        say({ says: 'reached' });
        await forever();
      },
    });
    say({ says: 'reached' });
  }
  await forever();
} catch (error) {
  say({
    says: 'refused',
    code: isServerError(error) ? error.code : 'other',
    message: error instanceof Error ? error.message : String(error),
  });
  process.exitCode = 1;
}
