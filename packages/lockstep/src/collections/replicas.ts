/** How a mutable derivation is made from a state and brought from one state to another. */
export interface Derivation<State, Derived> {
  build(state: State): Derived;
  /**
   * Brings `derived` from `from` to `to`, or leaves it as it was. `far`: building is cheaper; `unrelated`: the same, and
   * nothing is known that led from the one to the other, so that `from` may be needed again.
   * @param asRecorded only along steps that were recorded; finding out more can cost much.
   */
  advance(derived: Derived, from: State, to: State, asRecorded: boolean): Outcome;
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
  /** The one used last comes first. */
  readonly #replicas: Replica<State, Derived>[] = [];
  /** The one whose line of states led too far to follow. */
  #superseded: Replica<State, Derived> | null = null;

  constructor(derivation: Derivation<State, Derived>) {
    this.#derivation = derivation;
  }

  /** What reflects this state; valid until the next call. */
  at(state: State): Derived {
    return this.replicaAt(state).derived;
  }

  /** For a caller that moves the derivation itself: it sets `state` to null first, and to the state reached at last. */
  replicaAt(state: State): Replica<State, Derived> {
    const latest = this.#replicas[0];
    if (latest !== undefined && latest.state === state) return latest;
    for (let at = 1; at < this.#replicas.length; at += 1) {
      if (this.#replicas[at]!.state === state) return this.#toFront(at);
    }
    return this.#bring(state, true) ?? this.#bring(state, false) ?? this.#build(state);
  }

  #bring(state: State, asRecorded: boolean): Replica<State, Derived> | null {
    for (let at = 0; at < this.#replicas.length; at += 1) {
      const replica = this.#replicas[at]!;
      const outcome = this.#move(replica, state, asRecorded);
      if (outcome === 'done') return at === 0 ? replica : this.#toFront(at);
      if (outcome === 'far') this.#superseded = replica;
    }
    return null;
  }

  /** In the place of a replica whose line of states led here, or of the one that was longest not used. */
  #build(state: State): Replica<State, Derived> {
    const superseded = this.#superseded === null ? -1 : this.#replicas.indexOf(this.#superseded);
    if (superseded >= 0) this.#replicas.splice(superseded, 1);
    else if (this.#replicas.length === LINES) this.#replicas.pop();
    this.#superseded = null;
    const replica = { state, derived: this.#derivation.build(state) };
    this.#replicas.unshift(replica);
    return replica;
  }

  /** A replica that was left half-way, because something threw, is far from everything. */
  #move(replica: Replica<State, Derived>, to: State, asRecorded: boolean): Outcome {
    const from = replica.state;
    if (from === null) return 'far';
    replica.state = null;
    const outcome = this.#derivation.advance(replica.derived, from, to, asRecorded);
    replica.state = outcome === 'done' ? to : from;
    return outcome;
  }

  #toFront(at: number): Replica<State, Derived> {
    const [replica] = this.#replicas.splice(at, 1);
    this.#replicas.unshift(replica!);
    return replica!;
  }
}
