const FULL = 256;
const FRESH = 192;
const SPARSE = 48;

/** Negative where the first comes before the second. Total: zero for one and the same entry only. */
export type Compare<K, T> = (key: K, item: T, otherKey: K, otherItem: T) => number;

/** A stretch of neighbours. `revision` grows with each change inside it. */
export interface Chunk<K, T> {
  readonly keys: K[];
  readonly items: T[];
  revision: number;
}

/**
 * A list kept in order in chunks of up to 256: finding, inserting, removing, ranks and windows in O(log n).
 * Keys stand beside the items, so that a comparison touches no item unless keys are equal.
 */
export class SortedList<K, T> {
  readonly #compare: Compare<K, T>;
  #chunks: Chunk<K, T>[] = [];
  #sizes = new PrefixSums([]);
  #size = 0;
  /** Where the last search ended: the chunk, and the place inside it. */
  #chunkAt = 0;
  #at = 0;

  constructor(compare: Compare<K, T>) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  get chunks(): readonly Chunk<K, T>[] {
    return this.#chunks;
  }

  /** Replaces everything. The entries must be in order. */
  load(keys: readonly K[], items: readonly T[]): void {
    this.#chunks = [];
    for (let at = 0; at < items.length; at += FRESH) {
      this.#chunks.push({
        keys: keys.slice(at, at + FRESH),
        items: items.slice(at, at + FRESH),
        revision: 0,
      });
    }
    this.#size = items.length;
    this.#measure();
  }

  /** @returns false where an equal entry is there already; it stays. */
  insert(key: K, item: T): boolean {
    if (this.#chunks.length === 0) {
      this.load([key], [item]);
      return true;
    }
    if (this.#search(key, item)) return false;
    const chunk = this.#chunks[this.#chunkAt]!;
    insertAt(chunk.keys, this.#at, key);
    insertAt(chunk.items, this.#at, item);
    chunk.revision += 1;
    this.#size += 1;
    if (chunk.items.length < FULL) this.#sizes.add(this.#chunkAt, 1);
    else this.#split(chunk);
    return true;
  }

  /** @returns false where there is no such entry. */
  remove(key: K, item: T): boolean {
    if (!this.#search(key, item)) return false;
    const chunk = this.#chunks[this.#chunkAt]!;
    removeAt(chunk.keys, this.#at);
    removeAt(chunk.items, this.#at);
    chunk.revision += 1;
    this.#size -= 1;
    if (chunk.items.length >= SPARSE || !this.#join(chunk)) this.#sizes.add(this.#chunkAt, -1);
    return true;
  }

  /** Puts an item in the place of one that compares equal. @returns false where there is none. */
  replace(key: K, item: T): boolean {
    if (!this.#search(key, item)) return false;
    const chunk = this.#chunks[this.#chunkAt]!;
    chunk.keys[this.#at] = key;
    chunk.items[this.#at] = item;
    chunk.revision += 1;
    return true;
  }

  /** The place of an entry, from 0; -1 where it is not there. */
  rankOf(key: K, item: T): number {
    return this.#search(key, item) ? this.#sizes.before(this.#chunkAt) + this.#at : -1;
  }

  /** How many entries stand before the first whose key fails `test`. Keys that pass must come before all others. */
  countWhile(test: (key: K) => boolean): number {
    const chunkAt = firstFailing(this.#chunks.length, (at) => test(this.#chunks[at]!.keys.at(-1)!));
    const keys = this.#chunks[chunkAt]?.keys ?? [];
    return this.#sizes.before(chunkAt) + firstFailing(keys.length, (at) => test(keys[at]!));
  }

  /** The items from the place `offset` on, at most `limit` of them. */
  slice(offset: number, limit: number): T[] {
    const end = Math.min(this.#size, offset + limit);
    const items: T[] = [];
    if (offset >= end) return items;
    let chunkAt = this.#sizes.holding(offset);
    let at = offset - this.#sizes.before(chunkAt);
    for (let left = end - offset; left > 0; chunkAt += 1, at = 0) {
      const source = this.#chunks[chunkAt]!.items;
      const stop = Math.min(source.length, at + left);
      left -= stop - at;
      for (; at < stop; at += 1) items.push(source[at]!);
    }
    return items;
  }

  /** Finds the entry, or the place where it belongs. */
  #search(key: K, item: T): boolean {
    const chunks = this.#chunks;
    const compare = this.#compare;
    let low = 0;
    let high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { keys, items } = chunks[middle]!;
      const last = items.length - 1;
      if (compare(key, item, keys[last]!, items[last]!) > 0) low = middle + 1;
      else high = middle;
    }
    this.#chunkAt = low;
    this.#at = 0;
    if (low >= chunks.length) return false;
    const { keys, items } = chunks[low]!;
    low = 0;
    high = items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compare(key, item, keys[middle]!, items[middle]!);
      if (order === 0) {
        this.#at = middle;
        return true;
      }
      if (order > 0) low = middle + 1;
      else high = middle;
    }
    this.#at = low;
    return false;
  }

  #split(chunk: Chunk<K, T>): void {
    const half = chunk.items.length >>> 1;
    this.#chunks.splice(this.#chunkAt + 1, 0, {
      keys: chunk.keys.splice(half),
      items: chunk.items.splice(half),
      revision: 0,
    });
    this.#measure();
  }

  /** Gives the members of a sparse chunk to its neighbour. @returns false where they would not fit. */
  #join(chunk: Chunk<K, T>): boolean {
    const leftAt = Math.max(0, this.#chunkAt - 1);
    const left = this.#chunks[leftAt]!;
    const right = this.#chunks[leftAt + 1];
    if (right === undefined) {
      if (chunk.items.length > 0) return false;
      this.#chunks = [];
    } else {
      if (left.items.length + right.items.length > FRESH) return false;
      for (const key of right.keys) left.keys.push(key);
      for (const item of right.items) left.items.push(item);
      left.revision += 1;
      this.#chunks.splice(leftAt + 1, 1);
    }
    this.#measure();
    return true;
  }

  #measure(): void {
    this.#sizes = new PrefixSums(this.#chunks.map((chunk) => chunk.items.length));
  }
}

/** Sums of the first k numbers, and changes of one, in O(log n). Source: Fenwick, doi:10.1002/spe.4380240306. */
export class PrefixSums {
  readonly #tree: Int32Array;
  readonly #top: number;

  constructor(numbers: readonly number[]) {
    const tree = new Int32Array(numbers.length + 1);
    for (let at = 1; at < tree.length; at += 1) {
      tree[at]! += numbers[at - 1]!;
      const parent = at + (at & -at);
      if (parent < tree.length) tree[parent]! += tree[at]!;
    }
    this.#tree = tree;
    this.#top = numbers.length === 0 ? 0 : 1 << (31 - Math.clz32(numbers.length));
  }

  add(index: number, amount: number): void {
    for (let at = index + 1; at < this.#tree.length; at += at & -at) this.#tree[at]! += amount;
  }

  /** The sum of the numbers before `index`. */
  before(index: number): number {
    let sum = 0;
    for (let at = index; at > 0; at -= at & -at) sum += this.#tree[at]!;
    return sum;
  }

  /** The index of the number in whose stretch `place` falls: before(index) <= place < before(index + 1). */
  holding(place: number): number {
    let index = 0;
    let left = place;
    for (let step = this.#top; step > 0; step >>>= 1) {
      const next = index + step;
      if (next < this.#tree.length && this.#tree[next]! <= left) {
        index = next;
        left -= this.#tree[next]!;
      }
    }
    return index;
  }
}

function firstFailing(length: number, passes: (at: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** By hand: for stretches this short it is twice as fast as `splice`, and far faster than `copyWithin`. */
function insertAt<T>(list: T[], at: number, item: T): void {
  list.push(item);
  for (let to = list.length - 1; to > at; to -= 1) list[to] = list[to - 1]!;
  list[at] = item;
}

function removeAt(list: unknown[], at: number): void {
  for (let to = at + 1; to < list.length; to += 1) list[to - 1] = list[to];
  list.pop();
}
