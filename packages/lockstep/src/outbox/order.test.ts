import { describe, expect, test } from 'vitest';
import { acknowledged, bench, fragile, refusedWith } from './outbox.harness.ts';
import { createMemoryOutbox } from './memory-storage.ts';
import type { Fields } from './outbox.harness.ts';

describe('storing', () => {
  test('S5.1 a write is stored before it is sent, and `enqueue` resolves when it is', async () => {
    const { outbox, disk, wire, settle } = bench();
    await settle();
    const order: string[] = [];
    const stored = outbox
      .enqueue({ id: 'a', lanes: ['x'], payload: { n: 1 }, at: 0 })
      .then(() => order.push(`stored, ${wire.length} sent`));
    expect(wire).toEqual([]);
    await stored;
    expect(order).toEqual(['stored, 0 sent']);
    expect((await disk.connect().load()).entries).toMatchObject([{ id: 'a', key: 'a', payload: { n: 1 } }]);
  });

  test('S5.1 writes are stored in the order in which they were asked for, also many at once', async () => {
    const { outbox, disk, settle } = bench();
    outbox.pause('offline');
    const ids = Array.from({ length: 50 }, (_, at) => `w${at}`);
    await Promise.all([
      ...ids.map((id) => outbox.enqueue({ id, lanes: ['x'], payload: {}, at: 0 })),
      settle(),
    ]);
    expect((await disk.connect().load()).entries.map(({ id }) => id)).toEqual(ids);
  });

  test('S5.1 the same write asked for twice is one entry', async () => {
    const { outbox, write } = bench();
    outbox.pause('offline');
    await write('a', 'x');
    await write('a', 'x');
    expect(outbox.entries()).toHaveLength(1);
  });

  test('S5.1 F10 a write that the storage refuses is refused, visibly, and others go on', async () => {
    const storage = fragile(createMemoryOutbox<Fields>().connect());
    const { outbox, settle, time, wire } = bench({ storage });
    await settle();
    storage.broken = 'quota';
    const refused = outbox.enqueue({ id: 'a', lanes: ['x'], payload: {}, at: 0 });
    const outcome = outbox.outcome('a');
    await expect(refused).rejects.toMatchObject({ name: 'StorageFailure', kind: 'quota' });
    expect(await outcome).toMatchObject({ kind: 'not-stored', error: { kind: 'quota' } });
    expect(outbox.entries()).toEqual([]);
    storage.broken = null;
    await outbox.enqueue({ id: 'b', lanes: ['x'], payload: {}, at: time.now() });
    await settle();
    expect(wire.map(({ id }) => id)).toEqual(['b']);
  });

  test('S5.1 G47 a payload that cannot be stored is refused alone', async () => {
    const { outbox } = bench();
    const results = await Promise.allSettled([
      outbox.enqueue({ id: 'a', lanes: ['x'], payload: { n: 1 }, at: 0 }),
      outbox.enqueue({ id: 'b', lanes: ['x'], payload: { onProgress: () => 1 }, at: 0 }),
      outbox.enqueue({ id: 'c', lanes: ['x'], payload: { n: 3 }, at: 0 }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outbox.entries().map(({ entry }) => entry.id)).toEqual(['a', 'c']);
  });
});

describe('lanes', () => {
  test('S5.2 the first of each lane is sent, the next when it has settled', async () => {
    const { write, ids, answer, outbox, turns } = bench();
    await write('a', 'x');
    await write('b', 'x');
    await write('c', 'y');
    expect(ids()).toEqual(['a', 'c']);
    expect(turns()).toEqual({ a: 'in-flight', b: 'blocked', c: 'in-flight' });
    const done = outbox.outcome('a');
    await answer('a', acknowledged(7));
    expect(await done).toEqual({ kind: 'acknowledged', answer: 7 });
    expect(ids()).toEqual(['c', 'b']);
    await answer('b');
    await answer('c');
    expect(outbox.entries()).toEqual([]);
    expect(outbox.state()).toEqual({ kind: 'open' });
  });

  test('S5.2 four lanes are on their way at once by default, as many as asked for otherwise', async () => {
    const four = bench();
    const two = bench({ concurrency: 2 });
    for (const lane of ['1', '2', '3', '4', '5', '6']) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      await Promise.all([four.write(lane, lane), two.write(lane, lane)]);
    }
    expect(four.ids()).toEqual(['1', '2', '3', '4']);
    expect(two.ids()).toEqual(['1', '2']);
    await two.answer('2');
    expect(two.ids()).toEqual(['1', '3']);
  });

  test('S5.3 a batch waits for all its lanes and holds all of them back', async () => {
    const { write, ids, answer } = bench();
    await write('a', 'x');
    await write('b', 'y');
    await write('batch', ['x', 'y', 'z']);
    await write('c', 'z');
    await write('d', 'other');
    expect(ids()).toEqual(['a', 'b', 'd']);
    await answer('a');
    expect(ids()).toEqual(['b', 'd']);
    await answer('b');
    expect(ids()).toEqual(['d', 'batch']);
    await answer('batch');
    expect(ids()).toEqual(['d', 'c']);
  });

  test('S5.4 a write waits for those that it names, in whatever lane they are', async () => {
    const { write, ids, answer, outbox } = bench();
    await write('team', 'team');
    await write('member', 'member', { after: ['team'] });
    expect(ids()).toEqual(['team']);
    expect(outbox.entries()[1]?.turn).toEqual({ kind: 'blocked', by: ['team'], stuck: false });
    await answer('team');
    expect(ids()).toEqual(['member']);
  });

  test('S5.4 what a write names and the queue does not hold has settled before', async () => {
    const { write, ids } = bench();
    await write('a', 'x', { after: ['long gone'] });
    expect(ids()).toEqual(['a']);
  });

  test('S5.10 F14 I6 a poisoned write parks its own lane, visibly; other lanes go on', async () => {
    const { write, ids, answer, outbox } = bench();
    await write('poison', 'x');
    await write('behind', 'x');
    await write('named', 'n', { after: ['behind'] });
    await write('well', 'y');
    const outcomes = [outbox.outcome('poison'), outbox.outcome('behind'), outbox.outcome('named')];
    await answer('poison', refusedWith(422));
    expect(outbox.entries()).toMatchObject([
      {
        entry: {
          id: 'poison',
          status: { kind: 'parked', parking: { kind: 'refused', failure: { status: 422 } } },
        },
      },
      { entry: { id: 'behind' }, turn: { kind: 'blocked', by: ['poison'], stuck: true } },
      { entry: { id: 'named' }, turn: { kind: 'blocked', by: ['behind'], stuck: true } },
      { entry: { id: 'well' }, turn: { kind: 'in-flight' } },
    ]);
    expect(await Promise.all(outcomes)).toMatchObject([
      { kind: 'refused', queued: true, parking: { kind: 'refused' } },
      { kind: 'durable' },
      { kind: 'durable' },
    ]);
    await answer('well');
    await write('later', 'y');
    expect(ids()).toEqual(['later']);
  });

  test('S5.10 a refusal leaves nothing behind where the application says that it is known', async () => {
    const asked: boolean[] = [];
    const { write, ids, answer, outbox, kinds } = bench({
      refused: (_entry, _failure, awaited) => {
        asked.push(awaited);
        return awaited ? 'discard' : 'park';
      },
    });
    await write('a', 'x');
    await write('b', 'x');
    const outcome = outbox.outcome('a');
    await answer('a', refusedWith(409));
    expect(await outcome).toMatchObject({
      kind: 'refused',
      queued: false,
      parking: { failure: { status: 409 } },
    });
    expect(ids()).toEqual(['b']);
    await answer('b', refusedWith(409));
    expect(asked).toEqual([true, false]);
    expect(kinds()).toEqual(['stored', 'sent', 'stored', 'discarded', 'sent', 'parked']);
    expect(outbox.entries()).toMatchObject([{ entry: { id: 'b' }, turn: { kind: 'parked' } }]);
  });
});
