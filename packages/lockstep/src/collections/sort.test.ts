import { compareText } from '@lockstep/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collection } from '../core/index.ts';
import { printedSeed } from '../testing/index.ts';
import { comparatorOf, orderOf } from './order.ts';
import { sortRows, weigh } from './sort.ts';
import type { Order, OrderKey } from './types.ts';

interface Thing {
  readonly id: string;
  readonly first: OrderKey;
  readonly second: OrderKey;
}

const things = collection('things', { id: (row: Thing) => row.id });

const text = fc.string({
  unit: fc.constantFrom('', 'a', 'b', 'ab', '\u0000', 'é', '\uD83D\uDE00', '\uFF5E', '\uE000'),
});
const times = fc.integer({ min: 0, max: 2 ** 40 }).map((ms) => new Date(ms).toISOString());
const numbers = fc.oneof(fc.integer(), fc.double({ noNaN: true }));
const kinds = fc.constantFrom(
  text,
  times,
  numbers,
  fc.oneof(text, numbers),
  fc.oneof(text, fc.constant(null)),
  fc.oneof(numbers, fc.constant(null)),
);

const rows = kinds.chain((first) =>
  fc.uniqueArray(
    fc.record({ id: fc.string({ minLength: 1, maxLength: 3 }), first, second: fc.oneof(text, numbers) }),
    { selector: (row) => row.id, maxLength: 120, size: 'max' },
  ),
);

describe('sorting', () => {
  const seed = printedSeed('sorting');

  test('S3.2 puts rows in the order in which they compare', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom('asc', 'desc'), fc.boolean(), (given, direction, twice) => {
        const order: Order<Thing> = [
          { key: (row) => row.first, direction },
          ...(twice ? [{ key: (row: Thing) => row.second, direction: 'asc' as const }] : []),
        ];
        const sorted = sortRows(orderOf(things, order as Order<object>), given);
        const compare = comparatorOf(things, order);
        expect(sorted.rows).toEqual(given.toSorted(compare));
        expect(sorted.keys).toHaveLength(given.length);
      }),
      { seed, numRuns: 1000 },
    );
  });

  test('S3.2 a weight never contradicts the keys that it stands for', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            text.filter((each) => !/[\uD800-\uFFFF]/.test(each)),
            times,
          ),
          { maxLength: 60 },
        ),
        (keys) => {
          const weights = weigh(keys);
          for (const [at, key] of keys.entries()) {
            for (const [other, otherKey] of keys.entries()) {
              const difference = weights[at]! - weights[other]!;
              if (difference !== 0) expect(Math.sign(difference)).toBe(Math.sign(compareText(key, otherKey)));
            }
          }
        },
      ),
      { seed, numRuns: 200 },
    );
  });

  test('S3.2 weights tell times apart to the millisecond', () => {
    const keys = Array.from({ length: 500 }, (_, at) =>
      new Date(1_700_000_000_000 + at * 7_919_003).toISOString(),
    );
    expect(new Set(weigh(keys)).size).toBe(keys.length);
  });
});
