import { sql } from 'kysely';
import { afterEach, expect, it } from 'vitest';
import { KEY_RECORD_MS } from '@lockstep/protocol';
import { commitIntent } from '../commit/index.ts';
import { openDatabase } from '../database/index.ts';
import type { Database } from '../database/index.ts';
import { collect, onBothDatabases } from '../test-support/both-databases.ts';
import { count, newKey } from '../test-support/counting.ts';
import { heldClock } from '../test-support/held-clock.ts';
import { createFeed } from './index.ts';
import type { Feed, FeedOptions, FullChange } from './index.ts';

const WRITERS = 8;
const WRITES = 60;

onBothDatabases('feed', (database) => {
  const feeds: Feed[] = [];
  const started = async (options: FeedOptions = {}, on: Database = database()): Promise<Feed> => {
    const problems: unknown[] = [];
    const feed = createFeed(on, { report: (problem) => problems.push(problem), ...options });
    feeds.push(feed);
    await feed.start();
    expect(problems).toEqual([]);
    return feed;
  };
  afterEach(async () => {
    for (const feed of feeds.splice(0)) await feed.stop();
  });

  it('I5 misses nothing and reorders no entity under concurrent writers, delays and rollbacks', async () => {
    const feed = await started({ batchSize: 7 });
    const before = feed.offset();
    const committed: string[] = [];
    const jobs = Array.from({ length: WRITERS }, (_, writer) => {
      const random = randomFrom(writer + 1);
      return async () => {
        for (let write = 0; write < WRITES; write += 1) {
          const id = `e${Math.floor(random() * 5)}`;
          const key = newKey();
          const turns = Math.floor(random() * 4);
          const fails = random() < 0.25;
          const outcome = await count(database(), id, {
            key,
            during: async () => {
              // The transaction stays open over some turns of the event loop.
              for (let turn = 0; turn < turns; turn += 1) await new Promise((next) => setImmediate(next));
              if (fails) throw new Error('rolled back');
            },
          }).catch(() => null);
          if (outcome !== null) committed.push(key);
        }
      };
    });
    const gathered: FullChange[] = [];
    let expected = before;
    const all = Promise.withResolvers<void>();
    let amount = Infinity;
    feed.follow(({ changes, offset }) => {
      expect(offset - changes.length).toBe(expected);
      expected = offset;
      gathered.push(...changes);
      if (gathered.length >= amount) all.resolve();
    });
    await Promise.all(jobs.map((job) => job()));
    amount = committed.length;
    if (gathered.length < amount) await all.promise;

    expect(new Set(gathered.map(({ intent }) => intent))).toEqual(new Set(committed));
    expect(gathered).toHaveLength(committed.length);
    expect(feed.offset()).toBe(before + committed.length);
    expectOrdered(gathered);
    const page = await feed.read({ since: before });
    expect(page).toMatchObject({ kind: 'page', offset: feed.offset(), hasMore: false });
    expect(page.kind === 'page' && page.changes).toEqual(gathered);
    const { rows } = await sql<{
      position: number;
    }>`select position from lockstep_feed where position > ${before} order by position`.execute(
      database().db,
    );
    expect(rows.map(({ position }) => position)).toEqual(gathered.map((_, index) => before + 1 + index));
    expect((await sql`select 1 from lockstep_outbox`.execute(database().db)).rows).toEqual([]);
  }, 180_000);

  it('starts where it stopped, and moves what was committed meanwhile', async () => {
    const first = await started();
    const one = collect(first, 1);
    await count(database(), 'restart');
    await one.done;
    const { offset } = first.stats();
    await first.stop();
    await count(database(), 'restart');
    await count(database(), 'restart');
    const second = await started();
    expect(second.offset()).toBe(offset + 2);
    const page = await second.read({ since: offset });
    expect(page.kind === 'page' && page.changes.map(({ version }) => version)).toEqual([2, 3]);
  });

  it('reads page by page, from memory and from the database alike', async () => {
    const feed = await started({ cacheChanges: 4 });
    const since = feed.offset();
    const ten = collect(feed, 10);
    for (let write = 0; write < 10; write += 1) await count(database(), 'pages');
    const expected = (await ten.done).map(({ version }) => version);
    const versions: number[] = [];
    let at = since;
    for (;;) {
      const page = await feed.read({ since: at, limit: 3 });
      if (page.kind !== 'page') throw new Error('expected a page');
      versions.push(...page.changes.map(({ version }) => version));
      expect(page.offset).toBe(at + page.changes.length);
      at = page.offset;
      expect(page.hasMore).toBe(at < feed.offset());
      if (!page.hasMore) break;
    }
    expect(versions).toEqual(expected);
    expect(await feed.read({ since: feed.offset() })).toMatchObject({
      kind: 'page',
      changes: [],
      hasMore: false,
    });
    expect(await feed.read({ since: feed.offset() + 1 })).toMatchObject({
      kind: 'ahead',
      offset: feed.offset(),
    });
  });

  it('F22 forgets what is too old or too much, from the beginning on, and says so', async () => {
    const clock = heldClock(Date.now());
    const feed = await started({ clock, paceMs: 0, retainMs: 60_000, retainChanges: 5, cacheChanges: 2 });
    const many = collect(feed, 12);
    for (let write = 0; write < 12; write += 1) await count(database(), 'forgotten', { now: clock.now() });
    await many.done;
    const end = feed.offset();
    clock.advance(61_000);
    // The next look tidies up; one more change shows that it is done.
    const more = collect(feed, 1);
    await count(database(), 'forgotten');
    await more.done;
    const next = collect(feed, 1);
    await count(database(), 'forgotten');
    await next.done;
    const horizon = feed.horizon();
    expect(horizon).toBeGreaterThanOrEqual(end);
    expect(await feed.read({ since: horizon - 1 })).toMatchObject({ kind: 'below-horizon', horizon });
    expect(await feed.read({ since: horizon })).toMatchObject({ kind: 'page' });
    const { rows } = await sql<{ first: number }>`select min(position) as first from lockstep_feed`.execute(
      database().db,
    );
    expect(rows[0]?.first).toBe(horizon + 1);
  });

  it('purges the records of keys after their time, not before', async () => {
    const start = Date.now();
    const clock = heldClock(start);
    const old = newKey();
    const young = newKey();
    await count(database(), 'keys', { key: old, now: start });
    await count(database(), 'keys', { key: young, now: start + 120_000 });
    const feed = await started({ clock, paceMs: 0 });
    clock.advance(KEY_RECORD_MS + 61_000);
    const two = collect(feed, 2);
    await count(database(), 'keys');
    await count(database(), 'keys');
    await two.done;
    const { rows } = await sql<{
      key: string;
    }>`select key from lockstep_intents where key in (${old}, ${young})`.execute(database().db);
    expect(rows).toEqual([{ key: young }]);
  });

  it('goes on when a follower throws', async () => {
    const problems: string[] = [];
    const feed = await started({ report: (_, doing) => problems.push(doing) });
    feed.follow(() => {
      throw new Error('mine');
    });
    const two = collect(feed, 2);
    await count(database(), 'followers');
    await count(database(), 'followers');
    await two.done;
    expect(new Set(problems)).toEqual(new Set(['following the feed']));
  });

  it('keeps the changes of one write together and in order', async () => {
    const feed = await started();
    const changes = Array.from({ length: 250 }, (_, index) => ({
      entity: 'thing',
      id: `t${index}`,
      op: 'insert' as const,
      version: 1,
      row: { index },
    }));
    const all = collect(feed, changes.length);
    await commitIntent(database(), { key: newKey(), actor: null, hash: '', now: Date.now() }, async () => ({
      status: 200,
      body: null,
      changes,
    }));
    expect((await all.done).map(({ id }) => id)).toEqual(changes.map(({ id }) => id));
  });
});

