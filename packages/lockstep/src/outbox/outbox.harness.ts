import { seededRandom, virtualTime } from '../testing/index.ts';
import type { VirtualTime } from '../testing/index.ts';
import { createMemoryOutbox } from './memory-storage.ts';
import { createOutbox } from './outbox.ts';
import { StorageFailure } from './storage.ts';
import type { OutboxStorage, StorageFault } from './storage.ts';
import type { Entry } from './entry.ts';
import type { MemoryOutbox } from './memory-storage.ts';
import type { Leadership, Outbox, OutboxEvent, OutboxOptions, SendOutcome, Submission } from './types.ts';

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
  readonly ids: () => string[];
  /** Queues a write and lets everything that follows happen. */
  readonly write: (
    id: string,
    lanes: string | readonly string[],
    more?: Partial<Submission<Fields>>,
  ) => Promise<void>;
  /** Answers the oldest request for this entry. */
  readonly answer: (id: string, outcome?: SendOutcome) => Promise<void>;
  readonly settle: () => Promise<void>;
  /** What happens to each entry, by id. */
  readonly turns: () => Record<string, string>;
  /** The events so far, without those about states and readings. */
  readonly kinds: () => string[];
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

/** A storage whose medium can be made to fail. */
export function fragile(
  storage: OutboxStorage<Fields>,
): OutboxStorage<Fields> & { broken: StorageFault | null } {
  const guard = <T>(act: () => Promise<T>): Promise<T> =>
    self.broken === null ? act() : Promise.reject(new StorageFailure(self.broken));
  const self = {
    broken: null as StorageFault | null,
    load: () => guard(() => storage.load()),
    commit: (...args: Parameters<OutboxStorage<Fields>['commit']>) => guard(() => storage.commit(...args)),
    claim: () => guard(() => storage.claim()),
    watch: (listener: () => void) => storage.watch(listener),
    close: () => storage.close(),
  };
  return self;
}

/** Who sends, as told by the test. */
export function lead(): Leadership & { gain: () => void; lose: () => void } {
  const calls = { gain: (): void => {}, lose: (): void => {} };
  return {
    follow(gained, lost) {
      calls.gain = gained;
      calls.lose = lost;
      return () => {};
    },
    gain: () => calls.gain(),
    lose: () => calls.lose(),
  };
}
