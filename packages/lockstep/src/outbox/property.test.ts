import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom, virtualTime } from '../testing/index.ts';
import { createMemoryOutbox } from './memory-storage.ts';
import { lead } from './outbox.harness.ts';
import { createOutbox } from './outbox.ts';
import { StorageFailure } from './storage.ts';
import type { Entry } from './entry.ts';
import type { OutboxStorage, Step } from './storage.ts';
import type { Outbox, OutboxEvent, SendOutcome } from './types.ts';

/** What people asked for; a wish survives every new key and every merge. */
interface Wishes {
  readonly wishes: readonly string[];
  readonly base: number;
}

/** One tab. Its storage answers, and it learns what others did, when the generator says so. */
interface Tab {
  readonly outbox: Outbox<Wishes>;
  readonly role: ReturnType<typeof lead>;
  readonly storage: (() => void)[];
  alive: boolean;
}

interface Travelling {
  readonly entry: Entry<Wishes>;
  done(outcome: SendOutcome): void;
  answer: SendOutcome | null;
}

interface World {
  step(choice: number): Promise<void>;
  /** The faults end, and whatever can be sent is sent. */
  heal(): Promise<void>;
  check(): void;
}

const LANES = ['x', 'y', 'z'];
const STORAGE_FAULTS = 0.05;
const LOST: SendOutcome = { kind: 'unreachable', failure: { kind: 'unreachable', message: 'lost' } };

/** What must have happened in all runs together: a test in which nothing happens proves nothing. */
const seen = new Map<string, number>();
const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
const MUST_HAPPEN = [
  'stored',
  'merged',
  'sent',
  'acknowledged',
  'restamped',
  'replaced',
  'parked',
  'retried',
  'state storage',
  'state busy',
  'state unreachable',
  'state following',
  'key replayed',
  'answer lost',
  'request lost',
  'crash with requests under way',
  'second leader',
];

