// @vitest-environment node
import { CLOSE } from '@lockstep/protocol';
import { beforeEach, expect, test } from 'vitest';
import type { LiveHandlers, SocketEvents } from './live.ts';
import { openLive } from './live.ts';

interface Fake {
  readonly events: SocketEvents;
  readonly sent: unknown[];
  closed: boolean;
}

let sockets: Fake[];
let timers: { readonly at: number; readonly run: () => void }[];
let clock: number;
let log: string[];
let renewed: boolean;

beforeEach(() => {
  sockets = [];
  timers = [];
  clock = 0;
  log = [];
  renewed = true;
});

const handlers: LiveHandlers = {
  onChanges: (changes, lastOffset) => log.push(`changes ${changes.length} to ${lastOffset}`),
  onReset: () => log.push('reset'),
  onStatus: (status) => log.push(status),
  onServerTime: (ms) => log.push(`time ${ms}`),
  renewSession: () => {
    log.push('renew');
    return Promise.resolve(renewed);
  },
};

const open = (random = 0.5) =>
  openLive(
    {
      openSocket: (_protocol, events) => {
        const fake: Fake = { events, sent: [], closed: false };
        sockets.push(fake);
        return {
          send: (text) => fake.sent.push(JSON.parse(text)),
          close: () => {
            fake.closed = true;
          },
        };
      },
      after: (ms, run) => {
        const timer = { at: clock + ms, run };
        timers.push(timer);
        return () => {
          timers = timers.filter((one) => one !== timer);
        };
      },
      random: () => random,
    },
    handlers,
  );

function passTime(ms: number): void {
  const until = clock + ms;
  for (;;) {
    const next = timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
    if (next === undefined) break;
    timers = timers.filter((one) => one !== next);
    clock = next.at;
    next.run();
  }
  clock = until;
}

const socket = (number: number): Fake => {
  const fake = sockets[number];
  if (fake === undefined) throw new Error(`Expected socket ${number}, ${sockets.length} were opened.`);
  return fake;
};
const say = (number: number, frame: object): void => socket(number).events.onText(JSON.stringify(frame));
const hello = (number: number, offset: number, horizon = 0): void =>
  say(number, { type: 'HELLO', offset, horizon, protocol: 1, now: '1970-01-01T00:00:05.000Z' });
const changes = (number: number, offset: number, count: number): void =>
  say(number, { type: 'CHANGES', offset, changes: Array.from({ length: count }, () => ({ op: 'none' })) });

test('begins a little before the present, but not below the horizon, and says when it is live', () => {
  open();
  hello(0, 1000);
  expect(socket(0).sent).toEqual([{ type: 'RESUME', since: 800 }]);
  expect(log).toEqual(['connecting', 'time 5000', 'live']);
});

test('F22 never asks for what lies below the horizon', () => {
  open();
  hello(0, 1000, 950);
  expect(socket(0).sent).toEqual([{ type: 'RESUME', since: 950 }]);
});

test('G40 resumes where it stopped after the connection broke', () => {
  open();
  hello(0, 100, 100);
  changes(0, 103, 3);
  socket(0).events.onClose(1006);
  passTime(250);
  hello(1, 200);
  expect(socket(1).sent).toEqual([{ type: 'RESUME', since: 103 }]);
  expect(log).toContain('changes 3 to 103');
});

test('F4 repeated changes are cut off, and a gap is healed by resuming', () => {
  open();
  hello(0, 100, 100);
  changes(0, 103, 3);
  changes(0, 105, 4);
  expect(log.at(-1)).toBe('changes 2 to 105');
  changes(0, 110, 2);
  expect(socket(0).closed).toBe(true);
  passTime(250);
  hello(1, 110);
  expect(socket(1).sent).toEqual([{ type: 'RESUME', since: 105 }]);
});

test('F5 a socket that answers nothing is given up within two heartbeats', () => {
  open();
  hello(0, 1);
  passTime(20_000);
  expect(socket(0).sent.at(-1)).toEqual({ type: 'PING' });
  say(0, { type: 'PONG' });
  passTime(20_000);
  expect(socket(0).closed).toBe(false);
  passTime(10_000);
  expect(socket(0).closed).toBe(true);
  expect(log.at(-1)).toBe('waiting');
});

test('F21 waits longer after each failure, never beyond the limit, and starts short again after a success', () => {
  open(0.5);
  const waits: number[] = [];
  for (let failure = 0; failure < 7; failure += 1) {
    socket(failure).events.onClose(1006);
    const wait = (timers[0]?.at ?? Number.NaN) - clock;
    waits.push(wait);
    passTime(wait);
  }
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 7500, 7500]);
  hello(7, 1);
  socket(7).events.onClose(1006);
  expect((timers[0]?.at ?? Number.NaN) - clock).toBe(250);
});

test('F21 the wait is random from nothing on, so that a thousand pages do not come back together', () => {
  open(0);
  socket(0).events.onClose(1006);
  passTime(0);
  expect(sockets).toHaveLength(2);
});

test('a reset reads everything anew, but only after the new position is known', () => {
  open();
  hello(0, 100);
  say(0, { type: 'RESET', reason: 'rights' });
  expect(log).not.toContain('reset');
  passTime(500);
  hello(1, 120, 120);
  expect(log.slice(-2)).toEqual(['live', 'reset']);
  expect(socket(1).sent).toEqual([{ type: 'RESUME', since: 120 }]);
});

test('F11 asked to sign in again, it renews the session and comes back', async () => {
  open();
  hello(0, 1);
  socket(0).events.onClose(CLOSE.signInAgain);
  await Promise.resolve();
  await Promise.resolve();
  passTime(500);
  expect(sockets).toHaveLength(2);
});

test('a session that cannot be renewed ends it', async () => {
  renewed = false;
  open();
  socket(0).events.onClose(CLOSE.signInAgain);
  await Promise.resolve();
  await Promise.resolve();
  passTime(60_000);
  expect(sockets).toHaveLength(1);
  expect(log.at(-1)).toBe('off');
});

test('F23 refused for its version, it says so and does not insist', () => {
  open();
  socket(0).events.onClose(CLOSE.upgrade);
  passTime(60_000);
  expect(log.at(-1)).toBe('refused');
  expect(sockets).toHaveLength(1);
});

test('waking connects at once, but only where it waits', () => {
  const live = open();
  live.wake();
  expect(sockets).toHaveLength(1);
  socket(0).events.onClose(1006);
  live.wake();
  expect(sockets).toHaveLength(2);
  live.stop();
  live.wake();
  passTime(60_000);
  expect(sockets).toHaveLength(2);
  expect(log.at(-1)).toBe('off');
});

test('G42 a frame that makes no sense is not believed; one of an unknown kind is let pass', () => {
  open();
  hello(0, 1);
  say(0, { type: 'WEATHER' });
  expect(socket(0).closed).toBe(false);
  socket(0).events.onText('{"type":"CHANGES"');
  expect(socket(0).closed).toBe(true);
});
