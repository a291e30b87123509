import { randomBytes } from 'node:crypto';

/** The world as the server sees it: time and chance come in from outside, so that tests can hold them still. */
export interface World {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Cryptographically strong bytes. */
  randomBytes(count: number): Uint8Array;
}

export const realWorld: World = {
  now: () => Date.now(),
  randomBytes: (count) => randomBytes(count),
};
