import { expect, it } from 'vitest';
import { openDatabase } from './database/index.ts';
import type { Dialect } from './database/index.ts';
import { createFeed } from './feed/index.ts';
import { eventually } from './test-support/both-databases.ts';
import { startChild } from './test-support/children.ts';
import { count, counters, newKey, prepare } from './test-support/counting.ts';
import { createTestDatabase } from './testing/index.ts';
import { surviveKills } from './test-support/survival.ts';

const dialects: Dialect[] = ['pglite', 'postgres'];

it.each(dialects)('I1 I2 I5 survives SIGKILL under writes (%s)', { timeout: 180_000 }, async (dialect) => {
  const made = await createTestDatabase(dialect);
  expect(await surviveKills(made.options, 2)).toBeGreaterThan(80);
  await made.dispose();
});

it.each(dialects)(
  'F1 killed before the commit: the retry applies once (%s)',
  { timeout: 180_000 },
  async (dialect) => {
    const made = await createTestDatabase(dialect);
    const key = newKey();
    const child = startChild({ database: made.options, mode: 'before-commit', key });
    await child.until(({ says }) => says === 'reached');
    await child.kill();
    const database = await openDatabase(made.options);
    expect(await counters(database)).toEqual([]);
    expect(await count(database, 'once', { key })).toMatchObject({ kind: 'committed' });
    expect(await count(database, 'once', { key })).toMatchObject({ kind: 'replayed' });
    expect(await counters(database)).toEqual([{ id: 'once', version: 1, value: 1 }]);
    await database.close();
    await made.dispose();
  },
);

it.each(dialects)(
  'F2 killed after the commit, before the answer: the same key replays it (%s)',
  { timeout: 180_000 },
  async (dialect) => {
    const made = await createTestDatabase(dialect);
    const key = newKey();
    const child = startChild({ database: made.options, mode: 'after-commit', key });
    await child.until(({ says }) => says === 'reached');
    await child.kill();
    const database = await openDatabase(made.options);
    expect(await count(database, 'once', { key })).toEqual({
      kind: 'replayed',
      status: 200,
      body: { data: { id: 'once', version: 1, value: 1 } },
      headers: { etag: '"1"' },
    });
    expect(await counters(database)).toEqual([{ id: 'once', version: 1, value: 1 }]);
    await database.close();
    await made.dispose();
  },
);

it(
  'F26 a second process on one data folder refuses to start, and names the first',
  { timeout: 180_000 },
  async () => {
    const made = await createTestDatabase('pglite');
    const first = startChild({ database: made.options, mode: 'open' });
    await first.until(({ says }) => says === 'ready');
    const second = startChild({ database: made.options, mode: 'open' });
    const refused = await second.until(({ says }) => says === 'refused');
    expect(refused).toMatchObject({ code: 'data-folder-locked' });
    expect(JSON.stringify(refused)).toContain(`process ${first.pid}`);
    await expect(openDatabase(made.options)).rejects.toMatchObject({ code: 'data-folder-locked' });
    // The lock goes with the process, however it ends.
    await first.kill();
    const database = await openDatabase(made.options);
    await database.ready();
    await database.close();
    await made.dispose();
  },
);

it(
  'F20 the sequencer is killed: another node takes over, nothing is missed',
  { timeout: 180_000 },
  async () => {
    const made = await createTestDatabase('postgres');
    const holder = startChild({ database: made.options, mode: 'write' });
    await holder.until(({ says }) => says === 'acknowledged');
    const database = await openDatabase(made.options);
    await prepare(database);
    const feed = createFeed(database, { pollMs: 200 });
    await feed.start();
    expect(feed.stats().sequencing).toBe(false);
    const since = feed.offset();
    const followed: string[] = [];
    feed.follow(({ changes }) => followed.push(...changes.map(({ intent = '' }) => intent)));
    await holder.until(() => holder.said.length > 100);
    await holder.kill();
    await eventually(() => (feed.stats().sequencing ? true : undefined));
    await count(database, 'after the kill');
    const written = (await counters(database)).reduce((sum, { version }) => sum + version, 0);
    await eventually(() => (feed.offset() === written ? true : undefined));
    expect(followed).toHaveLength(written - since);
    const acknowledged = holder.said.flatMap((line) => (line.says === 'acknowledged' ? [line.key] : []));
    const page = await feed.read({ since: 0 });
    const intents = new Set(page.kind === 'page' ? page.changes.map(({ intent }) => intent) : []);
    expect(acknowledged.filter((key) => !intents.has(key))).toEqual([]);
    await feed.stop();
    await database.close();
  },
);
