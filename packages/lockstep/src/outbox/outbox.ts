import { browserClock, browserRandom, browserTimers, createTrace, fullJitter } from '../core/index.ts';
import type { Cancel, RequestFailure } from '../core/index.ts';
import type { Placement } from './append.ts';
import { createCallers } from './callers.ts';
import { allows } from './entry.ts';
import type { Entry, Parking } from './entry.ts';
import { createGate } from './gate.ts';
import type { GateEvent } from './gate.ts';
import { createIntake } from './intake.ts';
import { openQueue } from './queue.ts';
import { fault, parked, put, removal, unparked, upgraded } from './steps.ts';
import type { Plan } from './steps.ts';
import { StorageFailure } from './storage.ts';
import type { Step } from './storage.ts';
import { heads, isStuck, survey } from './survey.ts';
import type { Attempt, EntryView, Surroundings } from './survey.ts';
import type {
  Decided,
  Outbox,
  OutboxEvent,
  OutboxOptions,
  OutboxState,
  PauseReason,
  Precedent,
  SendOutcome,
  Submission,
} from './types.ts';

const HOUR = 3_600_000;

/** The one sender of writes: it stores them, sends them in order, and keeps each until its end is known. */
export function createOutbox<Payload>(options: OutboxOptions<Payload>): Outbox<Payload> {
  type Item = Entry<Payload>;
  const {
    storage,
    schema = 1,
    concurrency = 4,
    backoff = { base: 500, most: 60_000 },
    maxRetryAfterMs = HOUR,
    reviewAfterMs = 24 * HOUR,
    clock = browserClock,
    timers = browserTimers,
    random = browserRandom,
  } = options;

  const trace = createTrace<OutboxEvent<Payload>>();
  const emit = (event: OutboxEvent<Payload>): void => {
    const { kind } = event;
    unsure ||= kind !== 'sent' && kind !== 'acknowledged' && kind !== 'restamped';
    trace.emit(event);
  };
  if (options.onEvent) trace.subscribe(options.onEvent);

  const restMs = (failures: number): number => fullJitter(random, backoff, failures);
  const gate = createGate(
    () => clock.now(),
    restMs,
    () => void renew(),
  );
  const pass = (event: GateEvent, retryAt?: number): void => {
    gate.pass(event, retryAt);
    touch();
  };
  const pauses = new Set<PauseReason>();
  /** What this tab sends, or whose answer it records, by position. */
  const flights = new Map<number, AbortController>();
  const attempts = new Map<number, Attempt>();
  /** Null while another tab sends. */
  let fence: number | null = null;
  /** This tab is the one that sends, as far as it has been told. */
  let led = !options.leadership;
  let leading = false;
  /** Raised by every change of leadership: what was begun in one term must not end in another. */
  let term = 0;
  let prepared = false;
  let failing = 0;
  let closed = false;

  const callers = createCallers();

  /** Something may keep somebody waiting for nothing. */
  let unsure = false;
  let views: readonly EntryView<Payload>[] | null = null;
  const watchers = new Set<() => void>();
  let shown = '';
  let scheduled = false;
  let timer: Cancel | null = null;

  const queue = openQueue<Payload>({
    storage,
    patiently,
    onChange: touch,
    onDifference(difference) {
      for (const { id, position } of difference.gone) {
        attempts.delete(position);
        if (!flights.has(position)) callers.tell(id, { kind: 'discarded' });
      }
      emit({ kind: 'read', ...difference });
      if (fence !== null && difference.added.some(outdated)) void prepare();
    },
  });
  const intake = createIntake<Payload>({
    queue,
    first: queue.load().catch(() => void patiently(() => queue.load())),
    rules: {
      schema,
      known: (id) => queue.find(id)?.id === id,
      nameOf: (id) => callers.nameOf(id),
      inFlight: ({ position }) => flights.has(position),
      coalesce: options.coalesce && coalesce,
    },
    onStored: stored,
    onRefused: (id, error) => callers.tell(id, { kind: 'not-stored', error }),
  });

  // --- storing ---

  /** Does it until the storage lets it. Meanwhile nothing is sent. */
  async function patiently(act: () => Promise<unknown>): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      // oxlint-disable-next-line no-unmodified-loop-condition -- closing modifies it
      if (closed) return;
      try {
        // oxlint-disable-next-line no-await-in-loop -- each attempt follows the one before
        await act();
        return;
      } catch {
        failing += 1;
        touch();
        // oxlint-disable-next-line no-await-in-loop -- and its rest
        await new Promise<void>((resolve) => void timers.after(restMs(failures), resolve));
        failing -= 1;
        touch();
      }
    }
  }

  /** Writes as the one who sends. Nothing is written once another tab has taken over. */
  const record = (decide: () => Plan<Payload> | null): Promise<void> =>
    patiently(async () => {
      if (fence !== null && (await queue.change(decide, fence)) === 'fenced') fenced();
    });

  const find = (id: string): Item | undefined => queue.find(callers.nameOf(id));

  function coalesce(
    earlier: Item,
    later: Submission<Payload>,
  ): { readonly payload: Payload } | 'nothing' | null {
    try {
      return options.coalesce?.(earlier, later) ?? null;
    } catch {
      return null;
    }
  }

  function stored({ id, into }: Placement): void {
    const entry = find(into) ?? null;
    if (id === into && entry) {
      emit({ kind: 'stored', entry });
      return;
    }
    emit({ kind: 'merged', id, into, entry });
    if (entry) callers.join(id, into);
    else for (const name of [id, into]) callers.tell(name, { kind: 'nothing' });
  }

  // --- telling ---

  /** Nobody is kept waiting for an entry that will not be sent at once. */
  function release(state: OutboxState): void {
    unsure = false;
    if (callers.ids.length === 0) return;
    const moving =
      state.kind === 'open' ||
      state.kind === 'starting' ||
      (state.kind === 'held' && state.by === 'refreshing');
    for (const { entry, turn } of look()) {
      if (isStuck(turn) || (!moving && turn.kind !== 'in-flight'))
        callers.tell(entry.id, { kind: 'durable' });
    }
  }

  function current(): OutboxState {
    if (closed) return { kind: 'closed' };
    if (pauses.size > 0) return { kind: 'paused', reasons: [...pauses] };
    if (!leading) return { kind: 'following' };
    if (failing > 0) return { kind: 'held', by: 'storage' };
    if (fence === null || !prepared || queue.behind) return { kind: 'starting' };
    const { kind, until } = gate;
    if (kind === 'open') return { kind };
    return kind === 'busy' || kind === 'unreachable'
      ? { kind: 'held', by: kind, until }
      : { kind: 'held', by: kind };
  }

  const around = (): Surroundings => ({ flights, attempts, now: clock.now(), schema });

  function look(): readonly EntryView<Payload>[] {
    views ??= survey(queue.entries(), around());
    return views;
  }

  /** Something changed. What follows from it is done once, when the present step is over. */
  function touch(): void {
    views = null;
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      const state = current();
      const text = JSON.stringify(state);
      if (text !== shown) emit({ kind: 'state', state });
      shown = text;
      pump(state);
      if (unsure) release(state);
      for (const watcher of watchers) watcher();
    });
  }

  // --- who sends, and whether ---

  async function gain(): Promise<void> {
    if (leading) return;
    leading = true;
    touch();
    const own = (term += 1);
    let claimed = 0;
    await patiently(async () => {
      if (own !== term) return;
      claimed = await storage.claim();
      await queue.load();
    });
    if (own !== term) return;
    fence = claimed;
    await prepare();
  }

  /**
   * Another tab has claimed the queue. Where it leads now, this one will be told so; where it only had claimed before it
   * lost the lead, nobody would send, so this tab claims again.
   */
  function fenced(): void {
    lose();
    const own = term;
    timers.after(restMs(3), () => {
      if (led && own === term) void gain();
    });
  }

  function lose(): void {
    leading = false;
    term += 1;
    fence = null;
    ground();
    touch();
  }

  /** Ends what is on its way; its entries stay as sent. */
  function ground(): void {
    for (const flight of flights.values()) flight.abort();
  }

  function pause(reason: PauseReason): void {
    pauses.add(reason);
    if (reason === 'signed-out') ground();
    touch();
  }

  async function renew(): Promise<void> {
    let result: 'renewed' | 'signed-out' | 'unreachable' = 'signed-out';
    try {
      if (options.renew) result = await options.renew();
    } catch {
      result = 'unreachable';
    }
    if (result === 'signed-out') pause(result);
    pass(result === 'unreachable' ? 'unrefreshed' : 'refreshed');
  }

  // --- sending ---

  function pump(state: OutboxState): void {
    timer?.();
    timer = null;
    const probing = state.kind === 'held' && state.by === 'probing';
    let next = state.kind === 'held' ? (state.until ?? Infinity) : Infinity;
    if (state.kind === 'open' || probing) {
      const free = Math.max(0, (probing ? 1 : concurrency) - flights.size);
      const ready: Item[] = [];
      for (const { entry, turn } of heads(queue, around(), probing ? Infinity : free)) {
        if (turn.kind === 'ready') ready.push(entry);
        if (turn.kind === 'waiting') next = Math.min(next, turn.until);
      }
      // An entry that always fails must not be the only one to find out whether the server is back.
      if (probing) ready.sort((a, b) => failuresOf(a) - failuresOf(b));
      const chosen = ready.slice(0, free).map(({ position }) => position);
      if (chosen.length > 0) {
        for (const position of chosen) flights.set(position, new AbortController());
        touch();
        void start(chosen);
      }
    }
    if (next < Infinity) {
      timer = timers.after(next - clock.now(), () => {
        if (gate.until <= clock.now()) gate.pass('elapsed');
        touch();
      });
    }
  }

  const failuresOf = ({ position }: Item): number => attempts.get(position)?.failures ?? 0;

  const outdated = (entry: Item): boolean => entry.schema < schema;

  /** Brings payloads of an older schema into today's form; those that resist await a person. */
  async function prepare(): Promise<void> {
    prepared = false;
    await record(() => ({
      steps: queue
        .entries()
        .flatMap((entry) => (outdated(entry) ? (upgraded(entry, schema, options) ?? []) : [])),
      done(left) {
        for (const entry of left) emit({ kind: outdated(entry) ? 'parked' : 'upgraded', entry });
      },
    }));
    prepared = true;
    touch();
  }

  /** Records that entries may reach the server, before they can. */
  async function start(positions: readonly number[]): Promise<void> {
    await record(() => ({
      steps: positions.flatMap((position): Step<Payload>[] => {
        const entry = queue.get(position);
        const parking = entry && overdue(entry);
        if (parking) return [parked(entry, parking)];
        return entry?.status.kind === 'durable' ? [put(entry, { status: { kind: 'sent' } })] : [];
      }),
    }));
    for (const position of positions) {
      const entry = queue.get(position);
      const flight = flights.get(position);
      if (entry?.status.kind === 'parked') emit({ kind: 'parked', entry });
      if (fence !== null && entry?.status.kind === 'sent' && flight?.signal.aborted === false)
        void fly(entry, flight);
      else land(position);
    }
  }

  function overdue(entry: Item): Parking | null {
    const age = clock.now() - entry.at;
    if (entry.reviewed || age < reviewAfterMs) return null;
    try {
      return options.review?.(entry, age) === 'send' ? null : { kind: 'aged' };
    } catch (error) {
      return fault(error);
    }
  }

  function land(position: number): void {
    flights.delete(position);
    unsure = true;
    if (!queue.get(position)) attempts.delete(position);
    touch();
  }

  async function fly(entry: Item, { signal }: AbortController): Promise<void> {
    emit({ kind: 'sent', entry });
    try {
      const outcome = await options.send(entry, signal);
      if (!signal.aborted) await conclude(entry, outcome, signal);
    } catch (error) {
      if (!signal.aborted) await park(entry, fault(error));
    }
    land(entry.position);
  }

  async function conclude(entry: Item, outcome: SendOutcome, signal: AbortSignal): Promise<void> {
    switch (outcome.kind) {
      case 'acknowledged': {
        const { answer } = outcome;
        pass('answered');
        // Told before it leaves the storage: killed in between, the same answer comes again under the same key.
        emit({ ...outcome, entry });
        callers.tell(entry.id, outcome);
        return leave(entry, { kind: 'acknowledged', entry, answer });
      }
      case 'stale': {
        pass('answered');
        const resolution = (await options.resolve?.(entry, outcome)) ?? { kind: 'conflict', conflict: null };
        if (signal.aborted) return;
        if (resolution.kind === 'conflict') return park(entry, { ...resolution, failure: outcome.failure });
        // A row that others change all the time must not be chased without rest.
        rest(entry, 3);
        return record(() => replaced(queue.get(entry.position), resolution));
      }
      case 'refused':
        pass('answered');
        return refuse(entry, outcome.failure);
      case 'busy': {
        const { retryAfterMs } = outcome;
        if (retryAfterMs === undefined) pass('answered');
        else pass('busy', clock.now() + Math.min(retryAfterMs, maxRetryAfterMs) + restMs(0));
        rest(entry, 0);
        return;
      }
      case 'unreachable':
        pass('unreachable');
        // The gate rests for all of them.
        rest(entry, Infinity);
        return;
      case 'unauthorised':
        pass('unauthorised');
        rest(entry, 1);
        return;
      case 'aborted':
        rest(entry, 0);
    }
  }

  /** Counts a failed attempt. Past so many `free` ones the entry rests before the next. */
  function rest(entry: Item, free: number): void {
    const failures = failuresOf(entry) + 1;
    const until = failures > free ? clock.now() + restMs(failures - free - 1) : 0;
    attempts.set(entry.position, { failures, until });
  }

  async function refuse(entry: Item, failure: RequestFailure): Promise<void> {
    const parking: Parking = { kind: 'refused', failure };
    if ((options.refused?.(entry, failure, callers.awaited(entry.id)) ?? 'park') === 'park')
      return park(entry, parking);
    emit({ kind: 'discarded', entry, parking });
    callers.tell(entry.id, { kind: 'refused', parking, queued: false });
    return leave(entry, { kind: 'discarded', entry });
  }

  const park = ({ position }: Item, parking: Parking): Promise<void> =>
    record(() => {
      const entry = queue.get(position);
      if (!entry) return null;
      return {
        steps: [parked(entry, parking)],
        done() {
          emit({ kind: 'parked', entry: queue.get(position) ?? entry });
          callers.tell(entry.id, { kind: 'refused', parking, queued: true });
        },
      };
    });

  const leave = ({ position }: Item, precedent: Precedent<Payload>): Promise<void> =>
    record(() => {
      const entry = queue.get(position);
      return entry ? without([entry], () => precedent, restamped) : null;
    });

  const without = (
    gone: readonly Item[],
    precedent: (entry: Item) => Precedent<Payload>,
    done: (left: readonly Item[]) => void,
  ): Plan<Payload> => ({ steps: removal(queue.entries(), gone, schema, options, precedent), done });

  function restamped(left: readonly Item[]): void {
    for (const entry of left) emit({ kind: entry.status.kind === 'parked' ? 'parked' : 'restamped', entry });
  }

  function replaced(
    entry: Item | undefined,
    { key, payload }: { readonly key: string; readonly payload: Payload },
    change: Partial<Item> = {},
  ): Plan<Payload> | null {
    if (!entry || !allows(entry, 'replace')) return null;
    return {
      steps: [put(entry, { ...change, key, payload, schema, status: { kind: 'durable' } })],
      done: ([left = entry]) => emit({ kind: 'replaced', entry: left, previousKey: entry.key }),
    };
  }

  // --- what a person decides ---

  async function decide(plan: () => Plan<Payload> | 'gone' | 'refused'): Promise<Decided> {
    let decided: Decided = 'done';
    const result = await queue.change(() => {
      const next = plan();
      decided = typeof next === 'string' ? next : 'done';
      return typeof next === 'string' ? null : next;
    }, fence ?? undefined);
    if (result === 'fenced') fenced();
    return result === 'fenced' ? 'refused' : decided;
  }

  const decideOn = (id: string, plan: (entry: Item) => Plan<Payload> | null): Promise<Decided> =>
    decide(() => {
      const entry = find(id);
      if (!entry) return 'gone';
      return (entry.status.kind === 'parked' && plan(entry)) || 'refused';
    });

  const stopFollowing = options.leadership?.follow(
    () => {
      led = true;
      void gain();
    },
    () => {
      led = false;
      lose();
    },
  );
  if (!stopFollowing) void gain();

  return {
    enqueue(submission) {
      if (closed) return Promise.reject(new StorageFailure('closed'));
      return intake.store(submission);
    },
    outcome(id) {
      const entry = find(id);
      if (!entry && !intake.holds(id)) return Promise.resolve({ kind: 'unknown' });
      unsure = true;
      touch();
      return callers.wait(entry?.id ?? id);
    },
    entries: look,
    state: current,
    retry: (id) =>
      decideOn(id, (entry) =>
        entry.schema === schema
          ? {
              steps: [put(entry, { status: unparked(entry.status), reviewed: true })],
              done([left = entry]) {
                attempts.delete(entry.position);
                emit({ kind: 'retried', entry: left });
              },
            }
          : null,
      ),
    edit: (id, successor) =>
      decideOn(id, (entry) => {
        const { status, key } = entry;
        const spent = status.kind === 'parked' && status.sent && key === successor.key;
        return spent ? null : replaced(entry, successor, { reviewed: true });
      }),
    discard: (...ids) =>
      decide(() => {
        const gone = queue.entries().filter((entry) => ids.some((id) => find(id) === entry));
        if (gone.length === 0) return 'gone';
        if (
          gone.some(
            ({ position, status }) => flights.has(position) || (status.kind === 'sent' && fence === null),
          )
        )
          return 'refused';
        return without(
          gone,
          (entry) => ({ kind: 'discarded', entry }),
          (left) => {
            for (const entry of gone) {
              attempts.delete(entry.position);
              emit({ kind: 'discarded', entry });
              callers.tell(entry.id, { kind: 'discarded' });
            }
            restamped(left);
          },
        );
      }),
    export: async () => (await storage.load()).entries,
    pause,
    resume(reason) {
      pauses.delete(reason);
      touch();
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
      };
    },
    wake() {
      if (gate.kind === 'unreachable') pass('elapsed');
    },
    close() {
      if (closed) return;
      closed = true;
      led = false;
      stopFollowing?.();
      lose();
      queue.close();
      for (const id of callers.ids) if (find(id)) callers.tell(id, { kind: 'durable' });
    },
  };
}
