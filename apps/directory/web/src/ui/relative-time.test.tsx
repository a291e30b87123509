import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { ClockContext, createClock } from './clock.ts';
import { RelativeTime, timeAgo, useIsWithin } from './relative-time.tsx';

afterEach(cleanup);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  [0, 'now'],
  [59_999, 'now'],
  [-59_999, 'now'],
  [MINUTE, '1 minute ago'],
  [59 * MINUTE, '59 minutes ago'],
  [HOUR, '1 hour ago'],
  [23.9 * HOUR, '23 hours ago'],
  [DAY, 'yesterday'],
  [6.9 * DAY, '6 days ago'],
  [7 * DAY, 'last week'],
  [29 * DAY, '4 weeks ago'],
  [31 * DAY, 'last month'],
  [200 * DAY, '6 months ago'],
  [366 * DAY, 'last year'],
  [-2 * HOUR, 'in 2 hours'],
])('%i ms ago is "%s"', (past, words) => {
  expect(timeAgo(1e12 - past, 1e12)).toBe(words);
});

function handClock(start: number) {
  let now = start;
  const ticks = new Set<() => void>();
  const clock = createClock({
    now: () => now,
    every: (_ms, run) => {
      ticks.add(run);
      return () => ticks.delete(run);
    },
  });
  return {
    clock,
    running: () => ticks.size,
    pass(ms: number) {
      now += ms;
      for (const tick of ticks) tick();
    },
  };
}

test('G11 what is on screen grows older with the tick, and renders only when its words change', () => {
  const hand = handClock(Date.parse('2026-01-01T00:00:30.000Z'));
  let renders = 0;
  function Active() {
    renders += 1;
    return <i>{useIsWithin('2026-01-01T00:00:00.000Z', MINUTE) ? 'within' : 'older'}</i>;
  }
  render(
    <ClockContext value={hand.clock}>
      <RelativeTime at="2026-01-01T00:00:00.000Z" />
      <Active />
    </ClockContext>,
  );
  expect(screen.getByRole('time').textContent).toBe('now');
  act(() => hand.pass(20_000));
  expect(renders).toBe(1);
  act(() => hand.pass(20_000));
  expect(screen.getByRole('time').textContent).toBe('1 minute ago');
  expect(screen.getByText('older')).toBeDefined();
  expect(renders).toBe(2);
});

test('any number of followers share one timer, which stops with the last', () => {
  const hand = handClock(0);
  const stops = [hand.clock.follow(() => undefined), hand.clock.follow(() => undefined)];
  expect(hand.running()).toBe(1);
  stops[0]?.();
  expect(hand.running()).toBe(1);
  stops[1]?.();
  expect(hand.running()).toBe(0);
});

test('F7 a clock that is a day off is set by the server; the seconds of the way there are let be', () => {
  const hand = handClock(1e12);
  hand.clock.correct(1e12 + 3000);
  expect(hand.clock.now()).toBe(1e12);
  hand.clock.correct(1e12 + DAY);
  expect(hand.clock.now()).toBe(1e12 + DAY);
});
