import { describe, expect, test } from 'vitest';
import { bench, busy, refusedWith, unauthorised, unreachable } from './outbox.harness.ts';

const half = { fraction: () => 0.5, bytes: (length: number) => new Uint8Array(length) };

describe('a busy server', () => {
  test('S5.12 F13 an entry rests with full jitter, longer each time; other lanes go on', async () => {
    const { write, answer, ids, time, outbox } = bench({ random: half });
    await write('a', 'x');
    const rests: number[] = [];
    for (let attempt = 0; attempt < 9; attempt += 1) {
      /* oxlint-disable no-await-in-loop -- one attempt after the other */
      await answer('a', busy());
      expect(outbox.entries()[0]?.turn).toMatchObject({ kind: 'waiting', failures: attempt + 1 });
      rests.push(time.nextIn ?? 0);
      await time.advance(rests.at(-1) ?? 0);
      /* oxlint-enable no-await-in-loop */
    }
    expect(rests).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    await answer('a', busy());
    await write('b', 'y');
    expect(ids()).toEqual(['b']);
  });

  test('S5.13 F13 `Retry-After` is obeyed for the whole origin, then one entry asks first', async () => {
    const { write, answer, ids, time, outbox } = bench({ random: half });
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      await write(id, id);
    }
    await answer('a', busy(20_000));
    expect(outbox.state()).toEqual({ kind: 'held', by: 'busy', until: time.now() + 20_250 });
    await answer('b');
    await answer('c', unreachable);
    await answer('d');
    expect(ids()).toEqual([]);
    await time.advance(20_249);
    expect(ids()).toEqual([]);
    await time.advance(1);
    // The one that has failed least asks.
    expect(ids()).toEqual(['e']);
    await answer('e');
    expect(ids()).toEqual(['a', 'c']);
    expect(outbox.state()).toEqual({ kind: 'open' });
  });

  test('S5.13 the longest of several `Retry-After` counts, none beyond the limit', async () => {
    const { write, answer, time, outbox } = bench({ random: half, maxRetryAfterMs: 60_000 });
    await write('a', 'a');
    await write('b', 'b');
    await write('c', 'c');
    await answer('a', busy(10_000));
    await answer('b', busy(600_000));
    await answer('c', busy(5000));
    expect(outbox.state()).toEqual({ kind: 'held', by: 'busy', until: time.now() + 60_250 });
  });

  test('S5.18 D16 nobody is kept waiting while the server rests', async () => {
    const { write, answer, outbox } = bench();
    await write('a', 'x');
    await write('b', 'x');
    const outcomes = [outbox.outcome('a'), outbox.outcome('b')];
    await answer('a', busy(1000));
    expect(await Promise.all(outcomes)).toEqual([{ kind: 'durable' }, { kind: 'durable' }]);
  });
});

describe('an unreachable server', () => {
  test('S5.14 everything rests, several failures at once count as one, and one entry asks first', async () => {
    const { write, answer, ids, time, outbox } = bench({ random: half });
    for (const id of ['a', 'b', 'c', 'd']) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      await write(id, id);
    }
    for (const id of ['a', 'b', 'c', 'd']) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      await answer(id, unreachable);
    }
    expect(outbox.state()).toEqual({ kind: 'held', by: 'unreachable', until: time.now() + 250 });
    await time.advance(250);
    expect(ids()).toEqual(['a']);
    expect(outbox.state()).toEqual({ kind: 'held', by: 'probing' });
    await answer('a', unreachable);
    expect(time.nextIn).toBe(500);
    await time.advance(500);
    // Not the same again: an entry that always fails must not decide for all.
    expect(ids()).toEqual(['b']);
    await answer('b');
    expect(ids()).toEqual(['a', 'c', 'd']);
  });

  test('S5.14 G49 an edit made offline is kept and sent when the network is back', async () => {
    const { write, answer, ids, time, outbox } = bench();
    await write('a', 'x');
    await answer('a', unreachable);
    await write('b', 'y');
    expect(ids()).toEqual([]);
    outbox.wake();
    await time.advance(0);
    expect(ids()).toEqual(['b']);
    await answer('b');
    expect(ids()).toEqual(['a']);
  });

  test('S5.14 an answer to what was sent before shows that the server is there', async () => {
    const { write, answer, ids, outbox } = bench();
    await write('a', 'x');
    await write('b', 'y');
    await answer('a', unreachable);
    expect(ids()).toEqual(['b']);
    await answer('b', refusedWith(404));
    expect(ids()).toEqual(['a']);
    expect(outbox.state()).toEqual({ kind: 'open' });
  });

  test('S5.14 a request that was given up without our doing is sent again later', async () => {
    const { write, answer, ids, time } = bench();
    await write('a', 'x');
    await answer('a', { kind: 'aborted' });
    expect(ids()).toEqual([]);
    await time.advance(60_000);
    expect(ids()).toEqual(['a']);
  });
});

describe('a session that is over', () => {
  test('S5.15 F11 many 401s are one renewal, everything waits for it, and order is kept', async () => {
    let renewals = 0;
    let renewed = (_result: 'renewed'): void => {};
    const { write, answer, ids, outbox, settle } = bench({
      renew: () => {
        renewals += 1;
        return new Promise((resolve) => (renewed = resolve));
      },
    });
    await write('a', 'x');
    await write('b', 'x');
    await write('c', 'y');
    await answer('a', unauthorised);
    await answer('c', unauthorised);
    await write('d', 'z');
    expect(ids()).toEqual([]);
    expect(outbox.state()).toEqual({ kind: 'held', by: 'refreshing' });
    renewed('renewed');
    await settle();
    expect(renewals).toBe(1);
    expect(ids()).toEqual(['a', 'c', 'd']);
  });

  test('S5.15 F11 where the server refuses, the queue waits for a sign-in and loses nothing', async () => {
    const { write, answer, ids, outbox, settle } = bench({ renew: () => Promise.resolve('signed-out') });
    await write('a', 'x');
    await write('b', 'y');
    await answer('a', unauthorised);
    expect(outbox.state()).toEqual({ kind: 'paused', reasons: ['signed-out'] });
    expect(ids()).toEqual([]);
    expect(outbox.entries()).toHaveLength(2);
    outbox.resume('signed-out');
    await settle();
    expect(ids()).toEqual(['a', 'b']);
  });

  test('S5.15 F11 a network failure of the renewal is no sign-out: it is tried again', async () => {
    let works = false;
    const { write, answer, ids, outbox, time } = bench({
      renew: () => (works ? Promise.resolve('renewed') : Promise.reject(new Error('no network'))),
    });
    await write('a', 'x');
    await answer('a', unauthorised);
    expect(outbox.state()).toMatchObject({ kind: 'held', by: 'unreachable' });
    works = true;
    await time.advance(60_000);
    await answer('a', unauthorised);
    await time.advance(60_000);
    expect(ids()).toEqual(['a']);
  });

  test('S5.15 I6 an entry that is refused in spite of every renewal rests longer and longer; others go on', async () => {
    let renewals = 0;
    const { write, answer, ids, time, turns } = bench({
      renew: () => {
        renewals += 1;
        return Promise.resolve('renewed');
      },
    });
    await write('a', 'x');
    await answer('a', unauthorised);
    expect(ids()).toEqual(['a']);
    await answer('a', unauthorised);
    expect(renewals).toBe(2);
    expect(turns()).toEqual({ a: 'waiting' });
    await write('b', 'y');
    expect(ids()).toEqual(['b']);
    await time.advance(60_000);
    expect(ids()).toEqual(['b', 'a']);
  });
});
