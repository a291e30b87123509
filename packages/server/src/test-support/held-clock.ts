import type { Clock } from '../core/ports.ts';

/** A clock that a test moves. Timers run when their time is reached, in their order. */
export interface HeldClock extends Clock {
  advance(ms: number): void;
  /** How many timers wait. */
  readonly waiting: number;
}

interface Timer {
  at: number;
  every: number | null;
  task: () => void;
}

export function heldClock(start: number): HeldClock {
  let now = start;
  const timers = new Set<Timer>();
  const add = (timer: Timer) => {
    timers.add(timer);
    return () => {
      timers.delete(timer);
    };
  };
  return {
    now: () => now,
    after: (delayMs, task) => add({ at: now + delayMs, every: null, task }),
    every: (periodMs, task) => add({ at: now + periodMs, every: periodMs, task }),
    get waiting() {
      return timers.size;
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const next = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        now = Math.max(now, next.at);
        if (next.every === null) timers.delete(next);
        else next.at += next.every;
        next.task();
      }
      now = end;
    },
  };
}
