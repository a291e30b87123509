import { describe, expect, test } from 'vitest';
import { acknowledged, bench, refusedWith } from './outbox.harness.ts';
import type { Bench } from './outbox.harness.ts';
import type { Decided } from './types.ts';

const decided = async (own: Bench, promise: Promise<Decided>): Promise<Decided> => {
  await own.settle();
  return promise;
};

describe('S5.11 what a person decides about a parked entry', () => {
  const refusal = async (): Promise<Bench> => {
    const own = bench();
    await own.write('a', 'x');
    await own.write('b', 'x');
    await own.answer('a', refusedWith(422));
    return own;
  };

  test('S5.11 to send it again, under its key', async () => {
    const own = await refusal();
    expect(await decided(own, own.outbox.retry('a'))).toBe('done');
    expect(own.wire).toMatchObject([{ id: 'a', key: 'a' }]);
    await own.answer('a');
    expect(own.ids()).toEqual(['b']);
  });

  test('S5.11 to change it: under a new key, in its old place', async () => {
    const own = await refusal();
    const same = { key: 'a', payload: { name: 'better' } };
    expect(await decided(own, own.outbox.edit('a', same))).toBe('refused');
    expect(await decided(own, own.outbox.edit('a', { ...same, key: 'a2' }))).toBe('done');
    expect(own.wire).toMatchObject([{ id: 'a', key: 'a2', payload: { name: 'better' } }]);
    // It is found by either name.
    const outcome = own.outbox.outcome('a2');
    await own.answer('a', acknowledged(3));
    expect(await outcome).toEqual({ kind: 'acknowledged', answer: 3 });
    expect(own.ids()).toEqual(['b']);
  });

  test('S5.11 to take it out, alone or with others, all or none', async () => {
    const own = await refusal();
    await own.write('c', 'c');
    expect(await decided(own, own.outbox.discard('a', 'c'))).toBe('refused');
    expect(own.outbox.entries()).toHaveLength(3);
    const outcome = own.outbox.outcome('b');
    expect(await decided(own, own.outbox.discard('a', 'b', 'nobody'))).toBe('done');
    expect(await outcome).toEqual({ kind: 'durable' });
    expect(own.ids()).toEqual(['c']);
    expect(own.outbox.entries()).toHaveLength(1);
  });

  test('S5.11 to carry all of it away: the export holds everything that is stored', async () => {
    const own = await refusal();
    const exported = await own.outbox.export();
    expect(exported).toMatchObject([
      { id: 'a', payload: { name: 'a' }, status: { kind: 'parked', parking: { kind: 'refused' } } },
      { id: 'b', payload: { name: 'b' }, status: { kind: 'durable' } },
    ]);
    expect(JSON.parse(JSON.stringify(exported))).toEqual(exported);
  });

  test('S5.11 what is on its way, not parked, or gone cannot be decided about', async () => {
    const own = bench();
    await own.write('a', 'x');
    expect(await decided(own, own.outbox.retry('a'))).toBe('refused');
    expect(await decided(own, own.outbox.edit('a', { key: 'k', payload: {} }))).toBe('refused');
    expect(await decided(own, own.outbox.discard('a'))).toBe('refused');
    await own.answer('a');
    expect(await decided(own, own.outbox.retry('a'))).toBe('gone');
    expect(await decided(own, own.outbox.discard('a'))).toBe('gone');
  });

  test('S5.11 D15 a write that waits is taken back before it was ever sent', async () => {
    const own = bench();
    own.outbox.pause('offline');
    await own.write('a', 'x');
    expect(await decided(own, own.outbox.discard('a'))).toBe('done');
    own.outbox.resume('offline');
    await own.settle();
    expect(own.ids()).toEqual([]);
  });
});

describe('S5.16 writes that waited long', () => {
  const day = 24 * 3_600_000;

  test('S5.16 past a day a person is asked, once, before it is sent', async () => {
    const own = bench();
    own.outbox.pause('offline');
    await own.write('old', 'x');
    await own.time.advance(day);
    await own.write('young', 'y');
    own.outbox.resume('offline');
    await own.settle();
    expect(own.ids()).toEqual(['young']);
    expect(own.outbox.entries()[0]?.entry.status).toMatchObject({
      kind: 'parked',
      parking: { kind: 'aged' },
    });
    expect(await decided(own, own.outbox.retry('old'))).toBe('done');
    expect(own.ids()).toEqual(['young', 'old']);
  });

  test('S5.16 the application may let it go, and set the age', async () => {
    const ages: number[] = [];
    const own = bench({
      reviewAfterMs: 1000,
      review: (_entry, ageMs) => {
        ages.push(ageMs);
        return 'send';
      },
    });
    await own.write('a', 'x', { at: own.time.now() - 999 });
    await own.write('b', 'y', { at: own.time.now() - 1000 });
    expect(ages).toEqual([1000]);
    expect(own.ids()).toEqual(['a', 'b']);
  });
});

