import { afterAll, beforeAll, describe } from 'vitest';
import { openDatabase } from '../database/index.ts';
import type { Database, Dialect } from '../database/index.ts';
import type { Feed, FullChange } from '../feed/index.ts';
import { prepare } from './counting.ts';
import { createTestDatabase } from '../testing/index.ts';
import type { TestDatabase } from '../testing/index.ts';

/** Runs one suite on each adapter, on an empty database with this package's tables and a table of counters. */
export function onBothDatabases(
  title: string,
  suite: (open: () => Database, dialect: Dialect) => void,
): void {
  describe.each<Dialect>(['pglite', 'postgres'])(`${title} (%s)`, { timeout: 60_000 }, (dialect) => {
    let made: TestDatabase;
    let database: Database;
    beforeAll(async () => {
      made = await createTestDatabase(dialect);
      database = await openDatabase(made.options);
      await prepare(database);
    }, 180_000);
    afterAll(async () => {
      await database.close();
      await made.dispose();
    }, 60_000);
    suite(() => database, dialect);
  });
}

/** Resolves with all changes once the feed has delivered `amount` of them, counted from the call. */
export function collect(feed: Feed, amount: number): { done: Promise<FullChange[]>; seen: FullChange[] } {
  const seen: FullChange[] = [];
  let expected = feed.offset();
  const done = new Promise<FullChange[]>((resolve, reject) => {
    const stop = feed.follow(({ changes, offset }) => {
      if (offset - changes.length !== expected)
        reject(new Error(`expected changes after ${expected}, received ${offset - changes.length}`));
      expected = offset;
      seen.push(...changes);
      if (seen.length < amount) return;
      stop();
      resolve(seen);
    });
  });
  return { done, seen };
}

/** Asks again until the answer is not undefined; for what happens in another process. */
export async function eventually<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  withinMs = 60_000,
): Promise<T> {
  const giveUp = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > giveUp) throw new Error(`expected an answer within ${withinMs} ms`);
    await new Promise((next) => setTimeout(next, 20));
  }
}
