import type { Entry } from './entry.ts';
import { StorageFailure } from './storage.ts';
import type { Committed, Draft, OutboxStorage } from './storage.ts';

/** What a page keeps while it lives; every connection to it sees the same queue. */
export interface MemoryOutbox<Payload> {
  connect(): OutboxStorage<Payload>;
}

/** A queue that lives as long as the page: what is unsent when the page goes is lost with it. */
export function createMemoryOutbox<Payload>(): MemoryOutbox<Payload> {
  const entries = new Map<number, Entry<Payload>>();
  const ids = new Set<string>();
  const listeners = new Set<() => void>();
  let tail = 0;
  let fence = 0;
  let revision = 0;

  return {
    connect() {
      let listener: (() => void) | undefined;
      let closed = false;
      const open = <T>(run: () => T): Promise<T> =>
        new Promise((resolve) => {
          if (closed) throw new StorageFailure('closed');
          resolve(run());
        });

      return {
        load: () => open(() => ({ entries: [...entries.values()], tail })),
        commit: (steps, guard = {}) =>
          open((): Committed<Payload> => {
            if (guard.fence !== undefined && guard.fence < fence) return { kind: 'fenced' };
            if (guard.tail !== undefined && guard.tail !== tail) return { kind: 'changed' };
            const appended = new Set<string>();
            for (const step of steps) {
              if (step.op !== 'append') {
                if (entries.get(step.position)?.revision !== step.revision) return { kind: 'changed' };
              } else if (ids.has(step.entry.id) || appended.has(step.entry.id)) return { kind: 'changed' };
              else appended.add(step.entry.id);
            }
            const left = steps.map((step) => (step.op === 'remove' ? null : cloned(step.entry)));
            const done: Entry<Payload>[] = [];
            steps.forEach((step, at) => {
              const draft = left[at];
              if (step.op === 'remove') {
                const id = entries.get(step.position)?.id;
                if (id !== undefined) ids.delete(id);
                entries.delete(step.position);
              } else if (draft) {
                const position = step.op === 'append' ? (tail += 1) : step.position;
                const entry = { ...draft, position, revision: (revision += 1) };
                entries.set(position, entry);
                ids.add(entry.id);
                done.push(entry);
              }
            });
            for (const other of listeners) if (other !== listener) queueMicrotask(other);
            return { kind: 'done', entries: done, tail };
          }),
        claim: () => open(() => (fence += 1)),
        watch(run) {
          listener = run;
          listeners.add(run);
          return () => {
            listeners.delete(run);
          };
        },
        close() {
          closed = true;
          if (listener) listeners.delete(listener);
        },
      };
    },
  };
}

/** As a database would store it: a copy that nobody else holds, and no functions. */
function cloned<Payload>(draft: Draft<Payload>): Draft<Payload> {
  try {
    return structuredClone(draft);
  } catch (cause) {
    throw new StorageFailure('not-storable', { cause });
  }
}
