import type { RowId } from '../core/index.ts';
import type { Tombstone, Tombstones } from './types.ts';

const CHUNK = 32;
const CHUNKS = 128;

/**
 * A removal is remembered at least until this many more rows of its collection were removed. A row in flight for
 * longer than that could come back; the next word of the feed about it takes it away again.
 */
export const TOMBSTONES_KEPT: number = CHUNK * CHUNKS;

export const NO_TOMBSTONES: Tombstones = Object.freeze({
  older: Object.freeze([]),
  recent: Object.freeze([]),
});

/** @returns the removals with one more, the oldest dropped beyond the bound. */
export function bury({ older, recent }: Tombstones, id: RowId, order: number): Tombstones {
  if (recent.length < CHUNK) return { older, recent: [...recent, [id, order]] };
  return { older: [...(older.length === CHUNKS ? older.slice(1) : older), recent], recent: [[id, order]] };
}

type Chunks = readonly (readonly Tombstone[])[];

/** Under which order each id was removed last; follows the removals by the chunks that came and went. */
export class TombstoneIndex {
  #reflects = NO_TOMBSTONES;
  readonly #removals = new Map<RowId, { order: number; times: number }>();

  /** @returns the order of a remembered removal, or undefined. */
  orderOf(tombstones: Tombstones, id: RowId): number | undefined {
    if (tombstones !== this.#reflects) this.#follow(tombstones);
    return this.#removals.get(id)?.order;
  }

  #follow(tombstones: Tombstones): void {
    const before = this.#reflects;
    this.#reflects = tombstones;
    if (tombstones.older === before.older && begins(tombstones.recent, before.recent)) {
      this.#remember(tombstones.recent, before.recent.length);
    } else this.#followChunks([...before.older, before.recent], [...tombstones.older, tombstones.recent]);
  }

  #followChunks(before: Chunks, after: Chunks): void {
    const gone = chunksGone(before, after);
    const kept = before.length - gone;
    if (kept === 0) this.#removals.clear();
    else for (const chunk of before.slice(0, gone)) this.#forget(chunk);
    for (let at = Math.max(0, kept - 1); at < after.length; at += 1) {
      this.#remember(after[at]!, at < kept ? before[gone + at]!.length : 0);
    }
  }

  #remember(chunk: readonly Tombstone[], known: number): void {
    for (let at = known; at < chunk.length; at += 1) {
      const [id, order] = chunk[at]!;
      const removal = this.#removals.get(id);
      if (removal === undefined) this.#removals.set(id, { order, times: 1 });
      else {
        removal.order = order;
        removal.times += 1;
      }
    }
  }

  #forget(chunk: readonly Tombstone[]): void {
    for (const [id] of chunk) {
      const removal = this.#removals.get(id)!;
      removal.times -= 1;
      if (removal.times === 0) this.#removals.delete(id);
    }
  }
}

/** How many chunks fell off the front on the way from `before` to `after`; all, where it did not lead there. */
function chunksGone(before: Chunks, after: Chunks): number {
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
