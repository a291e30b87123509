import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printedSeed } from '../testing/index.ts';
import { diffVectors, emptyVector, forEachMember, memberAt, VectorEdit } from './vector.ts';
import type { Vector } from './vector.ts';

interface Item {
  readonly value: number;
}

const item = (value: number): Item => ({ value });

function vectorOf(items: readonly Item[]): Vector<Item> {
  const edit = new VectorEdit(emptyVector<Item>());
  for (const each of items) edit.push(each);
  return edit.done();
}

/** Whether the vector holds exactly these members, by walking as well as by slot. */
function holds(vector: Vector<Item>, items: readonly Item[]): boolean {
  const walked: Item[] = [];
  forEachMember(vector, (each, slot) => {
    walked[slot] = each;
  });
  return (
    vector.n === items.length &&
    walked.length === items.length &&
    items.every((each, slot) => walked[slot] === each && memberAt(vector, slot) === each)
  );
}

function nodesOf(vector: Vector<Item>): Set<unknown> {
  const nodes = new Set<unknown>();
  const walk = (node: unknown): void => {
    if (!Array.isArray(node)) return;
    nodes.add(node);
    for (const child of node) walk(child);
  };
  walk(vector.root);
  return nodes;
}

/** How many arrays of `after` are not arrays of `before`. */
function copies(before: Vector<Item>, after: Vector<Item>): number {
  const known = nodesOf(before);
  return [...nodesOf(after)].filter((node) => !known.has(node)).length;
}

type Step =
  | { readonly kind: 'push'; readonly count: number }
  | { readonly kind: 'pop'; readonly count: number }
  | { readonly kind: 'set'; readonly at: readonly number[] };

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('push' as const), count: fc.integer({ min: 1, max: 5000 }) }),
    fc.record({ kind: fc.constant('pop' as const), count: fc.integer({ min: 1, max: 5000 }) }),
    fc.record({ kind: fc.constant('set' as const), at: fc.array(fc.nat(), { maxLength: 40 }) }),
  ),
  { maxLength: 12 },
);

function run(step: Step, edit: VectorEdit<Item>, twin: Item[], next: () => Item): void {
  if (step.kind === 'set') {
    for (const place of twin.length === 0 ? [] : step.at) {
      const at = place % twin.length;
      twin[at] = next();
      edit.set(at, twin[at]);
    }
    return;
  }
  for (let times = 0; times < step.count; times += 1) {
    if (step.kind === 'push') {
      twin.push(next());
      edit.push(twin.at(-1)!);
    } else if (twin.length > 0) {
      twin.pop();
      edit.pop();
    }
  }
}

describe('the persistent vector', () => {
  const seed = printedSeed('vector');
  let made = 0;
  const next = (): Item => item((made += 1));

  test('S2.1 does what an array does, and leaves every earlier state as it was', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        let vector = emptyVector<Item>();
        const twin: Item[] = [];
        const states: { readonly vector: Vector<Item>; readonly items: readonly Item[] }[] = [];
        for (const step of sequence) {
          const edit = new VectorEdit(vector);
          run(step, edit, twin, next);
          vector = edit.done();
          states.push({ vector, items: [...twin] });
        }
        for (const state of states) expect(holds(state.vector, state.items)).toBe(true);
        const afresh = vectorOf(twin);
        expect([vector.n, vector.depth]).toEqual([afresh.n, afresh.depth]);
        expect(diffVectors(vector, afresh, 0, () => {})).toBe(true);
      }),
      { seed, numRuns: 200 },
    );
  });

  test('S2.1 is plain JSON of the size of its members', () => {
    const items = Array.from({ length: 10_000 }, (_, at) => ({
      value: at,
      name: `somebody with a name ${at}`,
    }));
    const text = JSON.stringify(vectorOf(items));
    expect(JSON.parse(text)).toEqual(vectorOf(items));
    expect(text.length).toBeLessThan(JSON.stringify(items).length * 1.005);
  });

  test('S2.2 a step copies the nodes on the way to what it changes, each once', () => {
    const before = vectorOf(Array.from({ length: 100_000 }, (_, at) => item(at)));
    const edit = (work: (edit: VectorEdit<Item>) => void): Vector<Item> => {
      const open = new VectorEdit(before);
      work(open);
      return open.done();
    };
    expect(
      copies(
        before,
        edit((open) => open.set(70_000, item(-1))),
      ),
    ).toBe(3);
    expect(
      copies(
        before,
        edit((open) => open.push(item(-1))),
      ),
    ).toBeLessThanOrEqual(3);
    expect(
      copies(
        before,
        edit((open) => open.pop()),
      ),
    ).toBe(3);
    const hole = edit((open) => {
      open.set(5, open.get(open.n - 1));
      open.pop();
    });
    expect(copies(before, hole)).toBe(5);
    const batch = edit((open) => {
      for (let at = 0; at < 64; at += 1) open.set(at, item(-at));
    });
    expect(copies(before, batch)).toBe(3);
    expect(edit(() => {})).toBe(before);
  });

  test('S2.2 in development leaves are frozen, branches are not', () => {
    const { root } = vectorOf(Array.from({ length: 100 }, (_, at) => item(at)));
    expect(Object.isFrozen(root)).toBe(false);
    for (const leaf of root) expect(Object.isFrozen(leaf)).toBe(true);
  });

  test('S2.18 comparing tells exactly the slots that differ, and gives up at its budget', () => {
    fc.assert(
      fc.property(steps, steps, (first, second) => {
        const twin: Item[] = [];
        const build = new VectorEdit(emptyVector<Item>());
        for (const step of first) run(step, build, twin, next);
        const before = build.done();
        const old = [...twin];
        const edit = new VectorEdit(before);
        for (const step of second) run(step, edit, twin, next);
        const after = edit.done();
        let found = 0;
        const within = diffVectors(before, after, Infinity, (slot, from, to) => {
          found += 1;
          if (from === to || old[slot] !== from || twin[slot] !== to) throw new Error(`slot ${slot}`);
        });
        expect(within).toBe(true);
        const slots = Array.from({ length: Math.max(old.length, twin.length) }, (_, slot) => slot);
        expect(found).toBe(slots.filter((slot) => old[slot] !== twin[slot]).length);
        if (found > 0) expect(diffVectors(before, after, found - 1, () => {})).toBe(false);
      }),
      { seed, numRuns: 200 },
    );
  });
});
