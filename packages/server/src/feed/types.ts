import type { RowChange } from '@lockstep/protocol';
import type { Clock, Report } from '../core/ports.ts';

/** A change with its content (never the empty change). */
export type FullChange = RowChange;

/** Consecutive changes. `offset` is the last one's position; the first has `offset - changes.length + 1`. */
export interface FeedBatch {
  offset: number;
  changes: readonly FullChange[];
}

/**
 * `below-horizon`: `since` is older than the feed remembers; read everything anew.
 * `ahead`: `since` is a position that the feed has not reached (another database, or one restored from a backup).
 */
export type FeedPage =
  | { kind: 'page'; changes: readonly FullChange[]; offset: number; horizon: number; hasMore: boolean }
  | { kind: 'below-horizon'; offset: number; horizon: number }
  | { kind: 'ahead'; offset: number; horizon: number };

export interface FeedOptions {
  /** Changes older than this are forgotten, in ms. Default 8 days. */
  retainMs?: number;
  /** At most this many changes are kept. Default 1,000,000. */
  retainChanges?: number;
  /** The slow poll that finds what a lost notification would have told, in ms. Default 1,000. */
  pollMs?: number;
  /**
   * The least time between the beginnings of two batches, in ms: under many writes changes travel together, which costs less than each
   * alone; a single one never waits. Default 4.
   */
  paceMs?: number;
  /** The most changes in one batch. Default 1,000. */
  batchSize?: number;
  /** How many of the latest changes this process keeps in memory, so that a thousand resumes read the database once. Default 5,000. */
  cacheChanges?: number;
  clock?: Clock;
  report?: Report;
}

/** The ordered record of every committed change. Positions start at 1 and have no holes. */
export interface Feed {
  /** Begins to sequence (or to wait for the turn) and to follow. Resolves when `offset()` is the database's. */
  start(): Promise<void>;
  /** Hands the sequencer's turn over and ends. Idempotent. */
  stop(): Promise<void>;
  /** The last position this process has seen; everything up to it is visible to every later read of the database. Take it *before* a read to say how fresh the read is. */
  offset(): number;
  /** The oldest `since` that can be resumed. */
  horizon(): number;
  /** The changes after `since`, at most `limit` (1 … 1,000, default 1,000). */
  read(request: { since: number; limit?: number }): Promise<FeedPage>;
  /**
   * Calls `onBatch` with every change after `offset()` at the time of the call, in order and without gaps. A follower that throws is
   * reported and misses nothing later. The answer stops it.
   */
  follow(onBatch: (batch: FeedBatch) => void): () => void;
  /** For metrics. `sequencing`: this process has the turn now. */
  stats(): { offset: number; horizon: number; sequencing: boolean; batches: number; cached: number };
}
