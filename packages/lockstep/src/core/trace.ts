/** Something that happened, for developer tools, metrics and tests. Each module has a union of its own. */
export interface TraceEvent {
  readonly kind: string;
}

/** Where a module tells its events. A trace of more kinds of events serves as a trace of fewer. */
export interface TraceSink<E extends TraceEvent> {
  (event: E): void;
}

export interface Trace<E extends TraceEvent> {
  readonly emit: TraceSink<E>;
  /** @returns the way to end it. */
  subscribe(listener: (event: E) => void): () => void;
}

/** A listener that throws does not stop the others; its error is reported as an uncaught one, never to the emitter. */
export function createTrace<E extends TraceEvent>(): Trace<E> {
  const listeners = new Set<(event: E) => void>();
  return {
    emit(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
