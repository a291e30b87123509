import { describe, expect, test } from 'vitest';
import { acknowledged, bench } from './harness.ts';

describe('order', () => {
  test('the first of each lane is sent, the next when it has settled', async () => {
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
});
