import type { RowChange } from '../core/index.ts';
import type { CollectionState } from './types.ts';

/** A step from one state to the next. `changes` is null where there were too many to keep. */
interface Step {
  readonly from: CollectionState;
  readonly to: CollectionState;
  readonly changes: readonly RowChange[] | null;
}

const STEPS_KEPT = 64;
const CHANGES_KEPT = 256;

/**
 * The steps made last, so that a view need not compare states to learn what it just missed. Views are right without
 * it; it is kept short because it keeps old states alive.
 */
export class History {
  /** A ring; the newest step is at `#newest`. */
  readonly #steps: Step[] = [];
  #newest = -1;

  record(from: CollectionState, to: CollectionState, changes: readonly RowChange[]): void {
    this.#newest = (this.#newest + 1) % STEPS_KEPT;
    this.#steps[this.#newest] = { from, to, changes: changes.length > CHANGES_KEPT ? null : changes };
  }

  /**
   * The change sets on the way, in order; null where the way is known and one of them is not; undefined where no way
   * is known.
   */
  between(from: CollectionState, to: CollectionState): readonly (readonly RowChange[])[] | null | undefined {
    const newest = this.#steps[this.#newest];
    if (newest !== undefined && newest.to === to && newest.from === from) {
      return newest.changes === null ? null : [newest.changes];
    }
    const way: (readonly RowChange[])[] = [];
    let known = true;
    let place = to;
    for (let back = 0; back < this.#steps.length; back += 1) {
      const step = this.#steps[(this.#newest - back + STEPS_KEPT) % STEPS_KEPT]!;
      if (step.to !== place) continue;
      if (step.changes === null) known = false;
      else way.push(step.changes);
      if (step.from === from) return known ? way.toReversed() : null;
      place = step.from;
    }
    return undefined;
  }
}
