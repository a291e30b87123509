import type { Clock, Random, Timers } from '../core/index.ts';

export interface VirtualTime extends Clock, Timers {
  /** Moves the clock by `ms` and runs what falls due on the way, in order, each with its microtasks. */
  advance(ms: number): Promise<void>;
  /** How many timers wait. */
  readonly waiting: number;
  /** Milliseconds until the next timer, or null where none waits. */
  readonly nextIn: number | null;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock and timers that stand still until a test moves them. `start` is milliseconds since 1970. */
export function virtualTime(start = 1_700_000_000_000): VirtualTime {
  let now = start;
  let order = 0;
  let timers: Timer[] = [];

  const next = (): Timer | undefined =>
    timers.reduce<Timer | undefined>(
      (first, timer) =>
        first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order)
          ? timer
          : first,
      undefined,
    );

  return {
    now: () => now,
    after(ms, run) {
      order += 1;
      const timer: Timer = { at: now + Math.max(0, ms), order, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    async advance(ms) {
      const end = now + ms;
      await settleMicrotasks();
      for (let due = next(); due !== undefined && due.at <= end; due = next()) {
        const timer = due;
        now = timer.at;
        timers = timers.filter((other) => other !== timer);
        timer.run();
        await settleMicrotasks();
      }
      now = end;
    },
    get waiting() {
      return timers.length;
    },
    get nextIn() {
      const timer = next();
      return timer === undefined ? null : timer.at - now;
    },
  };
}

/** Lets promises that are ready to go on do so: a macrotask comes after all of them. */
async function settleMicrotasks(): Promise<void> {
  await new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}

/** A generator of numbers that repeats itself for the same seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    fraction,
    bytes: (length) => Uint8Array.from({ length }, () => Math.floor(fraction() * 256)),
  };
}
