import type { Clock } from '../../core/ports.ts';
import { ServerError } from '../../core/errors.ts';

interface Waiter {
  holder: object | null;
  enter: () => void;
}

/**
 * Who may use the one connection. Single queries pass freely (they follow each other on the wire); a transaction has it alone from its
 * begin to its end. First come, first served.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #waitMs: number;
  #holder: object | null = null;
  #waiting: Waiter[] = [];

  constructor(clock: Clock, waitMs: number) {
    this.#clock = clock;
    this.#waitMs = waitMs;
  }

  /** True when `who` may send at once; else wait for `pass`. */
  isFree(who: object): boolean {
    return this.#holder === who || (this.#holder === null && this.#waiting.length === 0);
  }

  /** Resolves when a single query may be sent. */
  pass(who: object): Promise<void> {
    return this.isFree(who) ? Promise.resolve() : this.#wait(null);
  }

  /** Resolves when `who` has the connection alone. */
  take(who: object): Promise<void> {
    if (this.#holder === null && this.#waiting.length === 0) {
      this.#holder = who;
      return Promise.resolve();
    }
    return this.#wait(who);
  }

  giveBack(who: object): void {
    if (this.#holder !== who) return;
    this.#holder = null;
    while (this.#holder === null) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#holder = next.holder;
      next.enter();
    }
  }

  #wait(holder: object | null): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(this.#waitMs, () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(
          new ServerError(
            'unavailable',
            `The embedded database was busy with one transaction for ${this.#waitMs} ms. Try again; transactions must not wait for anything but their own queries.`,
          ),
        );
      });
      const waiter: Waiter = {
        holder,
        enter: () => {
          cancel();
          resolve();
        },
      };
      this.#waiting.push(waiter);
    });
  }
}
