import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printedSeed } from '../testing/index.ts';
import { PrefixSums, SortedList } from './sorted-list.ts';

interface Entry {
  readonly key: number;
  readonly id: number;
}

let comparisons = 0;

function compare(key: number, id: number, otherKey: number, otherId: number): number {
  comparisons += 1;
  return key - otherKey || id - otherId;
}

const entries = fc.record({ key: fc.integer({ min: 0, max: 30 }), id: fc.integer({ min: 0, max: 2000 }) });
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('insert', 'remove', 'replace'),
    entries: fc.array(entries, { maxLength: 400 }),
  }),
  { maxLength: 10 },
);

const inOrder = (a: Entry, b: Entry): number => a.key - b.key || a.id - b.id;

function listOf(count: number): SortedList<number, number> {
  const list = new SortedList<number, number>(compare);
  const places = Array.from({ length: count }, (_, at) => at);
  list.load(places, places);
  return list;
}

describe('the sorted list', () => {
  const seed = printedSeed('sorted list');

  test('S3.1 does what a sorted array does', () => {
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 1000 }), steps, (first, sequence) => {
        const twin = new Map(first.map((entry) => [`${entry.key} ${entry.id}`, entry]));
        const list = new SortedList<number, number>(compare);
        const sorted = [...twin.values()].toSorted(inOrder);
        list.load(
          sorted.map((entry) => entry.key),
          sorted.map((entry) => entry.id),
        );
        for (const step of sequence) {
          for (const entry of step.entries) {
            const name = `${entry.key} ${entry.id}`;
            const known = twin.has(name);
            if (step.kind === 'insert') {
              expect(list.insert(entry.key, entry.id)).toBe(!known);
              twin.set(name, entry);
            } else if (step.kind === 'remove') {
              expect(list.remove(entry.key, entry.id)).toBe(known);
              twin.delete(name);
            } else expect(list.replace(entry.key, entry.id)).toBe(known);
          }
          const expected = [...twin.values()].toSorted(inOrder);
          const ids = expected.map((entry) => entry.id);
          expect(list.size).toBe(ids.length);
          expect(list.slice(0, Infinity)).toEqual(ids);
          for (const offset of [0, 1, Math.floor(ids.length / 2), ids.length - 1, ids.length]) {
            expect(list.slice(Math.max(0, offset), 7)).toEqual(
              ids.slice(Math.max(0, offset), Math.max(0, offset) + 7),
            );
          }
          for (const [rank, entry] of expected.entries()) {
            if (rank % 17 === 0) expect(list.rankOf(entry.key, entry.id)).toBe(rank);
          }
          expect(list.rankOf(-1, 0)).toBe(-1);
          for (const key of [-1, 0, 15, 31]) {
            expect(list.countWhile((other) => other <= key)).toBe(
              expected.filter((entry) => entry.key <= key).length,
            );
          }
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  test('S3.5 an entry is found, put in and taken out in a logarithm of comparisons', () => {
    const list = listOf(100_000);
    comparisons = 0;
    list.insert(50_000, 0.5);
    expect(comparisons).toBeLessThanOrEqual(20);
    list.remove(50_000, 0.5);
    list.replace(70_000, 70_000);
    list.rankOf(99_999, 99_999);
    expect(comparisons).toBeLessThanOrEqual(80);
  });

  test('S3.3 a window far from the start touches no other chunk', () => {
    const list = listOf(100_000);
    comparisons = 0;
    const touched = new Set<number>();
    for (const [at, chunk] of list.chunks.entries()) {
      const items = [...chunk.items];
      Object.defineProperty(chunk, 'items', {
        get: () => {
          touched.add(at);
          return items;
        },
      });
    }
    expect(list.slice(50_000, 20)).toEqual(Array.from({ length: 20 }, (_, at) => 50_000 + at));
    expect(touched.size).toBeLessThanOrEqual(2);
    expect(comparisons).toBe(0);
  });

  test('S3.3 chunks stay between sparse and full, whatever happens at one place', () => {
    const list = listOf(1000);
    for (let at = 0; at < 5000; at += 1) list.insert(500, 500 + at / 10_000);
    expect(Math.max(...list.chunks.map((chunk) => chunk.items.length))).toBeLessThan(256);
    for (let at = 1; at < 5000; at += 1) list.remove(500, 500 + at / 10_000);
    expect(list.chunks.length).toBeLessThanOrEqual(Math.ceil(list.size / 48));
    for (let at = 0; at < 1000; at += 1) list.remove(at, at);
    expect(list.size).toBe(0);
    expect(list.chunks.length).toBe(0);
  });
});

describe('prefix sums', () => {
  test('S3.3 tell the sum before an index and the index that holds a place', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 70 }),
        fc.nat(),
        fc.nat(),
        (numbers, at, by) => {
          const sums = new PrefixSums(numbers);
          const changed = [...numbers];
          changed[at % numbers.length]! += by % 5;
          sums.add(at % numbers.length, by % 5);
          let before = 0;
          for (const [index, number] of changed.entries()) {
            expect(sums.before(index)).toBe(before);
            for (let place = before; place < before + number; place += 1)
              expect(sums.holding(place)).toBe(index);
            before += number;
          }
          expect(sums.before(changed.length)).toBe(before);
        },
      ),
      { seed: printedSeed('prefix sums'), numRuns: 500 },
    );
  });
});
