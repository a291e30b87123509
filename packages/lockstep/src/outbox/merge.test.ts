import { describe, expect, test } from 'vitest';
import { acknowledged, bench, lead, unreachable } from './outbox.harness.ts';
import { createMemoryOutbox } from './memory-storage.ts';
import type { Fields } from './outbox.harness.ts';
import type { OutboxPolicy, Submission } from './types.ts';

/** Payloads say what they do: { create }, { edit } or { remove }. */
const coalesce: OutboxPolicy<Fields>['coalesce'] = ({ payload: earlier }, { payload: later }) => {
  if ('remove' in later) return 'create' in earlier ? 'nothing' : { payload: later };
  if ('create' in earlier)
    return { payload: { create: { ...fields(earlier.create), ...fields(later.edit) } } };
  if ('edit' in earlier) return { payload: { edit: { ...fields(earlier.edit), ...fields(later.edit) } } };
  return null;
};
const fields = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
const payloads = ({ outbox }: ReturnType<typeof bench>): unknown[] =>
  outbox.entries().map(({ entry }) => [entry.id, entry.payload]);

describe('S5.7 F15 writes that were never sent are merged', () => {
  const offline = (): ReturnType<typeof bench> => {
    const own = bench({ coalesce });
    own.outbox.pause('offline');
    return own;
  };

  test('S5.7 create and edit are one create; edit and edit one edit; edit and delete one delete', async () => {
    const own = offline();
    await own.write('a', 'x', { payload: { create: { name: 'Ada' } } });
    await own.write('b', 'x', { payload: { edit: { role: 'admin' } } });
    await own.write('c', 'y', { payload: { edit: { name: 'Bob' } } });
    await own.write('d', 'y', { payload: { edit: { role: 'user' } } });
    await own.write('e', 'z', { payload: { edit: { name: 'Eve' } } });
    await own.write('f', 'z', { payload: { remove: true } });
    expect(payloads(own)).toEqual([
      ['a', { create: { name: 'Ada', role: 'admin' } }],
      ['c', { edit: { name: 'Bob', role: 'user' } }],
      ['e', { remove: true }],
    ]);
    expect(own.events).toContainEqual(expect.objectContaining({ kind: 'merged', id: 'b', into: 'a' }));
  });

  test('S5.7 create and delete are nothing at all, and whoever waits is told so', async () => {
    const own = offline();
    const stored = own.outbox.enqueue({ id: 'a', lanes: ['x'], payload: { create: {} }, at: own.time.now() });
    const gone = own.outbox.enqueue({ id: 'b', lanes: ['x'], payload: { remove: true }, at: own.time.now() });
    const outcomes = [own.outbox.outcome('a'), own.outbox.outcome('b')];
    await own.settle();
    await Promise.all([stored, gone]);
    expect(await Promise.all(outcomes)).toEqual([{ kind: 'nothing' }, { kind: 'nothing' }]);
    expect(payloads(own)).toEqual([]);
    await own.write('c', 'x', { payload: { create: {} } });
    await own.write('d', 'x', { payload: { remove: true } });
    expect(payloads(own)).toEqual([]);
    expect(await own.outbox.export()).toEqual([]);
  });

  test('S5.7 the end of the merged write is the end of both', async () => {
    const own = bench({ coalesce });
    await own.write('first', 'x', { payload: { edit: { n: 0 } } });
    await own.write('a', 'x', { payload: { edit: { n: 1 } } });
    const stored = own.outbox.enqueue({
      id: 'b',
      lanes: ['x'],
      payload: { edit: { m: 2 } },
      at: own.time.now(),
    });
    const outcomes = [own.outbox.outcome('a'), own.outbox.outcome('b')];
    await own.settle();
    await stored;
    await own.answer('first');
    expect(own.wire).toMatchObject([{ id: 'a', payload: { edit: { n: 1, m: 2 } } }]);
    await own.answer('a', acknowledged(9));
    const expected = { kind: 'acknowledged', answer: 9 };
    expect(await Promise.all(outcomes)).toEqual([expected, expected]);
  });

  test('S5.7 what names a write that was merged waits for the one it was merged into', async () => {
    const own = offline();
    await own.write('a', 'x', { payload: { edit: { n: 1 } } });
    await own.write('b', 'x', { payload: { edit: { n: 2 } } });
    await own.write('c', 'y', { payload: { edit: {} }, after: ['b'] });
    expect(own.outbox.entries()[1]).toMatchObject({
      entry: { after: ['a'] },
      turn: { kind: 'blocked', by: ['a'] },
    });
  });

  test('S5.7 what is on its way, or may have arrived, is left alone', async () => {
    const own = bench({ coalesce });
    await own.write('a', 'x', { payload: { edit: { n: 1 } } });
    await own.write('b', 'x', { payload: { edit: { n: 2 } } });
    await own.answer('a', unreachable);
    await own.write('c', 'x', { payload: { edit: { n: 3 } } });
    expect(payloads(own)).toEqual([
      ['a', { edit: { n: 1 } }],
      ['b', { edit: { n: 3 } }],
    ]);
  });

  test.each([
    ['another set of lanes', { lanes: ['x', 'y'] }],
    ['a lane more', { lanes: ['x', 'w'] }],
    ['something to wait for of its own', { after: ['other'] }],
  ] satisfies [string, Partial<Submission<Fields>>][])(
    'S5.7 a write with %s stays apart',
    async (_name, more) => {
      const own = offline();
      await own.write('other', 'o', { payload: { edit: {} } });
      await own.write('a', 'x', { payload: { edit: { n: 1 } } });
      await own.write('b', 'y', { payload: { edit: { n: 2 } } });
      await own.write('c', 'x', { payload: { edit: { n: 3 } }, ...more });
      expect(own.outbox.entries()).toHaveLength(4);
    },
  );

  test('S5.7 a write that another one waits for stays as it is', async () => {
    const own = offline();
    await own.write('a', 'x', { payload: { create: {} } });
    await own.write('b', 'y', { payload: { edit: {} }, after: ['a'] });
    await own.write('c', 'x', { payload: { remove: true } });
    expect(own.outbox.entries().map(({ entry }) => entry.id)).toEqual(['a', 'b', 'c']);
  });

  test('S5.7 only neighbours are merged: a batch in between keeps its place', async () => {
    const own = offline();
    await own.write('a', 'x', { payload: { edit: { n: 1 } } });
    await own.write('batch', ['x', 'y'], { payload: { edit: { n: 2 } } });
    await own.write('c', 'x', { payload: { edit: { n: 3 } } });
    expect(own.outbox.entries().map(({ entry }) => entry.id)).toEqual(['a', 'batch', 'c']);
  });

  test('S5.7 only neighbours are merged: what came between in one of the lanes keeps its place', async () => {
    const own = offline();
    await own.write('a', ['x', 'y'], { payload: { edit: { n: 1 } } });
    await own.write('between', 'x', { payload: { edit: { n: 2 } } });
    await own.write('c', ['x', 'y'], { payload: { edit: { n: 3 } } });
    expect(own.outbox.entries().map(({ entry }) => entry.id)).toEqual(['a', 'between', 'c']);
  });

  test('S5.7 many at once are merged as they are one by one', async () => {
    const own = offline();
    const edits = Array.from({ length: 20 }, (_, n) =>
      own.outbox.enqueue({
        id: `e${n}`,
        lanes: ['x'],
        payload: { edit: { [`f${n % 3}`]: n } },
        at: own.time.now(),
      }),
    );
    await own.settle();
    await Promise.all(edits);
    expect(payloads(own)).toEqual([['e0', { edit: { f0: 18, f1: 19, f2: 17 } }]]);
  });

  test('S5.7 compare-and-set: a tab that merges loses against the one that has begun to send', async () => {
    const disk = createMemoryOutbox<Fields>();
    const leader = bench({ coalesce }, disk);
    const tab = bench({ coalesce, leadership: lead() }, disk);
    leader.outbox.pause('offline');
    await tab.write('a', 'x', { payload: { edit: { n: 1 } } });
    await leader.settle();
    // Both act on what they know: `a` was never sent.
    leader.outbox.resume('offline');
    const stored = tab.outbox.enqueue({ id: 'b', lanes: ['x'], payload: { edit: { n: 2 } }, at: 0 });
    await leader.settle();
    await tab.settle();
    await stored;
    const [sent] = leader.wire;
    const rest = leader.outbox
      .entries()
      .slice(1)
      .map(({ entry }) => entry.payload);
    // Either it was merged before it was sent, or it follows: it is sent once, whole, and nothing changes under way.
    expect([
      [{ edit: { n: 2 } }, []],
      [{ edit: { n: 1 } }, [{ edit: { n: 2 } }]],
    ]).toContainEqual([sent?.payload, rest]);
  });

  test('S5.7 compare-and-set: a tab does not merge across what another has appended meanwhile', async () => {
    const disk = createMemoryOutbox<Fields>();
    const one = bench({ coalesce, leadership: lead() }, disk);
    const two = bench({ coalesce, leadership: lead() }, disk);
    await one.write('a', 'x', { payload: { edit: { n: 1 } } });
    await two.settle();
    const stored = [
      one.outbox.enqueue({ id: 'batch', lanes: ['x', 'y'], payload: { edit: { all: 1 } }, at: 0 }),
      two.outbox.enqueue({ id: 'b', lanes: ['x'], payload: { edit: { n: 2 } }, at: 0 }),
    ];
    await one.settle();
    await Promise.all(stored);
    expect(payloads(one)).toEqual([
      ['a', { edit: { n: 1 } }],
      ['batch', { edit: { all: 1 } }],
      ['b', { edit: { n: 2 } }],
    ]);
  });
});
