import { describe, expect, test } from 'vitest';
import { acknowledged, bench, fragile, refusedWith, stale, unreachable } from './outbox.harness.ts';
import { createMemoryOutbox } from './memory-storage.ts';
import type { Fields } from './outbox.harness.ts';

describe('between storing and knowing', () => {
  test('S5.5 F8 an entry is recorded as sent before it is on the wire', async () => {
    const disk = createMemoryOutbox<Fields>();
    const seen: string[] = [];
    const { write } = bench(
      {
        send: async (entry) => {
          const { entries } = await disk.connect().load();
          seen.push(`${entry.status.kind}, stored ${entries[0]?.status.kind}`);
          return acknowledged();
        },
      },
      disk,
    );
    await write('a', 'x');
    expect(seen).toEqual(['sent, stored sent']);
  });

  test('S5.5 I2 every repetition carries the same key and the same payload', async () => {
    const { write, wire, answer, time } = bench({
      restamp: (entry) => ({ ...entry.payload, restamped: true }),
    });
    await write('a', 'x');
    await write('b', 'y', { after: ['a'] });
    await answer('a');
    const bodies: string[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const sent = wire[0];
      bodies.push(JSON.stringify([sent?.key, sent?.payload]));
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      await answer('b', unreachable);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await time.advance(60_000);
    }
    expect(new Set(bodies)).toEqual(new Set(['["b",{"name":"b","restamped":true}]']));
  });

  test('S5.6 F8 I1 killed after sending: the next page sends it again under its key', async () => {
    const disk = createMemoryOutbox<Fields>();
    const first = bench({}, disk);
    await first.write('a', 'x');
    await first.write('b', 'x');
    expect(first.wire.map(({ key }) => key)).toEqual(['a']);
    first.outbox.close();
    const second = bench({}, disk);
    await second.settle();
    expect(second.events[0]).toMatchObject({ kind: 'read', added: [{ id: 'a' }, { id: 'b' }] });
    expect(second.wire.map(({ key }) => key)).toEqual(['a']);
    await second.answer('a');
    expect(second.ids()).toEqual(['b']);
  });

  test('S5.6 F8 killed between the answer and its removal: told, and sent again under its key', async () => {
    const disk = createMemoryOutbox<Fields>();
    const storage = fragile(disk.connect());
    const first = bench({ storage }, disk);
    await first.write('a', 'x');
    storage.broken = 'unavailable';
    await first.answer('a', acknowledged(1));
    expect(first.kinds()).toContain('acknowledged');
    first.outbox.close();
    const second = bench({}, disk);
    await second.settle();
    expect(second.wire.map(({ key }) => key)).toEqual(['a']);
    await second.answer('a', acknowledged(1));
    expect((await disk.connect().load()).entries).toEqual([]);
  });

  test('S5.21 F10 while the storage fails nothing is sent that could not be recorded, and the answer is not lost', async () => {
    const storage = fragile(createMemoryOutbox<Fields>().connect());
    const { write, answer, outbox, ids, time, settle } = bench({ storage });
    await write('a', 'x');
    await write('b', 'x');
    storage.broken = 'unavailable';
    const outcome = outbox.outcome('a');
    await answer('a', acknowledged(1));
    expect(await outcome).toEqual({ kind: 'acknowledged', answer: 1 });
    expect(outbox.state()).toEqual({ kind: 'held', by: 'storage' });
    expect(ids()).toEqual([]);
    await time.advance(10_000);
    expect(ids()).toEqual([]);
    storage.broken = null;
    await time.advance(120_000);
    await settle();
    expect(ids()).toEqual(['b']);
    expect(outbox.state()).toEqual({ kind: 'open' });
  });

  test('S5.21 F10 a storage that fails from the start is tried until it works; writes are refused meanwhile', async () => {
    const storage = fragile(createMemoryOutbox<Fields>().connect());
    storage.broken = 'newer';
    const { outbox, time, write, ids, settle } = bench({ storage });
    await settle();
    await expect(outbox.enqueue({ id: 'a', lanes: [], payload: {}, at: 0 })).rejects.toMatchObject({
      kind: 'newer',
    });
    expect(outbox.state()).toEqual({ kind: 'held', by: 'storage' });
    storage.broken = null;
    await time.advance(120_000);
    expect(outbox.state()).toEqual({ kind: 'open' });
    await write('b', 'x');
    expect(ids()).toEqual(['b']);
  });
});

