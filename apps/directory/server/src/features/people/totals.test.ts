import { commitIntent, createFeed, openDatabase } from '@lockstep/server';
import { createTestDatabase } from '@lockstep/server/testing';
import { expect, test } from 'vitest';
import { migrate } from '../../db/migrate.ts';
import { newUser } from '../../db/person.ts';
import type { Tables } from '../../db/tables.ts';
import type { Caller } from '../../http/caller.ts';
import { save } from './store.ts';
import { createTotals } from './totals.ts';

const reader: Caller = {
  id: '0193e5f0-0000-7000-8000-000000000001',
  name: 'Reader',
  role: 'admin',
  sessionId: '0193e5f0-0000-7000-8000-000000000002',
  expiresAt: Infinity,
  lastActive: 0,
};

test('a count that is ahead of the feed is brought back to where the feed stands, and follows it from there', async () => {
  const store = await createTestDatabase('pglite');
  const database = await openDatabase<Tables>(store.options);
  await migrate(database);
  const now = Date.parse('2026-06-01T12:00:00.000Z');
  const create = (at: number) =>
    commitIntent(database, { key: null, actor: null, hash: '', now }, async (tx) => {
      const id = `0193e5f0-0000-7000-8000-00000000010${at}`;
      const iso = new Date(now).toISOString();
      const user = newUser({ id, name: 'N', email: `n${at}@example.org`, now: iso });
      return { status: 201, body: null, changes: await save(tx, [{ op: 'insert', user }], iso) };
    });
  // Not started: what is committed waits in the outbox.
  const feed = createFeed(database);
  await create(1);
  await create(2);
  const totals = createTotals({ database, feed, now: () => now });
  expect(await totals.of(reader, {})).toEqual({ total: 0, offset: 0 });
  const followed = new Promise<void>((done) => {
    feed.follow(({ offset }) => offset === 3 && done());
  });
  await feed.start();
  await create(3);
  await followed;
  expect(await totals.of(reader, {})).toEqual({ total: 3, offset: 3 });
  totals.stop();
  await feed.stop();
  await database.close();
  await store.dispose();
});
