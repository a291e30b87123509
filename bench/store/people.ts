/** The rows of the workload: the guide's users, with the version and the times that the directory's own have. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly lastActive: string;
  readonly preferences: {
    readonly theme: 'light' | 'dark';
    readonly notifications: boolean;
    readonly language: string;
  };
  readonly version: number;
}

export type Role = 'admin' | 'moderator' | 'user';

/** The moment at which the workload takes place; milliseconds since 1970. */
export const NOW = Date.UTC(2026, 0, 15, 12);
export const DAY = 24 * 60 * 60 * 1000;

const first =
  'Ada Björn Chen Daniela Emre Fatou Grace Hana Ivan Jana Kofi Lena Marco Nadia Omar Pia Quinn Rosa Sven Tanja'.split(
    ' ',
  );
const last =
  'Abbas Brandt Costa Duarte Evans Fischer Garcia Hansen Ito Jansen Klein Lindgren Mandal Novak Okafor Petrov'.split(
    ' ',
  );

/** Random numbers that are the same in every run (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function makePeople(count: number, from = 0): Person[] {
  const random = randomNumbers(from + 1);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const people = Array.from({ length: count }, (_, at): Person => {
    const number = from + at;
    const [given, family] = [pick(first), pick(last)];
    const share = random();
    return {
      id: uuid(number, random),
      name: `${given} ${family}`,
      email: `${given}.${family}.${number}@example.org`.toLowerCase(),
      role: share < 0.02 ? 'admin' : share < 0.15 ? 'moderator' : 'user',
      lastActive: new Date(NOW - Math.floor(random() ** 3 * 90 * DAY)).toISOString(),
      preferences: {
        theme: random() < 0.5 ? 'light' : 'dark',
        notifications: random() < 0.7,
        language: pick(['en', 'de', 'fr', 'ja']),
      },
      version: 1,
    };
  });
  // As an answer brings them: texts put together here would be trees of their parts.
  return JSON.parse(JSON.stringify(people)) as Person[];
}

/** Of version 7: the time first, then random bits. */
function uuid(number: number, random: () => number): string {
  const hex = (bits: number): string =>
    Math.floor(random() * 2 ** bits)
      .toString(16)
      .padStart(bits / 4, '0');
  const time = (NOW - 10 ** 9 + number).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(12)}-8${hex(12)}-${hex(48)}`;
}

/** What the view of the workload shows: moderators whose name or address contains the text. */
export const ROLE: Role = 'moderator';
export const SEARCH = 'an';
export const PAGE = 20;

export function belongs(person: Person): boolean {
  return person.role === ROLE && matchesText(person, SEARCH);
}

export function matchesText(person: Person, text: string): boolean {
  return person.name.toLowerCase().includes(text) || person.email.includes(text);
}

export interface Stats {
  readonly total: number;
  readonly active24h: number;
  readonly active7d: number;
  readonly byRole: Readonly<Partial<Record<Role, number>>>;
}
