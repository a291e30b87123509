import { invert } from '../core/index.ts';
import type { ChangeSet } from '../core/index.ts';
import type { CollectionState } from './types.ts';

/** A step from one state to the next. `changes` is null where there were too many to keep. */
interface Step {
  readonly from: CollectionState;
  readonly to: CollectionState;
  readonly changes: ChangeSet | null;
}

/** Change sets that lead, one after the other, from one state to another. */
export type Way = readonly ChangeSet[];

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

  record(from: CollectionState, to: CollectionState, changes: ChangeSet): void {
    this.#newest = (this.#newest + 1) % STEPS_KEPT;
    this.#steps[this.#newest] = { from, to, changes: changes.length > CHANGES_KEPT ? null : changes };
  }

  /**
   * The change sets on the way, in order, there or back; null where the way is known and one of them is not; undefined
   * where no way is known.
   */
  between(from: CollectionState, to: CollectionState): Way | null | undefined {
    const way = this.#forward(from, to);
    if (way !== undefined) return way;
    const back = this.#forward(to, from);
    return back?.map(invert).toReversed() ?? back;
  }

  #forward(from: CollectionState, to: CollectionState): Way | null | undefined {
    const newest = this.#steps[this.#newest];
    if (newest !== undefined && newest.to === to && newest.from === from) {
      return newest.changes === null ? null : [newest.changes];
    }
    const way: ChangeSet[] = [];
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
