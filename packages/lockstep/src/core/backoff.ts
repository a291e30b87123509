import type { Random } from './ports.ts';

/** Waits before repetitions, in milliseconds: the `n`th is at random below `base * 2^n`, and never above `most`. */
export interface Backoff {
  readonly base: number;
  readonly most: number;
}

/**
 * Exponential back-off with full jitter: of all schemes that spread many clients it does the least work in all
 * (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 * @param failures how many attempts have failed before the one that failed last; 0 for the first.
 */
export function fullJitter(random: Random, backoff: Backoff, failures: number): number {
  return random.fraction() * Math.min(backoff.most, backoff.base * 2 ** failures);
}
