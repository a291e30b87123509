import { describe, expect, test } from 'vitest';
import { acknowledged, bench, fragile, lead, refusedWith } from './outbox.harness.ts';
import { createMemoryOutbox } from './memory-storage.ts';
import type { Bench, Fields } from './outbox.harness.ts';

interface Tab extends Bench {
  readonly role: ReturnType<typeof lead>;
}

const tabs = (count: number): Tab[] => {
  const disk = createMemoryOutbox<Fields>();
  return Array.from({ length: count }, () => {
    const role = lead();
    return { ...bench({ leadership: role }, disk), role };
  });
};

describe('S5.19 F9 several tabs, one queue', () => {
  test('S5.19 any tab appends, one sends, and all see the same', async () => {
    const [one, two] = tabs(2) as [Tab, Tab];
    one.role.gain();
    await one.settle();
    const outcome = two.outbox.outcome('a');
    await two.write('a', 'x');
    expect(await outcome).toEqual({ kind: 'unknown' });
    expect(two.outbox.state()).toEqual({ kind: 'following' });
    expect(two.wire).toEqual([]);
    expect(one.wire).toMatchObject([{ id: 'a' }]);
    expect(two.outbox.entries()).toMatchObject([{ entry: { id: 'a', status: { kind: 'sent' } } }]);
    await one.answer('a');
    expect(two.outbox.entries()).toEqual([]);
    expect(two.events.filter(({ kind }) => kind === 'read').at(-1)).toMatchObject({ gone: [{ id: 'a' }] });
  });

  test('S5.19 D16 a tab that does not send keeps nobody waiting', async () => {
    const [, two] = tabs(2) as [Tab, Tab];
    const stored = two.outbox.enqueue({ id: 'a', lanes: ['x'], payload: {}, at: 0 });
    const outcome = two.outbox.outcome('a');
    await two.settle();
    await stored;
    expect(await outcome).toEqual({ kind: 'durable' });
  });

  test('S5.19 the order of a lane holds across tabs', async () => {
    const [one, two] = tabs(2) as [Tab, Tab];
    one.role.gain();
    await one.settle();
    one.outbox.pause('person');
    const stored: Promise<void>[] = [];
    for (let n = 0; n < 6; n += 1) {
      const tab = n % 2 === 0 ? two : one;
      stored.push(tab.outbox.enqueue({ id: `w${n}`, lanes: ['x'], payload: {}, at: one.time.now() }));
    }
    await one.settle();
    await Promise.all(stored);
    const queued = (await one.outbox.export()).map(({ id }) => id);
    one.outbox.resume('person');
    await one.settle();
    const sent: string[] = [];
    while (one.wire[0]) {
      sent.push(one.wire[0].id);
      // oxlint-disable-next-line no-await-in-loop -- one answer after the other
      await one.answer(one.wire[0].id);
    }
    expect(sent).toEqual(queued);
    expect(sent).toHaveLength(6);
    expect(sent.filter((id) => Number(id.slice(1)) % 2 === 0)).toEqual(['w0', 'w2', 'w4']);
    expect(sent.filter((id) => Number(id.slice(1)) % 2 === 1)).toEqual(['w1', 'w3', 'w5']);
  });

  test('S5.19 F9 a leader that wakes up after another took over writes nothing more, and loses no answer', async () => {
    const [one, two] = tabs(2) as [Tab, Tab];
    one.role.gain();
    await one.settle();
    await one.write('a', 'x');
    await one.write('b', 'x');
    // `one` freezes; its lock is given to `two`, which sends the same again under the same key.
    two.role.gain();
    await two.settle();
    expect(two.wire).toMatchObject([{ id: 'a', key: 'a' }]);
    // `one` thaws with an answer in its hands.
    await one.answer('a', acknowledged(1));
    expect(one.kinds()).toContain('acknowledged');
    expect(one.outbox.state()).toEqual({ kind: 'following' });
    expect(one.wire).toEqual([]);
    expect(two.outbox.entries()).toHaveLength(2);
    await two.answer('a', acknowledged(1));
    expect(two.ids()).toEqual(['b']);
  });

  test('S5.19 F9 losing the lead ends what is on its way; gaining it again takes it up', async () => {
    const [one] = tabs(1) as [Tab];
    one.role.gain();
    await one.settle();
    await one.write('a', 'x');
    const [sent] = one.wire;
    one.role.lose();
    expect(sent?.signal.aborted).toBe(true);
    await one.settle();
    expect(one.wire).toEqual([]);
    one.role.gain();
    one.role.lose();
    one.role.gain();
    await one.settle();
    expect(one.outbox.state()).toEqual({ kind: 'open' });
    expect(one.wire).toMatchObject([{ id: 'a', key: 'a' }]);
  });

  test('S5.19 F9 a claim that failed is not made again after the lead was lost: it would fence whoever leads now', async () => {
    const disk = createMemoryOutbox<Fields>();
    const storage = fragile(disk.connect());
    const role = lead();
    const own = bench({ storage, leadership: role }, disk);
    await own.settle();
    storage.broken = 'unavailable';
    role.gain();
    await own.settle();
    role.lose();
    storage.broken = null;
    role.gain();
    await own.settle();
    await own.time.advance(120_000);
    expect(await disk.connect().claim()).toBe(2);
    expect(own.outbox.state()).toEqual({ kind: 'open' });
  });

  test('S5.19 nothing is sent while another tab’s writes are known of and not read', async () => {
    const disk = createMemoryOutbox<Fields>();
    const storage = disk.connect();
    let read = (): void => {};
    let slow = false;
    const own = bench(
      {
        storage: {
          ...storage,
          load: async () => {
            if (slow) await new Promise<void>((resolve) => (read = resolve));
            return storage.load();
          },
        },
      },
      disk,
    );
    await own.settle();
    const other = bench({ leadership: lead() }, disk);
    await other.settle();
    slow = true;
    await other.write('first', 'x');
    await own.write('second', 'x');
    expect(own.ids()).toEqual([]);
    slow = false;
    read();
    await own.settle();
    expect(own.ids()).toEqual(['first']);
  });

  test('S5.19 a follower decides about parked entries, and leaves alone what may be on its way', async () => {
    const [one, two] = tabs(2) as [Tab, Tab];
    one.role.gain();
    await one.settle();
    await two.write('a', 'x');
    await two.write('b', 'x');
    expect(await two.outbox.discard('a')).toBe('refused');
    await one.answer('a', refusedWith(422));
    const decided = two.outbox.discard('a');
    await two.settle();
    expect(await decided).toBe('done');
    expect(one.ids()).toEqual(['b']);
  });
});

