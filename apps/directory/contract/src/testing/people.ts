import fc from 'fast-check';
import { ROLES, THEMES } from '../constants.ts';
import type { User } from '../user.ts';

const NAMES = [
  "Ada Lovelace|ada lovelace|ADA  LOVELACE|Zoë|Zoe|Łukasz|Lukasz|Øyvind|Straße|Strasse|ﬁnn|finn|O'Neil",
  'İbrahim Işık|ibrahim isik|Σίσυφος|ΣΙΣΥΦΟΣ|Фёдор|Федор|Nguyễn Đức|José|Jose\u0301|Å|\u212b|ნინო|ᲜᲘᲜᲝ|ꮳꮃꭹ|ᏣᎳᎩ',
  'किरण|करण|দিপা|கண்ணன்|กิ่ง|กุ้ง|مُحَمَّد|محمد|أحمد|שָׁלוֹם|שלום|김민준|감|田中|𠮷田|がとう|かとう|ｶﾞﾄｳ',
  '😀|～|\ue000|𝒜𝒹𝒶|𐐨𐐬|𐐀𐐄|100%|100_|a\\b|<img onerror>|__proto__|!| ~ |-',
].flatMap((some) => some.split('|'));

const HOUR = 60 * 60 * 1000;

/** The time that the tests call now. */
export const NOW = Date.parse('2026-06-01T12:00:00.000Z');

/** Names that differ, or do not, in every way that order and search have to decide; without what no database keeps. */
export const anyName: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NAMES) },
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc
    .string({ unit: 'binary', minLength: 1, maxLength: 8 })
    .filter((text) => text.isWellFormed() && !text.includes('\0')),
);

/** One person; whatever is not said is the same each time. */
export function person(said: Partial<User>): User {
  return {
    id: '01890000-0000-7000-8000-000000000000',
    name: 'Ada Lovelace',
    email: 'ada@example.org',
    role: 'user',
    lastActive: new Date(NOW).toISOString(),
    preferences: { theme: 'light', notifications: true, language: 'en' },
    avatarUrl: null,
    status: 'active',
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...said,
  };
}

const time = (hours: number) =>
  fc
    .oneof(
      fc.integer({ min: -hours, max: 0 }).map((at) => at * HOUR),
      fc.integer({ min: -hours * HOUR, max: 0 }),
    )
    .map((ago) => new Date(NOW + ago).toISOString());

/** People with many equal names, roles and times, so that ties and edges are met. */
export function people(size: fc.ArrayConstraints): fc.Arbitrary<User[]> {
  return fc.uniqueArray(
    fc
      .record({
        id: fc.uuid({ version: 7 }),
        name: anyName,
        email: fc
          .tuple(
            fc.constantFrom('ada', 'ADA', 'josé', 'jose', 'zoe', 'straße'),
            fc.constantFrom('example.org', 'b.example'),
          )
          .map(([name, host]) => `${name}@${host}`),
        role: fc.constantFrom(...ROLES),
        lastActive: time(48),
        createdAt: time(2),
        updatedAt: time(2),
        preferences: fc.record({
          theme: fc.constantFrom(...THEMES),
          notifications: fc.boolean(),
          language: fc.constantFrom('en', 'ar', 'ja'),
        }),
      })
      .map(person),
    { ...size, selector: (user) => user.id },
  );
}