describe('what comes next is brought up to date', () => {
  const restamp = (entry: { payload: Fields }, precedent: { kind: string; answer?: unknown }): Fields => ({
    ...entry.payload,
    base: precedent.kind === 'acknowledged' ? precedent.answer : precedent.kind,
  });

  test('S5.8 the next of a lane is restamped with the answer to the one before, and sent so', async () => {
    const { write, answer, wire, kinds } = bench({ restamp });
    await write('a', 'x');
    await write('b', 'x');
    await write('c', 'x');
    await answer('a', acknowledged(2));
    expect(wire).toMatchObject([{ id: 'b', payload: { name: 'b', base: 2 } }]);
    await answer('b', acknowledged(3));
    expect(wire).toMatchObject([{ id: 'c', payload: { name: 'c', base: 3 } }]);
    expect(kinds().filter((kind) => kind === 'restamped')).toHaveLength(2);
  });

  test('S5.8 a batch is restamped by the end of each of its predecessors, and so is what names an entry', async () => {
    const seen: string[] = [];
    const { write, answer } = bench({
      restamp: (entry, { entry: before }) => {
        seen.push(`${entry.id} after ${before.id}`);
        return { ...entry.payload };
      },
    });
    await write('a', 'x');
    await write('b', 'y');
    await write('both', ['x', 'y']);
    await write('named', 'z', { after: ['a'] });
    await write('last', 'x');
    await answer('a');
    await answer('b');
    await answer('both');
    expect(seen).toEqual(['both after a', 'named after a', 'both after b', 'last after both']);
  });

  test('S5.8 removal and restamping are one commit: no crash leaves the one without the other', async () => {
    const disk = createMemoryOutbox<Fields>();
    const storage = disk.connect();
    const commits: string[][] = [];
    const watched = {
      ...storage,
      commit: (...args: Parameters<typeof storage.commit>) => {
        commits.push(args[0].map(({ op }) => op));
        return storage.commit(...args);
      },
    };
    const { write, answer } = bench({ storage: watched, restamp }, disk);
    await write('a', 'x');
    await write('b', 'x');
    commits.length = 0;
    await answer('a', acknowledged(2));
    expect(commits).toEqual([['remove', 'put'], ['put']]);
  });

  test('S5.8 after a discarded entry the next one is restamped too', async () => {
    const { write, answer, wire, outbox, settle } = bench({ restamp });
    await write('a', 'x');
    await write('b', 'x');
    await answer('a', refusedWith(422));
    const decided = outbox.discard('a');
    await settle();
    expect(await decided).toBe('done');
    expect(wire).toMatchObject([{ id: 'b', payload: { base: 'discarded' } }]);
  });
});

describe('S5.9 F18 rows that changed meanwhile', () => {
  test('S5.9 a merge takes the place of the old entry, under a new key, before anything behind it', async () => {
    const { write, answer, wire, events, outbox } = bench({
      resolve: ({ payload }, { current }) => ({
        kind: 'replace',
        key: 'a2',
        payload: { ...payload, base: current },
      }),
    });
    await write('a', 'x');
    await write('b', 'x');
    const outcome = outbox.outcome('a');
    await answer('a', stale({ version: 5 }));
    expect(wire).toMatchObject([{ id: 'a', key: 'a2', payload: { name: 'a', base: { version: 5 } } }]);
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'replaced',
        previousKey: 'a',
        entry: expect.objectContaining({ key: 'a2' }),
      }),
    );
    await answer('a', acknowledged(6));
    expect(await outcome).toEqual({ kind: 'acknowledged', answer: 6 });
    expect(wire).toMatchObject([{ id: 'b' }]);
  });

  test('S5.9 what names the old entry waits for its successor', async () => {
    const { write, answer, ids } = bench({
      resolve: ({ payload }) => ({ kind: 'replace', key: 'a2', payload }),
    });
    await write('a', 'x');
    await write('b', 'y', { after: ['a'] });
    await answer('a', stale(null));
    await write('c', 'z', { after: ['a2'] });
    expect(ids()).toEqual(['a']);
    await answer('a');
    expect(ids()).toEqual(['b', 'c']);
  });

  test('S5.9 a conflict awaits a person with what the resolver said', async () => {
    const { write, answer, outbox, wire, settle } = bench({
      resolve: () => ({ kind: 'conflict', conflict: [{ field: 'name', mine: 'a', theirs: 'b' }] }),
    });
    await write('a', 'x');
    await answer('a', stale({ name: 'b' }));
    expect(outbox.entries()[0]?.entry.status).toMatchObject({
      kind: 'parked',
      parking: {
        kind: 'conflict',
        conflict: [{ field: 'name', mine: 'a', theirs: 'b' }],
        failure: { status: 412 },
      },
    });
    const decided = outbox.edit('a', { key: 'a2', payload: { name: 'ab' } });
    await settle();
    expect(await decided).toBe('done');
    expect(wire).toMatchObject([{ id: 'a', key: 'a2', payload: { name: 'ab' } }]);
  });

  test('S5.9 without a resolver every stale entry awaits a person', async () => {
    const { write, answer, turns } = bench();
    await write('a', 'x');
    await answer('a', stale(null));
    expect(turns()).toEqual({ a: 'parked' });
  });

  test('S5.9 a row that changes all the time is not chased without rest', async () => {
    let made = 0;
    const { write, answer, wire, time, turns } = bench({
      resolve: ({ payload }) => ({ kind: 'replace', key: `a${(made += 1)}`, payload }),
    });
    await write('a', 'x');
    for (let attempt = 0; attempt < 3; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      await answer('a', stale(null));
      expect(wire).toHaveLength(1);
    }
    await answer('a', stale(null));
    expect(wire).toHaveLength(0);
    expect(turns()).toEqual({ a: 'waiting' });
    await time.advance(60_000);
    expect(wire).toMatchObject([{ key: 'a4' }]);
  });
});
