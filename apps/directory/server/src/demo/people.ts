import type { User } from '@directory/contract';
import { uuidv7 } from '@lockstep/protocol';
import { namePools } from './names.ts';
import type { Name, NamePool } from './names.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Ids carry a time; a fixed one makes them the same in every demo. */
const idsBegin = Date.parse('2026-01-01T00:00:00.000Z');

const domains = ['example.com', 'example.org', 'example.net'] as const;

/**
 * People who could exist: names in many scripts, plausible roles and habits. The same seed gives the same people; their
 * times are offsets from `now`.
 */
export function* demoPeople(options: { count: number; now: number; seed?: number }): Generator<User> {
  const { count, now, seed = 1 } = options;
  const random = sequence(seed);
  const taken = new Map<string, number>();
  for (let at = 0; at < count; at += 1) yield person(at, now, random, taken);
}

function person(at: number, now: number, random: () => number, taken: Map<string, number>): User {
  const pool = poolFor(random());
  const given = pick(pool.given, random());
  const family = pick(pool.family, random());
  const second = pick(pool.family, random());
  const status = random() < 0.025 ? 'disabled' : 'active';
  const createdAgo = day + random() ** 1.6 * 6 * 365 * day;
  const seenAgo = Math.min(
    seenAgoFor(random(), random()) + (status === 'disabled' ? 30 * day : 0),
    createdAgo,
  );
  const updatedAgo = seenAgo + random() * (createdAgo - seenAgo);
  const role = roleFor(random());
  const language = random() < 0.12 ? 'en' : pool.language;
  const ago = (ms: number) => new Date(now - Math.round(ms)).toISOString();
  return {
    id: uuidv7(idsBegin + at * 1000, bytes(random)),
    name: nameFor(pool, given, family, second),
    email: emailFor(given, family, random(), taken),
    role,
    lastActive: ago(seenAgo),
    preferences: { theme: random() < 0.6 ? 'light' : 'dark', notifications: random() < 0.7, language },
    avatarUrl: null,
    status,
    version: 1,
    createdAt: ago(createdAgo),
    updatedAt: ago(updatedAgo),
  };
}

function nameFor({ form }: NamePool, given: Name, family: Name, second: Name): string {
  switch (form) {
    case 'family given':
      return `${family.native} ${given.native}`;
    case 'familygiven':
      return family.native + given.native;
    case 'given family family':
      return family === second
        ? `${given.native} ${family.native}`
        : `${given.native} ${family.native} ${second.native}`;
    case 'given family':
    default:
      return `${given.native} ${family.native}`;
  }
}

/** Namesakes are told apart by a number, as in real directories. */
function emailFor(given: Name, family: Name, draw: number, taken: Map<string, number>): string {
  const domain = pick(domains, draw);
  const base = `${given.latin}.${family.latin}`;
  const count = (taken.get(base) ?? 0) + 1;
  taken.set(base, count);
  return count === 1 ? `${base}@${domain}` : `${base}${count}@${domain}`;
}

function roleFor(draw: number): User['role'] {
  if (draw < 0.006) return 'admin';
  return draw < 0.046 ? 'moderator' : 'user';
}

/** A fifth was here today, a half this week; some have not been seen for years. */
function seenAgoFor(draw: number, within: number): number {
  if (draw < 0.04) return within * hour;
  if (draw < 0.21) return hour + within ** 1.5 * 23 * hour;
  if (draw < 0.5) return day + within * 6 * day;
  if (draw < 0.82) return 7 * day + within ** 1.4 * 60 * day;
  return 67 * day + within ** 2 * 700 * day;
}

const shares = namePools.reduce((sum, { share }) => sum + share, 0);

function poolFor(draw: number): NamePool {
  let left = draw * shares;
  for (const pool of namePools) {
    left -= pool.share;
    if (left < 0) return pool;
  }
  throw new RangeError(`expected a number from 0 to below 1, received ${draw}`);
}

function pick<T>(list: readonly T[], draw: number): T {
  const found = list[Math.floor(draw * list.length)];
  if (found === undefined) throw new RangeError('expected a list that is not empty');
  return found;
}

function bytes(random: () => number): Uint8Array {
  return Uint8Array.from({ length: 10 }, () => Math.floor(random() * 256));
}

/** Numbers from 0 to below 1 (the generator "mulberry32"); the same seed gives the same ones everywhere. */
function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
