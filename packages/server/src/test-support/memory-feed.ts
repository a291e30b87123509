import type { Feed, FeedBatch, FeedPage, FullChange } from '../feed/index.ts';

/** A feed that a test fills. */
export interface MemoryFeed extends Feed {
  /** Appends one batch. */
  push(...changes: FullChange[]): void;
  /** Forgets everything up to and with this position. */
  forget(upTo: number): void;
  reads: number;
}

/** `read` answers in a later turn of the event loop, as from a database, or (`cached`) in the same one, as from memory. */
export function memoryFeed(cached = false): MemoryFeed {
  const changes: FullChange[] = [];
  const followers = new Set<(batch: FeedBatch) => void>();
  let horizon = 0;
  const feed: MemoryFeed = {
    reads: 0,
    start: async () => {},
    stop: async () => {},
    offset: () => changes.length,
    horizon: () => horizon,
    async read({ since, limit = 1_000 }): Promise<FeedPage> {
      feed.reads += 1;
      const page = changes.slice(since, since + limit);
      const offset = changes.length;
      if (!cached) await new Promise((next) => setImmediate(next));
      if (since > offset) return { kind: 'ahead', offset, horizon };
      if (since < horizon) return { kind: 'below-horizon', offset, horizon };
      return {
        kind: 'page',
        changes: page,
        offset: since + page.length,
        horizon,
        hasMore: since + page.length < offset,
      };
    },
    follow(onBatch) {
      followers.add(onBatch);
      return () => followers.delete(onBatch);
    },
    stats: () => ({ offset: changes.length, horizon, sequencing: true, batches: 0, cached: 0 }),
    push(...added) {
      changes.push(...added);
      for (const onBatch of followers) onBatch({ offset: changes.length, changes: added });
    },
    forget(upTo) {
      horizon = upTo;
    },
  };
  return feed;
}

/** A change of one of a few rows. */
export const changeOf = (
  id: string,
  version: number,
  row: Record<string, string | number> = {},
): FullChange => ({
  entity: 'thing',
  id,
  op: version === 1 ? 'insert' : 'update',
  version,
  row: { id, version, ...row },
  actor: null,
  at: '2026-01-02T03:04:05.678Z',
});
