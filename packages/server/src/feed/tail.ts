import type { FullChange } from './types.ts';
import type { Placed } from './statements.ts';

/** The latest changes, in memory, without gaps; `offset` is the last one's position. Cheap to append to and to read from the end. */
export class Tail {
  readonly #most: number;
  #changes: FullChange[] = [];
  /** Position of the change before the first one kept. */
  #start: number;

  constructor(offset: number, most: number) {
    this.#start = offset;
    this.#most = most;
  }

  get offset(): number {
    return this.#start + this.#changes.length;
  }

  get size(): number {
    return this.#changes.length;
  }

  /** Takes the rows that follow `offset` directly; answers their changes, or null where there is a gap before them. */
  append(rows: readonly Placed[]): FullChange[] | null {
    const fresh = rows.filter(({ position }) => position > this.offset);
    const [first] = fresh;
    if (first === undefined) return [];
    if (first.position !== this.offset + 1) return null;
    const changes = fresh.map(({ change }) => change);
    this.#changes.push(...changes);
    // Cut in large steps, so that appending stays cheap.
    const surplus = this.#changes.length - this.#most;
    if (surplus > this.#most / 4) {
      this.#changes = this.#changes.slice(surplus);
      this.#start += surplus;
    }
    return changes;
  }

  /** The changes after `since`, or null where they are no longer all here. */
  after(since: number, limit: number): FullChange[] | null {
    if (since < this.#start || since > this.offset) return null;
    const from = since - this.#start;
    return this.#changes.slice(from, from + limit);
  }
}