describe('S5.17 pauses', () => {
  test('S5.17 nothing more is sent until every reason is gone; what is on its way goes on', async () => {
    const own = bench();
    await own.write('a', 'x');
    own.outbox.pause('offline');
    own.outbox.pause('person');
    await own.answer('a', acknowledged(1));
    await own.write('b', 'x');
    expect(own.ids()).toEqual([]);
    expect(own.outbox.state()).toEqual({ kind: 'paused', reasons: ['offline', 'person'] });
    own.outbox.resume('offline');
    await own.settle();
    expect(own.ids()).toEqual([]);
    own.outbox.resume('person');
    await own.settle();
    expect(own.ids()).toEqual(['b']);
  });

  test('S5.17 F12 signing out ends what is on its way, and takes no answer to it', async () => {
    const own = bench();
    await own.write('a', 'x');
    const [sent] = own.wire;
    own.outbox.pause('signed-out');
    expect(sent?.signal.aborted).toBe(true);
    await sent?.answer(acknowledged('somebody else’s'));
    expect(own.kinds()).not.toContain('acknowledged');
    expect(own.outbox.entries()).toMatchObject([{ entry: { id: 'a', status: { kind: 'sent' } } }]);
    own.outbox.resume('signed-out');
    await own.settle();
    expect(own.wire).toMatchObject([{ id: 'a', key: 'a' }]);
  });
});

describe('S5.18 how a write ends', () => {
  test('S5.18 D16 known at once where the queue rests: stored, not sent', async () => {
    const own = bench();
    own.outbox.pause('offline');
    const stored = own.outbox.enqueue({ id: 'a', lanes: ['x'], payload: {}, at: own.time.now() });
    const outcome = own.outbox.outcome('a');
    await own.settle();
    await stored;
    expect(await outcome).toEqual({ kind: 'durable' });
  });

  test('S5.18 the caller waits behind writes that are on their way, not behind those that rest', async () => {
    const own = bench();
    await own.write('a', 'x');
    await own.write('b', 'x');
    const outcome = own.outbox.outcome('b');
    await own.answer('a');
    await own.answer('b', acknowledged(2));
    expect(await outcome).toEqual({ kind: 'acknowledged', answer: 2 });
  });

  test('S5.18 several may ask; what has left the queue is unknown', async () => {
    const own = bench();
    await own.write('a', 'x');
    const outcomes = [own.outbox.outcome('a'), own.outbox.outcome('a')];
    await own.answer('a', { kind: 'acknowledged', answer: 1, meta: { etag: '"2"' } });
    const expected = { kind: 'acknowledged', answer: 1, meta: { etag: '"2"' } };
    expect(await Promise.all(outcomes)).toEqual([expected, expected]);
    expect(await own.outbox.outcome('a')).toEqual({ kind: 'unknown' });
  });

  test('S5.18 a closed outbox leaves nobody waiting and takes nothing more', async () => {
    const own = bench();
    await own.write('a', 'x');
    const outcome = own.outbox.outcome('a');
    own.outbox.close();
    expect(await outcome).toEqual({ kind: 'durable' });
    expect(own.outbox.state()).toEqual({ kind: 'closed' });
    await expect(own.outbox.enqueue({ id: 'b', lanes: [], payload: {}, at: 0 })).rejects.toMatchObject({
      kind: 'closed',
    });
  });

  test('S5.18 the application hears of an answer before the caller does', async () => {
    const order: string[] = [];
    const own = bench({ onEvent: ({ kind }) => void (kind === 'acknowledged' && order.push('event')) });
    await own.write('a', 'x');
    const told = own.outbox.outcome('a').then(() => order.push('outcome'));
    await own.answer('a');
    await told;
    expect(order).toEqual(['event', 'outcome']);
  });
});

describe('S5.26 watching', () => {
  test('S5.26 watchers are called after every change, and the list is the same until then', async () => {
    const own = bench();
    await own.settle();
    let calls = 0;
    const stop = own.outbox.watch(() => (calls += 1));
    const before = own.outbox.entries();
    expect(own.outbox.entries()).toBe(before);
    await own.write('a', 'x');
    expect(own.outbox.entries()).not.toBe(before);
    expect(own.turns()).toEqual({ a: 'in-flight' });
    expect(calls).toBeGreaterThan(0);
    stop();
    calls = 0;
    await own.answer('a');
    expect([calls, own.turns()]).toEqual([0, {}]);
  });
});

describe('S5.23 I6 an application that throws', () => {
  const broken = (): never => {
    throw new Error('a mistake');
  };

  test.each([
    ['send', { send: () => Promise.reject(new Error('a mistake')) }, null],
    ['send at once', { send: broken }, null],
    ['resolve', { resolve: broken }, 'stale'],
    ['refused', { refused: broken }, 'refused'],
    ['review', { review: broken, reviewAfterMs: 0 }, null],
  ] as const)(
    'S5.23 in `%s` parks the entry with its message; the queue goes on',
    async (_name, options, kind) => {
      const own = bench(options);
      await own.write('a', 'x');
      const { failure } = refusedWith(412);
      if (kind === 'stale') await own.answer('a', { kind, current: null, failure });
      if (kind === 'refused') await own.answer('a', { kind, failure });
      expect(own.outbox.entries()[0]?.entry.status).toMatchObject({
        kind: 'parked',
        parking: { kind: 'fault', message: 'a mistake' },
      });
      expect(own.outbox.state()).toEqual({ kind: 'open' });
    },
  );

  test('S5.23 in `restamp` parks the entry that could not be restamped; the one before is gone', async () => {
    const own = bench({ restamp: broken });
    await own.write('a', 'x');
    await own.write('b', 'x');
    await own.answer('a');
    expect(own.outbox.entries()).toMatchObject([
      { entry: { id: 'b', status: { kind: 'parked', parking: { kind: 'fault' } } } },
    ]);
  });

  test('S5.23 in `coalesce` keeps the writes apart', async () => {
    const own = bench({ coalesce: broken });
    own.outbox.pause('offline');
    await own.write('a', 'x');
    await own.write('b', 'x');
    expect(own.outbox.entries()).toHaveLength(2);
  });
});
