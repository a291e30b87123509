import type { Outcome } from './types.ts';

/** Those who wait for the end of a write, and what writes are called after they were merged. */
export interface Callers {
  /** The id of the entry that stands for a write of this id. */
  nameOf(id: string): string;
  /** Somebody waits for this entry. */
  awaited(id: string): boolean;
  readonly ids: readonly string[];
  wait(id: string): Promise<Outcome>;
  tell(id: string, outcome: Outcome): void;
  /** A write was merged into an entry: its end is the entry's. */
  join(id: string, into: string): void;
}

export function createCallers(): Callers {
  const waiting = new Map<string, ((outcome: Outcome) => void)[]>();
  const merged = new Map<string, string>();
  const add = (id: string, more: ((outcome: Outcome) => void)[]): void =>
    void waiting.set(id, [...(waiting.get(id) ?? []), ...more]);
  return {
    nameOf: (id) => merged.get(id) ?? id,
    awaited: (id) => waiting.has(id),
    get ids() {
      return [...waiting.keys()];
    },
    wait: (id) => new Promise((resolve) => add(id, [resolve])),
    tell(id, outcome) {
      const told = waiting.get(id) ?? [];
      waiting.delete(id);
      if (outcome.kind !== 'durable') for (const [from, into] of merged) if (into === id) merged.delete(from);
      for (const resolve of told) resolve(outcome);
    },
    join(id, into) {
      merged.set(id, into);
      const moved = waiting.get(id);
      waiting.delete(id);
      if (moved) add(into, moved);
    },
  };
}
