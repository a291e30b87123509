// oxlint-disable typescript/no-unsafe-type-assertion -- the depth of a node tells leaves from branches, its type cannot
import { development } from '../core/index.ts';

const BITS = 6;
const WIDTH = 1 << BITS;
const MASK = WIDTH - 1;

/** A leaf holds members, a branch holds nodes. */
type Node<T> = readonly (T | Node<T>)[];
type OpenNode = unknown[];

/**
 * A persistent list as plain JSON: arrays of 64, `depth` levels of them above the leaves. States share the nodes
 * that did not change. Members are never arrays, and never undefined.
 */
export interface Vector<T> {
  readonly n: number;
  readonly depth: number;
  readonly root: Node<T>;
}

const NOTHING: Vector<never> = Object.freeze({ n: 0, depth: 0, root: Object.freeze([]) });

export function emptyVector<T>(): Vector<T> {
  return NOTHING;
}

/** @param slot from 0 to `n - 1` */
export function memberAt<T>(vector: Vector<T>, slot: number): T {
  return find(vector.root, vector.depth, slot) as T;
}

export function forEachMember<T>(vector: Vector<T>, visit: (member: T, slot: number) => void): void {
  let slot = 0;
  const walk = (node: Node<T>, level: number): void => {
    if (level > 0) for (const child of node) walk(child as Node<T>, level - 1);
    else for (const member of node) visit(member as T, slot++);
  };
  walk(vector.root, vector.depth);
}

/**
 * Tells each slot whose member differs, `undefined` where there is none; nodes that both share are skipped.
 * @returns false, at once, when more than `budget` slots differ.
 */
export function diffVectors<T>(
  before: Vector<T>,
  after: Vector<T>,
  budget: number,
  visit: (slot: number, from: T | undefined, to: T | undefined) => void,
): boolean {
  let left = budget;
  const walk = (from: Node<T>, to: Node<T>, level: number, first: number): boolean => {
    if (from === to) return true;
    const length = Math.max(from.length, to.length);
    for (let at = 0; at < length; at += 1) {
      if (from[at] === to[at]) continue;
      if (level > 0) {
        const start = first + at * WIDTH ** level;
        if (!walk((from[at] ?? []) as Node<T>, (to[at] ?? []) as Node<T>, level - 1, start)) return false;
      } else {
        if (left === 0) return false;
        left -= 1;
        visit(first + at, from[at] as T | undefined, to[at] as T | undefined);
      }
    }
    return true;
  };
  const depth = Math.max(before.depth, after.depth);
  return walk(raise(before, depth), raise(after, depth), depth, 0);
}

const NO_LEAF: OpenNode = [];

/**
 * Changes made to a vector together: each node that the two states do not share is copied once. Nodes never leave their
 * place, so one that is not what stood in its place before is a copy already.
 */
export class VectorEdit<T> {
  readonly #before: Vector<T>;
  #n: number;
  #depth: number;
  #root: OpenNode;
  /** The leaf written last, and which stretch of slots it holds: most writes of a batch are neighbours. */
  #leaf = NO_LEAF;
  #stretch = -1;

  constructor(before: Vector<T>) {
    this.#before = before;
    this.#n = before.n;
    this.#depth = before.depth;
    this.#root = before.root as OpenNode;
  }

  get n(): number {
    return this.#n;
  }

  get(slot: number): T {
    const member =
      slot >>> BITS === this.#stretch ? this.#leaf[slot & MASK] : find(this.#root, this.#depth, slot);
    return member as T;
  }

  set(slot: number, member: T): void {
    this.#openLeaf(slot)[slot & MASK] = member;
  }

  push(member: T): void {
    if (this.#n === WIDTH ** (this.#depth + 1)) {
      this.#root = [this.#root];
      this.#depth += 1;
    }
    this.#openLeaf(this.#n).push(member);
    this.#n += 1;
  }

  pop(): void {
    const leaf = this.#openLeaf(this.#n - 1);
    leaf.pop();
    this.#n -= 1;
    if (leaf.length > 0) return;
    this.#stretch = -1;
    trim(this.#root, this.#depth);
    while (this.#depth > 0 && this.#root.length <= 1) {
      this.#root = (this.#root[0] ?? []) as OpenNode;
      this.#depth -= 1;
    }
  }

  /** The vector after the changes; the edit is over. */
  done(): Vector<T> {
    if (this.#n === 0) return NOTHING;
    if (this.#root === this.#before.root) return this.#before;
    const after: Vector<T> = { n: this.#n, depth: this.#depth, root: this.#root as Node<T> };
    if (development) freezeLeaves(after, this.#before);
    return after;
  }

  #openLeaf(slot: number): OpenNode {
    const stretch = slot >>> BITS;
    if (stretch === this.#stretch) return this.#leaf;
    let old = nodeAt(this.#before, this.#depth, slot);
    let node = (this.#root = opened(this.#root, old));
    for (let level = this.#depth; level > 0; level -= 1) {
      const at = (slot >>> (level * BITS)) & MASK;
      // Above the old root there is no old node yet, and at its level there is one.
      old = old === undefined ? nodeAt(this.#before, level - 1, slot) : (old[at] as OpenNode | undefined);
      node = node[at] = opened((node[at] ?? []) as OpenNode, old);
    }
    this.#stretch = stretch;
    this.#leaf = node;
    return node;
  }
}

/** Spread, not slice: V8 takes the slow path of slice on a frozen array. */
function opened(node: OpenNode, old: OpenNode | undefined): OpenNode {
  return node === old ? [...node] : node;
}

/** The node of a level on the way to a slot; undefined where the vector has none there. */
function nodeAt<T>({ root, depth }: Vector<T>, level: number, slot: number): OpenNode | undefined {
  if (level > depth || slot >>> ((depth + 1) * BITS) !== 0) return undefined;
  let node: OpenNode | undefined = root as OpenNode;
  for (let above = depth; above > level && node !== undefined; above -= 1) {
    node = node[(slot >>> (above * BITS)) & MASK] as OpenNode | undefined;
  }
  return node;
}

/** Leaves alone: a frozen tree makes the serialisability check walk everything, an open leaf the mutation check. */
function freezeLeaves<T>(after: Vector<T>, before: Vector<T>): void {
  const freeze = (node: Node<T>, old: Node<T> | undefined, level: number): void => {
    if (node === old) return;
    if (level === 0) Object.freeze(node);
    else
      for (const [at, child] of node.entries())
        freeze(child as Node<T>, old?.[at] as Node<T> | undefined, level - 1);
  };
  const depth = Math.max(after.depth, before.depth);
  freeze(raise(after, depth), raise(before, depth), depth);
}

function find(root: readonly unknown[], depth: number, slot: number): unknown {
  let node = root;
  for (let level = depth; level > 0; level -= 1) node = node[(slot >>> (level * BITS)) & MASK] as OpenNode;
  return node[slot & MASK];
}

function raise<T>({ root, depth }: Vector<T>, to: number): Node<T> {
  let node = root;
  for (let level = depth; level < to; level += 1) node = [node];
  return node;
}

/** Takes off the nodes at the end that hold nothing. Those on the way are copies already. */
function trim(node: OpenNode, level: number): void {
  if (level === 0) return;
  const last = node.at(-1) as OpenNode;
  trim(last, level - 1);
  if (last.length === 0) node.pop();
}
