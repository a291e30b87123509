/** How a mutable derivation is made from a state and brought from one state to another. */
export interface Derivation<State, Derived> {
  build(state: State): Derived;
  /**
   * Brings `derived` from `from` to `to`. `far`: it is left as it was, and building is cheaper. `unrelated`: the same,
   * and `to` does not follow from `from` as far as is known, so that `from` may be needed again.
   */
  advance(derived: Derived, from: State, to: State): Outcome;
}

type Outcome = 'done' | 'far' | 'unrelated';

/** A derivation, and the state that it reflects; null while, or since, it was left half-way between two states. */
export interface Replica<State, Derived> {
  state: State | null;
  readonly derived: Derived;
}

/** Two stores in one process, or a page and its replay: of more lines of states at once some are rebuilt in turn. */
const LINES = 3;

/**
 * Something mutable that follows an immutable state: an index, a view. A replica reflects exactly one state and moves
 * along with it; states of another line (a second store, replaced state) get a replica of their own.
 */
export class Replicas<State extends object, Derived> {
  readonly #derivation: Derivation<State, Derived>;
  #latest: Replica<State, Derived> | null = null;
  /** Those that were used before, the last one first. */
  readonly #others: Replica<State, Derived>[] = [];

  constructor(derivation: Derivation<State, Derived>) {
    this.#derivation = derivation;
  }

  /** What reflects this state; valid until the next call. */
  at(state: State): Derived {
    return this.replicaAt(state).derived;
  }

  /** For a caller that moves the derivation itself: it sets `state` to null first, and to the state reached at last. */
  replicaAt(state: State): Replica<State, Derived> {
    const latest = this.#latest;
    if (latest !== null && latest.state === state) return latest;
    const known = this.#others.findIndex((replica) => replica.state === state);
    if (known >= 0) return this.#use(known);
    const outcome = latest === null ? 'far' : this.#move(latest, state);
    return latest !== null && outcome === 'done' ? latest : this.#reach(state, outcome === 'unrelated');
  }

  #reach(state: State, keepsLatest: boolean): Replica<State, Derived> {
    for (let at = 0; at < this.#others.length; at += 1) {
      const outcome = this.#move(this.#others[at]!, state);
      if (outcome === 'done') return this.#use(at);
      if (outcome === 'far') this.#others.splice(at--, 1);
    }
    if (keepsLatest) this.#others.unshift(this.#latest!);
    if (this.#others.length === LINES) this.#others.pop();
    this.#latest = { state, derived: this.#derivation.build(state) };
    return this.#latest;
  }

  /** A replica that is left half-way, because something threw, is `far` from everything. */
  #move(replica: Replica<State, Derived>, to: State): Outcome {
    const from = replica.state;
    if (from === null) return 'far';
    replica.state = null;
    const outcome = this.#derivation.advance(replica.derived, from, to);
    replica.state = outcome === 'done' ? to : from;
    return outcome;
  }

  #use(at: number): Replica<State, Derived> {
    const [replica] = this.#others.splice(at, 1);
    this.#others.unshift(this.#latest!);
    this.#latest = replica!;
    return replica!;
  }
}
