/** How a mutable derivation is made from a state and brought from one state to another. */
export interface Derivation<State, Derived> {
  build(state: State): Derived;
  /**
   * Brings `derived` from `from` to `to`. `far`: it is left as it was, and building is cheaper. `unrelated`: the same,
   * and `to` does not follow from `from` as far as is known, so that `from` may be needed again.
   */
  advance(derived: Derived, from: State, to: State): 'done' | 'far' | 'unrelated';
}

interface Replica<State, Derived> {
  state: State | null;
  derived: Derived;
}

/** Two stores in one process, or a page and its replay: more lines of states at once are rebuilt as they alternate. */
const LINES = 3;

/**
 * Something mutable that follows an immutable state: an index, a view. A replica reflects exactly one state and moves
 * along with it; states of another line (a second store, replaced state) get a replica of their own.
 */
export class Replicas<State extends object, Derived> {
  readonly #derivation: Derivation<State, Derived>;
  /** The one used last comes first. */
  readonly #replicas: Replica<State, Derived>[] = [];

  constructor(derivation: Derivation<State, Derived>) {
    this.#derivation = derivation;
  }

  /** What reflects this state; valid until the next call. */
  at(state: State): Derived {
    const latest = this.#replicas[0];
    return latest !== undefined && latest.state === state ? latest.derived : this.#reach(state).derived;
  }

  /**
   * Lets the caller change the derivation itself, from `state` to the state that `change` returns. If it throws, what
   * it left half-done is never used.
   */
  move<Result extends { readonly state: State }>(state: State, change: (derived: Derived) => Result): Result {
    this.at(state);
    const replica = this.#replicas[0]!;
    replica.state = null;
    const result = change(replica.derived);
    replica.state = result.state;
    return result;
  }

  #reach(state: State): Replica<State, Derived> {
    const known = this.#replicas.findIndex((replica) => replica.state === state);
    if (known >= 0) return this.#toFront(known);
    let successorOf = -1;
    for (const [at, replica] of this.#replicas.entries()) {
      if (replica.state === null) successorOf = at;
      else {
        const outcome = this.#derivation.advance(replica.derived, replica.state, state);
        if (outcome === 'done') {
          replica.state = state;
          return this.#toFront(at);
        }
        if (outcome === 'far' && successorOf < 0) successorOf = at;
      }
    }
    if (successorOf < 0 && this.#replicas.length === LINES) successorOf = LINES - 1;
    if (successorOf >= 0) this.#replicas.splice(successorOf, 1);
    const replica = { state, derived: this.#derivation.build(state) };
    this.#replicas.unshift(replica);
    return replica;
  }

  #toFront(at: number): Replica<State, Derived> {
    const [replica] = this.#replicas.splice(at, 1);
    this.#replicas.unshift(replica!);
    return replica!;
  }
}
