import type { RowId } from '../core/index.ts';
import type { Tombstone } from './types.ts';

const CHUNK = 64;
const CHUNKS = 64;

/**
 * A removal is remembered at least until this many more rows of its collection were removed. A row in flight for
 * longer than that could come back; the feed's next word about it takes it away again.
 */
export const TOMBSTONES_KEPT: number = CHUNK * (CHUNKS - 1);

export type Tombstones = readonly (readonly Tombstone[])[];

export const NO_TOMBSTONES: Tombstones = Object.freeze([]);

/** @returns the removals with one more, the oldest dropped beyond the bound. */
export function bury(tombstones: Tombstones, id: RowId, order: number): Tombstones {
  const stone: Tombstone = [id, order];
  const last = tombstones.at(-1);
  if (last === undefined || last.length === CHUNK) {
    return [...(tombstones.length === CHUNKS ? tombstones.slice(1) : tombstones), [stone]];
  }
  const next = [...tombstones];
  next[next.length - 1] = [...last, stone];
  return next;
}

/** Under which order each id was removed last; follows the removals by the chunks that came and went. */
export class TombstoneIndex {
  #reflects: Tombstones = NO_TOMBSTONES;
  #removals = new Map<RowId, { order: number; times: number }>();

  /** @returns the order of a remembered removal, or undefined. */
  orderOf(tombstones: Tombstones, id: RowId): number | undefined {
    if (tombstones !== this.#reflects) this.#follow(tombstones);
    return this.#removals.get(id)?.order;
  }

  #follow(tombstones: Tombstones): void {
    const before = this.#reflects;
    const gone = chunksGone(before, tombstones);
    const kept = before.length - gone;
    if (kept === 0) this.#removals.clear();
    else for (const chunk of before.slice(0, gone)) for (const [id] of chunk) this.#forget(id);
    for (let at = Math.max(0, kept - 1); at < tombstones.length; at += 1) {
      const chunk = tombstones[at]!;
      const known = at < kept ? before[gone + at]!.length : 0;
      for (let stone = known; stone < chunk.length; stone += 1) this.#remember(chunk[stone]!);
    }
    this.#reflects = tombstones;
  }

  #remember([id, order]: Tombstone): void {
    const removal = this.#removals.get(id);
    if (removal === undefined) this.#removals.set(id, { order, times: 1 });
    else {
      removal.order = order;
      removal.times += 1;
    }
  }

  #forget(id: RowId): void {
    const removal = this.#removals.get(id)!;
    removal.times -= 1;
    if (removal.times === 0) this.#removals.delete(id);
  }
}

/** How many chunks fell off the front on the way from `before` to `after`; all, where it did not lead there. */
function chunksGone(before: Tombstones, after: Tombstones): number {
  for (let gone = 0; gone < before.length; gone += 1) {
    const last = before.length - gone - 1;
    if (last >= after.length) continue;
    let at = 0;
    while (at < last && before[gone + at] === after[at]) at += 1;
    if (at === last && begins(after[last]!, before[gone + last]!)) return gone;
  }
  return before.length;
}

function begins(chunk: readonly Tombstone[], beginning: readonly Tombstone[]): boolean {
  return (
    chunk === beginning ||
    (beginning.length <= chunk.length && beginning.every((stone, at) => stone === chunk[at]))
  );
}
