import { use, useSyncExternalStore } from 'react';
import { ClockContext } from './clock.ts';
import { locale } from './locale.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const MONTH = 30.4375 * DAY;
const YEAR = 365.25 * DAY;

const steps: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, ms: number, until: number])[] = [
  ['minute', MINUTE, HOUR],
  ['hour', HOUR, DAY],
  ['day', DAY, WEEK],
  ['week', WEEK, MONTH],
  ['month', MONTH, YEAR],
  ['year', YEAR, Infinity],
];

const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' });
const dayOnly = new Intl.DateTimeFormat(locale, { dateStyle: 'long' });

/** How long before `now` (both in milliseconds) something was, in words; less than a minute either way is "now". */
export function timeAgo(at: number, now: number): string {
  const past = now - at;
  const distance = Math.abs(past);
  for (const [unit, ms, until] of steps) {
    if (distance < MINUTE) break;
    if (distance < until) return words.format(-Math.trunc(past / ms), unit);
  }
  return words.format(0, 'second');
}

/** A day, written out. */
export function fullDate(instant: string): string {
  return dayOnly.format(new Date(instant));
}

/** "3 hours ago", which grows older with the shared tick and renders again only when its words change. */
export function RelativeTime({ at }: { readonly at: string }) {
  const clock = use(ClockContext);
  const ms = Date.parse(at);
  const text = useSyncExternalStore(clock.follow, () => timeAgo(ms, clock.now()));
  return (
    <time dateTime={at} title={exact.format(ms)}>
      {text}
    </time>
  );
}

/** Whether an instant is less than `ms` old; renders again only when that changes. */
export function useIsWithin(at: string, ms: number): boolean {
  const clock = use(ClockContext);
  const start = Date.parse(at);
  return useSyncExternalStore(clock.follow, () => clock.now() - start < ms);
}