describe('S5.20 F23 versions of payloads', () => {
  test('S5.20 an older payload is upgraded in storage before it is sent', async () => {
    const disk = createMemoryOutbox<Fields>();
    const old = bench({}, disk);
    old.outbox.pause('offline');
    await old.write('a', 'x');
    old.outbox.close();
    const own = bench(
      { schema: 3, upgrade: (payload, schema) => ({ ...(payload as Fields), from: schema }) },
      disk,
    );
    await own.settle();
    expect(own.wire).toMatchObject([{ id: 'a', payload: { name: 'a', from: 1 } }]);
    expect((await own.outbox.export())[0]).toMatchObject({ schema: 3, payload: { from: 1 } });
    expect(own.kinds()).toEqual(['upgraded', 'sent']);
  });

  test('S5.20 one that cannot be upgraded is kept, visibly, until a version can', async () => {
    const disk = createMemoryOutbox<Fields>();
    const old = bench({}, disk);
    old.outbox.pause('offline');
    await old.write('a', 'x');
    await old.write('b', 'y');
    old.outbox.close();
    const blind = bench(
      { schema: 2, upgrade: (payload) => ((payload as Fields).name === 'b' ? {} : undefined) },
      disk,
    );
    await blind.settle();
    expect(blind.ids()).toEqual(['b']);
    expect(blind.outbox.entries()[0]?.entry.status).toMatchObject({ parking: { kind: 'unreadable' } });
    expect((await blind.outbox.export())[0]?.payload).toEqual({ name: 'a' });
    expect(await blind.outbox.retry('a')).toBe('refused');
    blind.outbox.close();
    const wise = bench({ schema: 3, upgrade: () => ({ read: true }) }, disk);
    await wise.settle();
    expect(wise.wire).toMatchObject([
      { id: 'a', payload: { read: true } },
      { id: 'b', payload: { read: true } },
    ]);
  });

  test('S5.20 one of a newer version is left to it: neither sent nor changed', async () => {
    const disk = createMemoryOutbox<Fields>();
    const newer = bench({ schema: 2 }, disk);
    newer.outbox.pause('offline');
    await newer.write('a', 'x');
    newer.outbox.close();
    const own = bench({}, disk);
    await own.settle();
    await own.write('b', 'x');
    await own.write('c', 'y');
    expect(own.ids()).toEqual(['c']);
    expect(own.outbox.entries()).toMatchObject([
      { entry: { id: 'a', schema: 2, status: { kind: 'durable' } }, turn: { kind: 'foreign' } },
      { entry: { id: 'b' }, turn: { kind: 'blocked', stuck: true } },
      { entry: { id: 'c' } },
    ]);
  });

  test('S5.20 what an older tab appends later is upgraded too', async () => {
    const disk = createMemoryOutbox<Fields>();
    const own = bench({ schema: 2, upgrade: (payload) => ({ ...(payload as Fields), new: true }) }, disk);
    await own.settle();
    const old = bench({ leadership: lead() }, disk);
    await old.write('a', 'x');
    await own.settle();
    expect(own.wire).toMatchObject([{ id: 'a', payload: { name: 'a', new: true } }]);
  });
});