onBothDatabases('feed of several processes', (database, dialect) => {
  it('F20 has one sequencer; another takes over; nothing is missed, nothing comes twice', async () => {
    // The embedded database has one process.
    if (dialect === 'pglite') return;
    const url = String(
      (await sql<{ url: string }>`select current_database() as url`.execute(database().db)).rows[0]?.url,
    );
    const server = process.env['LOCKSTEP_TEST_POSTGRES'] ?? '';
    const nodes = await Promise.all(
      Array.from({ length: 3 }, () =>
        openDatabase({
          postgres: { url: Object.assign(new URL(server), { pathname: `/${url}` }).href, poolSize: 3 },
        }),
      ),
    );
    const feeds = nodes.map((node) => createFeed(node));
    for (const feed of feeds) await feed.start();
    expect(feeds.map((feed) => feed.stats().sequencing)).toEqual([true, false, false]);
    const [, second, third] = feeds;
    const [, , thirdNode] = nodes;
    if (second === undefined || third === undefined || thirdNode === undefined)
      throw new Error('expected three nodes');

    const total = 40;
    const onSecond = collect(second, total);
    const onThird = collect(third, total);
    for (let write = 0; write < total; write += 1) {
      // The first node ends in the middle: its sequencing with it.
      if (write === total / 2) await feeds[0]?.stop();
      await count(thirdNode, `n${write % 3}`);
    }
    const seen = await onSecond.done;
    expect(await onThird.done).toEqual(seen);
    expectOrdered(seen);
    expect(feeds.filter((feed) => feed.stats().sequencing)).toHaveLength(1);
    for (const feed of feeds) await feed.stop();
    for (const node of nodes) await node.close();
  });
});

function expectOrdered(changes: readonly FullChange[]): void {
  const versions = new Map<string, number>();
  for (const { id, version } of changes) {
    expect(version).toBe((versions.get(id) ?? version - 1) + 1);
    versions.set(id, version);
  }
}

/** mulberry32: a small generator with a seed, so that a failure can be run again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
