import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isServerError } from '../core/errors.ts';
import { createFeed } from '../feed/index.ts';
import { collect, eventually } from '../test-support/both-databases.ts';
import { count, counters, newKey, prepare } from '../test-support/counting.ts';
import { startPostgres } from '../testing/index.ts';
import type { TestPostgres } from '../testing/index.ts';
import { openDatabase } from './index.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  // Of its own: it is stopped and killed here. It keeps what it acknowledged.
  postgres = await startPostgres({ settings: { fsync: 'on' } });
}, 180_000);
afterAll(() => postgres.stop(), 60_000);

it.each(['fast', 'crash'] as const)(
  'F19 database restart (%s): unavailable, then recovery, nothing lost, no process ended',
  { timeout: 180_000 },
  async (how) => {
    const url = await postgres.createDatabase();
    const database = await openDatabase({ postgres: { url, poolSize: 4, connectTimeoutMs: 2_000 } });
    await prepare(database);
    const feed = createFeed(database, { pollMs: 200 });
    await feed.start();
    const heard: string[] = [];
    await database.listen('news', (payload) => heard.push(payload));

    const before = collect(feed, 10);
    for (let write = 0; write < 10; write += 1) await count(database, 'a');
    await before.done;

    // One write is inside its transaction while the server goes.
    const inside = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const key = newKey();
    const interrupted = count(database, 'a', { key, during: () => (inside.resolve(), gone.promise) }).catch(
      (error: unknown) => error,
    );
    await inside.promise;
    await postgres.stopServer(how);
    gone.resolve();
    const failure = await interrupted;
    expect(isServerError(failure, 'unavailable')).toBe(true);
    await expect(database.ready()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(count(database, 'a')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(database.transaction((tx) => sql`select 1`.execute(tx))).rejects.toMatchObject({
      code: 'unavailable',
    });

    await postgres.startServer();
    await eventually(() =>
      database.ready().then(
        () => true,
        () => undefined,
      ),
    );
    const after = collect(feed, 11);
    expect(await count(database, 'a', { key })).toMatchObject({ kind: 'committed' });
    for (let write = 0; write < 10; write += 1) await count(database, 'a');
    expect((await after.done).map(({ version }) => version)).toEqual([
      11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    ]);
    expect(await counters(database)).toEqual([{ id: 'a', version: 21, value: 21 }]);
    await eventually(async () => {
      await database.notify('news', 'again');
      return heard.includes('again') ? true : undefined;
    });
    await feed.stop();
    await database.close();
  },
);

it.each([
  ['mysql://localhost/x', 'bad-database-url'],
  ['nonsense', 'bad-database-url'],
  ['postgres://postgres:secret@127.0.0.1:1/x', 'unavailable'],
])('refuses %s at the start, and repeats no password', async (url, code) => {
  const error: unknown = await openDatabase({ postgres: { url } }).catch((problem: unknown) => problem);
  expect(error).toMatchObject({ code });
  expect(String(error)).not.toContain('secret');
});

it('names a database that does not exist', async () => {
  const url = Object.assign(new URL(postgres.url), { pathname: '/nobody_made_this' }).href;
  await expect(openDatabase({ postgres: { url } })).rejects.toMatchObject({
    code: 'bad-database-url',
    message: expect.stringContaining('nobody_made_this'),
  });
});
