import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Worker } from 'node:worker_threads';
import { createTestDatabase } from '../../testing/index.ts';
import type { TestDatabase } from '../../testing/index.ts';
import { eventually } from '../../test-support/both-databases.ts';
import { heldClock } from '../../test-support/held-clock.ts';
import { openDatabase } from '../index.ts';
import { Turns } from './turns.ts';

let made: TestDatabase;
beforeEach(async () => {
  made = await createTestDatabase('pglite');
}, 180_000);
afterEach(() => made.dispose());

describe('the embedded database', () => {
  it(
    'F19 starts its thread anew after it died: unavailable for what was under way, nothing acknowledged lost',
    { timeout: 180_000 },
    async () => {
      const workers: Worker[] = [];
      const remember = (worker: Worker) => workers.push(worker);
      process.on('worker', remember);
      const database = await openDatabase(made.options);
      const heard: string[] = [];
      await database.listen('news', (payload) => heard.push(payload));
      await sql`create table things (id integer primary key)`.execute(database.db);
      await sql`insert into things values (1)`.execute(database.db);
      const interrupted = database
        .transaction(async (tx) => {
          await sql`insert into things values (2)`.execute(tx);
          await workers[0]?.terminate();
          await sql`insert into things values (3)`.execute(tx);
        })
        .catch((error: unknown) => error);
      expect(await interrupted).toMatchObject({ code: 'unavailable' });
      expect((await sql`select id from things`.execute(database.db)).rows).toEqual([{ id: 1 }]);
      expect(workers).toHaveLength(2);
      await database.notify('news', 'again');
      await eventually(() => heard.includes('again') || undefined);
      process.off('worker', remember);
      await database.close();
    },
  );

  it('in memory has nothing to start anew from, and says so', { timeout: 180_000 }, async () => {
    const workers: Worker[] = [];
    const remember = (worker: Worker) => workers.push(worker);
    process.on('worker', remember);
    const database = await openDatabase({ pglite: { dataDir: null } });
    process.off('worker', remember);
    await database.ready();
    await workers[0]?.terminate();
    await expect(database.ready()).rejects.toMatchObject({ code: 'unavailable' });
    await database.close();
  });

  it('tidies up on its schedule, once enough has changed', { timeout: 180_000 }, async () => {
    const clock = heldClock(0);
    const options =
      'pglite' in made.options ? { pglite: { ...made.options.pglite, vacuumEveryMs: 60_000 } } : made.options;
    const database = await openDatabase(options, clock);
    const tuples = async () =>
      (
        await sql<{ reltuples: number }>`select reltuples from pg_class where relname = 'things'`.execute(
          database.db,
        )
      ).rows[0]?.reltuples;
    await sql`create table things (id integer primary key)`.execute(database.db);
    await sql`insert into things select generate_series(1, 500)`.execute(database.db);
    clock.advance(60_000);
    await database.ready();
    expect(await tuples()).toBe(-1);
    await sql`insert into things select generate_series(501, 1500)`.execute(database.db);
    clock.advance(60_000);
    await eventually(async () => ((await tuples()) === 1_500 ? true : undefined));
    await database.close();
  });

  it('answers after close with the code that says so, and closes once', async () => {
    const database = await openDatabase(made.options);
    await database.close();
    await database.close();
    await expect(database.ready()).rejects.toMatchObject({ code: 'closed' });
    const again = await openDatabase(made.options);
    await again.close();
  });
});

describe('turns on the one connection', () => {
  const log: string[] = [];
  const note = (promise: Promise<void>, what: string) =>
    promise.then(
      () => log.push(what),
      (error: { code: string }) => log.push(`${what}: ${error.code}`),
    );
  const settle = () => new Promise((next) => setImmediate(next));
  beforeEach(() => {
    log.length = 0;
  });

  it('lets single queries pass together, and a transaction alone, in the order of arrival', async () => {
    const turns = new Turns(heldClock(0), 1_000);
    const [a, b, c, d] = [{}, {}, {}, {}];
    void note(turns.pass(a), 'a passes');
    void note(turns.take(b), 'b takes');
    void note(turns.pass(b), 'b passes');
    void note(turns.take(c), 'c takes');
    void note(turns.pass(d), 'd passes');
    await settle();
    expect(log).toEqual(['a passes', 'b takes', 'b passes']);
    turns.giveBack(a);
    await settle();
    expect(log).toHaveLength(3);
    turns.giveBack(b);
    await settle();
    expect(log.slice(3)).toEqual(['c takes']);
    turns.giveBack(c);
    await settle();
    expect(log.slice(4)).toEqual(['d passes']);
  });

  it('gives up a wait that lasts too long, and does not lose its place to it', async () => {
    const clock = heldClock(0);
    const turns = new Turns(clock, 1_000);
    const [a, b, c] = [{}, {}, {}];
    void note(turns.take(a), 'a');
    void note(turns.take(b), 'b');
    clock.advance(600);
    void note(turns.take(c), 'c');
    clock.advance(600);
    await settle();
    expect(log).toEqual(['a', 'b: unavailable']);
    turns.giveBack(a);
    await settle();
    expect(log).toEqual(['a', 'b: unavailable', 'c']);
    expect(clock.waiting).toBe(0);
  });
});
