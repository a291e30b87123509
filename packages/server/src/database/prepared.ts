/** Used this often, a statement is prepared: parsed and planned once a connection. */
const AFTER_USES = 5;
/** Statements that an application builds from lists of changing length must not fill the server's memory. */
const MOST = 250;
/** How many texts are counted before counting starts anew. */
const MOST_COUNTED = 2_000;

/** `cached plan must not change result type` (a table was altered) and `prepared statement does not exist`. */
const STALE = new Set(['0A000', '26000']);

export const isStale = (state: string | undefined): boolean => state !== undefined && STALE.has(state);

/** Names for the statements that are used again and again: without one, PostgreSQL parses and plans anew each time, which doubles the cost of a short statement. */
export class PreparedNames {
  #uses = new Map<string, number>();
  #names = new Map<string, string>();
  #generation = 0;

  /** Undefined: send it as it is. */
  nameFor(text: string): string | undefined {
    const name = this.#names.get(text);
    if (name !== undefined || this.#names.size >= MOST) return name;
    const uses = (this.#uses.get(text) ?? 0) + 1;
    if (uses >= AFTER_USES) {
      this.#uses.delete(text);
      const given = `s${this.#generation}_${this.#names.size}`;
      this.#names.set(text, given);
      return given;
    }
    if (this.#uses.size >= MOST_COUNTED) this.#uses.clear();
    this.#uses.set(text, uses);
    return undefined;
  }

  /** What was prepared so far is of no more use; the next ones get names that no connection knows. */
  forget(): void {
    this.#generation += 1;
    this.#names = new Map();
    this.#uses = new Map();
  }
}

/** Prepares nothing, for poolers that hand a connection from client to client. */
export const noNames: Pick<PreparedNames, 'nameFor' | 'forget'> = { nameFor: () => undefined, forget() {} };