function createWorld(seed: number): World {
  const time = virtualTime();
  const random = seededRandom(seed);
  const disk = createMemoryOutbox<Wishes>();
  let healthy = false;
  let made = 0;

  // The server keeps a record of every key that it applied. Of `If-Match` it knows this much: what was stale once, or was
  // given up for a successor, stays stale; and where a request arrives that had been refused, after a person changed it and
  // sent it anew, the new one finds its work done.
  const records = new Map<string, string>();
  const dead = new Set<string>();
  const refused = new Set<string>();
  const appliedUnder = new Map<string, string>();
  const applied: { readonly wishes: readonly string[]; readonly lanes: readonly string[] }[] = [];
  const serve = ({ key, payload: { wishes }, lanes }: Entry<Wishes>, choice: number): SendOutcome => {
    const body = JSON.stringify(wishes);
    const record = records.get(key);
    if (record !== undefined) {
      note('key replayed');
      expect(body, `I2: key ${key} names two bodies`).toBe(record);
      return { kind: 'acknowledged', answer: records.size };
    }
    const failure = { kind: 'unreachable', message: '' } as const;
    if (dead.has(key)) return { kind: 'stale', current: 0, failure };
    switch (healthy ? 9 : choice % 9) {
      case 0:
        return { kind: 'busy', failure };
      case 1:
        return { kind: 'busy', failure, retryAfterMs: 3000 };
      case 2:
        refused.add(key);
        return { kind: 'refused', failure };
      case 3:
        return { kind: 'unauthorised', failure };
      case 4:
        dead.add(key);
        return { kind: 'stale', current: 0, failure };
      default: {
        records.set(key, body);
        const late = wishes.some((wish) => refused.has(appliedUnder.get(wish) ?? ''));
        if (!late) applied.push({ wishes, lanes });
        for (const wish of wishes) appliedUnder.set(wish, key);
        return { kind: 'acknowledged', answer: records.size };
      }
    }
  };

  let travelling: Travelling[] = [];

  /** The order in which wishes were stored. */
  const stored: string[] = [];
  const remember = (steps: readonly Step<Wishes>[]): void => {
    for (const step of steps) {
      if (step.op === 'remove') continue;
      for (const wish of step.entry.payload.wishes) if (!stored.includes(wish)) stored.push(wish);
    }
  };

  const told = new Set<string>();
  const onEvent = (event: OutboxEvent<Wishes>): void => {
    note(
      event.kind === 'state'
        ? `state ${'by' in event.state ? event.state.by : event.state.kind}`
        : event.kind,
    );
    if (event.kind === 'acknowledged') for (const wish of event.entry.payload.wishes) told.add(wish);
    if (event.kind === 'replaced') dead.add(event.previousKey);
  };

  const open = (): Tab => {
    const tab = { storage: [] as (() => void)[], alive: true, role: lead() };
    const inner = disk.connect();
    let last: Promise<unknown> = Promise.resolve();
    const later = <T>(act: () => Promise<T>): Promise<T> => {
      const turn = new Promise<void>((resolve) => tab.storage.push(resolve));
      const before = last;
      const mine = (async () => {
        await turn;
        await before.catch(() => {});
        if (!tab.alive) return new Promise<T>(() => {});
        if (!healthy && random.fraction() < STORAGE_FAULTS) throw new StorageFailure('unavailable');
        return act();
      })();
      last = mine;
      return mine;
    };
    const storage: OutboxStorage<Wishes> = {
      load: () => later(() => inner.load()),
      commit: (steps, guard) =>
        later(async () => {
          const result = await inner.commit(steps, guard);
          if (result.kind === 'done') remember(steps);
          return result;
        }),
      claim: () => later(() => inner.claim()),
      watch: (listener) => inner.watch(() => void (tab.alive && listener())),
      close: () => inner.close(),
    };
    const outbox = createOutbox<Wishes>({
      storage,
      leadership: tab.role,
      send: (entry, signal) =>
        new Promise((resolve) => {
          travelling.push({ entry, done: resolve, answer: null });
          signal.addEventListener('abort', () => resolve({ kind: 'aborted' }));
        }),
      coalesce: ({ payload }, later) =>
        Number(later.id.slice(1)) % 2 === 0
          ? { payload: { ...payload, wishes: [...payload.wishes, ...later.payload.wishes] } }
          : null,
      restamp: ({ payload }, precedent) =>
        precedent.kind === 'acknowledged' ? { ...payload, base: Number(precedent.answer) } : payload,
      resolve: ({ payload }) =>
        random.fraction() < 0.7
          ? { kind: 'replace', key: `k${(made += 1)}`, payload }
          : { kind: 'conflict', conflict: null },
      renew: () => Promise.resolve(healthy || random.fraction() < 0.7 ? 'renewed' : 'unreachable'),
      onEvent: (event) => void (tab.alive && onEvent(event)),
      clock: time,
      timers: time,
      random,
      reviewAfterMs: Infinity,
    });
    return Object.assign(tab, { outbox });
  };

  const tabs: [Tab, Tab] = [open(), open()];
  tabs[0].role.gain();
  const settle = (): Promise<void> => time.advance(0);

  /** The page is gone: none of its promises goes on. What it had sent may arrive, now or much later. */
  const crash = (at: 0 | 1, gains: boolean): void => {
    if (travelling.length > 0) note('crash with requests under way');
    tabs[at].alive = false;
    tabs[at].outbox.close();
    tabs[at] = open();
    tabs[gains ? at : at === 0 ? 1 : 0].role.gain();
  };

  const durable = new Set<string>();
  const write = (tab: Tab, choice: number): void => {
    const id = `w${(made += 1)}`;
    const lanes = [LANES[choice % 3] ?? 'x', ...(choice % 4 === 0 ? [LANES[(choice >> 2) % 3] ?? 'x'] : [])];
    const first = tab.outbox.entries()[0]?.entry.id;
    const after = choice % 5 === 0 && first !== undefined ? [first] : [];
    const store = async (): Promise<void> => {
      await tab.outbox.enqueue({ id, lanes, after, payload: { wishes: [id], base: 0 }, at: time.now() });
      if (tab.alive) durable.add(id);
    };
    // Refused by the storage: then it was never promised.
    store().catch(() => {});
  };

  const decide = ({ outbox }: Tab, choice: number): void => {
    const parked = outbox.entries().filter(({ entry }) => entry.status.kind === 'parked');
    const entry = parked[choice % Math.max(1, parked.length)]?.entry;
    if (!entry) return;
    const successor = { key: `k${(made += 1)}`, payload: entry.payload };
    const decided = choice % 2 === 0 ? outbox.retry(entry.id) : outbox.edit(entry.id, successor);
    decided.catch(() => {});
  };

  const answerOne = (choice: number): void => {
    const one = travelling[choice % Math.max(1, travelling.length)];
    if (!one) return;
    travelling = travelling.filter((other) => other !== one);
    const lost = choice % 4 === 0 || one.answer === null;
    if (lost) note(one.answer ? 'answer lost' : 'request lost');
    one.done(lost ? LOST : (one.answer ?? LOST));
  };

  return {
    async step(choice) {
      const detail = Math.floor(choice / 16);
      const at = detail % 2 === 0 ? 0 : 1;
      const tab = tabs[at];
      const more = detail >> 1;
      switch (choice % 16) {
        case 0:
          write(tab, more);
          break;
        case 1:
        case 2:
        case 3:
        case 4:
        case 5:
          for (const turn of tab.storage.splice(0, 1 + (more % 3))) turn();
          break;
        case 6:
        case 7:
        case 8: {
          const arriving = travelling.filter(({ answer }) => answer === null);
          const request = arriving[more % Math.max(1, arriving.length)];
          if (request) request.answer = serve(request.entry, more);
          break;
        }
        case 9:
        case 10:
          answerOne(detail);
          break;
        case 11:
          await time.advance(detail % 5000);
          break;
        case 12:
          decide(tab, more);
          break;
        case 13:
          if (more % 4 === 0) crash(at, more % 8 === 0);
          break;
        case 14:
          // The one that led may have frozen: it does not know, and goes on when it wakes up.
          if (more % 4 === 0) note('second leader');
          if (more % 4 === 0) tab.role.gain();
          if (more % 4 === 1) tab.role.lose();
          break;
        default:
          tab.outbox.wake();
      }
      await settle();
    },

    async heal() {
      healthy = true;
      for (const { role } of tabs) role.lose();
      tabs[0].role.gain();
      for (let round = 0; round < 3000; round += 1) {
        /* oxlint-disable no-await-in-loop -- one thing after the other */
        for (const { storage } of tabs) for (const turn of storage.splice(0)) turn();
        for (const one of travelling.splice(0)) one.done(serve(one.entry, 9));
        await settle();
        if (tabs.some(({ storage }) => storage.length > 0) || travelling.length > 0) continue;
        if (time.nextIn === null) break;
        await time.advance(time.nextIn);
        /* oxlint-enable no-await-in-loop */
      }
    },

    check() {
      const times = new Map<string, number>();
      for (const { wishes } of applied)
        for (const wish of wishes) times.set(wish, (times.get(wish) ?? 0) + 1);
      for (const [wish, count] of times) expect(count, `I2: ${wish} was applied ${count} times`).toBe(1);

      const leader = tabs.find(({ outbox }) => outbox.state().kind === 'open');
      expect(leader, 'I6: nobody sends').toBeDefined();
      const left = leader?.outbox.entries() ?? [];
      const queued = new Set(left.flatMap(({ entry }) => entry.payload.wishes));
      for (const wish of durable) {
        expect(times.has(wish) || queued.has(wish), `I1: ${wish} was stored and is lost`).toBe(true);
        if (!queued.has(wish)) expect(told, `I1: nobody was told of ${wish}`).toContain(wish);
      }

      for (const lane of LANES) {
        const order = applied.filter(({ lanes }) => lanes.includes(lane)).flatMap(({ wishes }) => wishes);
        const asked = order.toSorted((a, b) => stored.indexOf(a) - stored.indexOf(b));
        expect(order, `I5: order of lane ${lane}`).toEqual(asked);
      }

      for (const { entry, turn } of left) {
        const visible = turn.kind === 'parked' || (turn.kind === 'blocked' && turn.stuck);
        expect(visible, `I6: ${entry.id} is ${turn.kind} and nothing shows why`).toBe(true);
      }
      const ids = (tab: Tab): string[] =>
        tab.outbox.entries().map(({ entry }) => `${entry.id} ${entry.revision}`);
      expect(ids(tabs[1]), 'both tabs show the same queue').toEqual(ids(tabs[0]));
    },
  };
}

const RUNS = 250;

test('S5.25 F1 F2 F3 F8 F9 F13 F14 F15 any interleaving of writes, answers, losses, failures and crashes keeps I1, I2, I5, I6', async () => {
  const choices = fc.noBias(fc.array(fc.nat({ max: 16 * 8192 - 1 }), { maxLength: 500, size: 'max' }));
  await fc.assert(
    fc.asyncProperty(fc.nat(), choices, async (seed, steps) => {
      const world = createWorld(seed);
      for (const choice of steps) {
        // oxlint-disable-next-line no-await-in-loop -- one step after the other
        await world.step(choice);
      }
      await world.heal();
      world.check();
    }),
    { numRuns: RUNS },
  );
  expect(MUST_HAPPEN.filter((what) => !seen.has(what))).toEqual([]);
}, 120_000);
