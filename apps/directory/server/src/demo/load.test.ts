import { createFeed, openDatabase } from '@lockstep/server';
import { createTestDatabase } from '@lockstep/server/testing';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { migrate } from '../db/migrate.ts';
import type { Tables } from '../db/tables.ts';
import { loadDemo, shiftDemo } from './load.ts';

test('demo times move with the clock, people whom somebody touched do not, and every client reads anew', async () => {
  const store = await createTestDatabase('pglite');
  const database = await openDatabase<Tables>(store.options);
  await migrate(database);
  const now = Date.parse('2026-06-01T12:00:00.000Z');
  await loadDemo(database, { count: 20, now });
  const read = () => database.db.selectFrom('people').selectAll().orderBy('id').execute();
  const [touched, ...before] = await read();
  if (touched === undefined) throw new Error('expected people');
  await database.db.updateTable('people').set({ demo: false }).where('id', '=', touched.id).execute();

  expect(await shiftDemo(database, now + 60_000)).toBe(0);
  const day = 24 * 3600e3;
  expect(await shiftDemo(database, now + day)).toBe(19);
  const [still, ...after] = await read();
  expect(still).toMatchObject({ last_active: touched.last_active, version: 1 });
  const later = (iso: string) => new Date(Date.parse(iso) + day).toISOString();
  expect(after.map(({ last_active, created_at, version }) => [last_active, created_at, version])).toEqual(
    before.map(({ last_active, created_at }) => [later(last_active), later(created_at), 2]),
  );
  // Once is enough.
  expect(await shiftDemo(database, now + day)).toBe(0);

  const feed = createFeed(database);
  await feed.start();
  expect(await feed.read({ since: 0 })).toMatchObject({ kind: 'below-horizon' });
  expect(await feed.read({ since: feed.offset() })).toMatchObject({ kind: 'page', changes: [] });
  await feed.stop();
  await database.close();
  await store.dispose();
});

test('a load that breaks off leaves nothing behind, and the next one is whole', async () => {
  const store = await createTestDatabase('pglite');
  const database = await openDatabase<Tables>(store.options);
  await migrate(database);
  const now = Date.parse('2026-06-01T12:00:00.000Z');
  const count = async () => (await database.db.selectFrom('people').select('id').execute()).length;
  const hasSearchIndex = async () => {
    const { rows } = await sql`select from pg_indexes where indexname = 'people_search'`.execute(database.db);
    return rows.length === 1;
  };
  const breakOff = () => {
    throw new Error('the process ends here');
  };
  await expect(loadDemo(database, { count: 30, now, onProgress: breakOff })).rejects.toThrow('ends here');
  expect([await count(), await hasSearchIndex()]).toEqual([0, true]);
  await loadDemo(database, { count: 30, now });
  expect([await count(), await hasSearchIndex()]).toEqual([30, true]);
  // Another node that found the directory empty a moment ago adds nothing.
  await loadDemo(database, { count: 30, now });
  expect(await count()).toBe(30);
  await database.close();
  await store.dispose();
});
