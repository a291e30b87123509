import type { Clock, Fetch, Locks, Random, Timers } from './ports.ts';

export const browserClock: Clock = { now: () => Date.now() };

export const browserTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export const browserRandom: Random = {
  fraction: () => Math.random(),
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};

/** Looks `fetch` up at each call, so that a replaced one is used. */
export const browserFetch: Fetch = (input, init) => globalThis.fetch(input, init);

/** Null where the page's context is not secure: browsers give no locks there. */
export function browserLocks(): Locks | null {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  if (locks === undefined) return null;
  return { request: (name, signal, hold) => locks.request(name, { signal }, hold) };
}
