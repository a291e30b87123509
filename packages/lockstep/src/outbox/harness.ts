import { seededRandom, virtualTime } from '../testing/index.ts';
import type { VirtualTime } from '../testing/index.ts';
import { createMemoryOutbox } from './memory-storage.ts';
import { createOutbox } from './outbox.ts';
import type { Entry } from './entry.ts';
import type { MemoryOutbox } from './memory-storage.ts';
import type { Outbox, OutboxEvent, OutboxOptions, SendOutcome, Submission } from './types.ts';

/** The payloads of these tests: fields of one row. */
export interface Fields {
  readonly [field: string]: unknown;
}

/** A request that waits for its answer. */
export interface Sent {
  readonly id: string;
  readonly key: string;
  readonly payload: Fields;
  readonly signal: AbortSignal;
  answer(outcome: SendOutcome): Promise<void>;
}

export interface Bench {
  readonly time: VirtualTime;
  readonly disk: MemoryOutbox<Fields>;
  readonly outbox: Outbox<Fields>;
  readonly events: OutboxEvent<Fields>[];
  /** Requests without an answer, in the order in which they were sent. */
  readonly wire: Sent[];
  /** The ids on the wire. */
  ids(): string[];
  /** Queues a write and lets everything that follows happen. */
  write(id: string, lanes: string | readonly string[], more?: Partial<Submission<Fields>>): Promise<void>;
  /** Answers the oldest request for this entry. */
  answer(id: string, outcome?: SendOutcome): Promise<void>;
  settle(): Promise<void>;
  turns(): Record<string, string>;
  kinds(): string[];
}

export const acknowledged = (answer: unknown = null): SendOutcome => ({ kind: 'acknowledged', answer });
export const refusedWith = (status: number): Extract<SendOutcome, { kind: 'refused' }> => ({
  kind: 'refused',
  failure: {
    kind: 'problem',
    status,
    code: 'refused',
    problem: {
      type: 'about:blank',
      title: '',
      status,
      detail: '',
      code: 'refused',
      message: '',
      requestId: '',
    },
  },
});
export const unreachable: SendOutcome = {
  kind: 'unreachable',
  failure: { kind: 'unreachable', message: 'cut' },
};
export const unauthorised: SendOutcome = {
  kind: 'unauthorised',
  failure: { kind: 'unauthorised', status: 401 },
};
export const busy = (retryAfterMs?: number): SendOutcome => {
  const { failure } = refusedWith(503);
  return retryAfterMs === undefined ? { kind: 'busy', failure } : { kind: 'busy', failure, retryAfterMs };
};
export const stale = (current: unknown): SendOutcome => ({
  kind: 'stale',
  current,
  failure: refusedWith(412).failure,
});

/** An outbox over memory, a clock that stands still, and a wire that answers when told. */
export function bench(
  options: Partial<OutboxOptions<Fields>> = {},
  disk: MemoryOutbox<Fields> = createMemoryOutbox<Fields>(),
  time: VirtualTime = virtualTime(),
): Bench {
  const wire: Sent[] = [];
  const events: OutboxEvent<Fields>[] = [];
  const settle = (): Promise<void> => time.advance(0);
  const send = (entry: Entry<Fields>, signal: AbortSignal): Promise<SendOutcome> =>
    new Promise((resolve) => {
      const { id, key, payload } = entry;
      const done = (outcome: SendOutcome): void => {
        const at = wire.indexOf(sent);
        if (at >= 0) wire.splice(at, 1);
        resolve(outcome);
      };
      const sent: Sent = {
        id,
        key,
        payload,
        signal,
        answer: (outcome) => {
          done(outcome);
          return settle();
        },
      };
      signal.addEventListener('abort', () => done({ kind: 'aborted' }), { once: true });
      wire.push(sent);
    });
  const outbox = createOutbox<Fields>({
    storage: disk.connect(),
    send,
    onEvent: (event) => events.push(event),
    clock: time,
    timers: time,
    random: seededRandom(1),
    ...options,
  });
  return {
    time,
    disk,
    outbox,
    events,
    wire,
    settle,
    ids: () => wire.map(({ id }) => id),
    async write(id, lanes, more = {}) {
      const stored = outbox.enqueue({
        id,
        lanes: typeof lanes === 'string' ? [lanes] : lanes,
        payload: { name: id },
        at: time.now(),
        ...more,
      });
      await settle();
      await stored;
    },
    async answer(id, outcome = acknowledged()) {
      const sent = wire.find((one) => one.id === id);
      if (!sent)
        throw new Error(`expected a request for ${id}; on the wire: ${wire.map((one) => one.id).join(', ')}`);
      await sent.answer(outcome);
    },
    turns: () => Object.fromEntries(outbox.entries().map(({ entry, turn }) => [entry.id, turn.kind])),
    kinds: () => events.map(({ kind }) => kind).filter((kind) => kind !== 'state' && kind !== 'read'),
  };
}
