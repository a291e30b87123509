import { createContext } from 'react';

/** The time as the server has it, and one shared tick for everything on screen that grows older. */
export interface Clock {
  /** Milliseconds since the epoch. While something follows, it stands still between ticks: one paint never shows two times. */
  now(): number;
  /** Calls `listener` after each tick; returns what stops it. */
  follow(listener: () => void): () => void;
  /** Sets the clock by the server's time, in milliseconds: a person's own may be hours off. */
  correct(serverNow: number): void;
}

export interface ClockPorts {
  readonly now: () => number;
  readonly every: (ms: number, run: () => void) => () => void;
}

const TICK_MS = 10_000;

/** Differences below this are the network's, not a wrong clock's. */
const TOLERATED_MS = 5_000;

/** Ticks only while something follows. */
export function createClock(ports: ClockPorts): Clock {
  const listeners = new Set<() => void>();
  let ahead = 0;
  let shown = ports.now();
  let stop: (() => void) | null = null;

  function tick(): void {
    shown = ports.now() + ahead;
    for (const listener of listeners) listener();
  }

  return {
    now: () => (stop === null ? ports.now() + ahead : shown),
    follow(listener) {
      listeners.add(listener);
      if (stop === null) {
        shown = ports.now() + ahead;
        stop = ports.every(TICK_MS, tick);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = null;
      };
    },
    correct(serverNow) {
      const difference = serverNow - ports.now();
      const next = Math.abs(difference) < TOLERATED_MS ? 0 : difference;
      if (next === ahead) return;
      ahead = next;
      tick();
    },
  };
}

export const systemClock: Clock = createClock({
  now: () => Date.now(),
  every: (ms, run) => {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
});

export const ClockContext = createContext<Clock>(systemClock);
