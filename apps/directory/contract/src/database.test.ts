import { PGlite } from '@electric-sql/pglite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SORT_FIELDS, SORT_ORDERS } from './constants.ts';
import { isActiveAt, matchesFilter } from './filter.ts';
import { compareUsers, orderings } from './ordering.ts';
import { anyName, NOW, people } from './testing/people.ts';
import { likePattern, normalise } from './text.ts';
import { searchKey } from './user.ts';
import type { User } from './user.ts';

/** The database is the oracle: what the functions say of people is what queries over stored keys say. */
describe('D10: order and search in JavaScript and in the database', () => {
  let db: PGlite;

  beforeAll(async () => {
    db = await PGlite.create();
    await db.exec(`
      CREATE TABLE person (
        id uuid PRIMARY KEY,
        search_key text COLLATE "C" NOT NULL,
        last_active timestamptz(3) NOT NULL,
        ${SORT_FIELDS.map((field) => `"${field}" text COLLATE "C" NOT NULL`).join(', ')}
      )`);
  }, 60_000);

  afterAll(() => db.close());

  async function store(group: readonly User[]): Promise<void> {
    await db.exec('TRUNCATE person');
    const rows = group.map((user) => ({
      id: user.id,
      search_key: searchKey(user),
      last_active: user.lastActive,
      ...Object.fromEntries(SORT_FIELDS.map((field) => [field, orderings[field].key(user)])),
    }));
    await db.query('INSERT INTO person SELECT * FROM jsonb_populate_recordset(NULL::person, $1)', [
      JSON.stringify(rows),
    ]);
  }

  async function ids(sql: string, values: unknown[] = []): Promise<string[]> {
    const { rows } = await db.query<{ id: string }>(sql, values);
    return rows.map(({ id }) => id);
  }

  test('sort alike, by every field and in both directions, in the order of keys and of times', async () => {
    await fc.assert(
      fc.asyncProperty(people({ minLength: 2, maxLength: 40 }), async (group) => {
        await store(group);
        for (const field of SORT_FIELDS) {
          for (const order of SORT_ORDERS) {
            const here = group.toSorted(compareUsers(field, order)).map(({ id }) => id);
            expect(await ids(`SELECT id FROM person ORDER BY "${field}" ${order}, id`)).toEqual(here);
          }
        }
        const byTime = group.toSorted(compareUsers('lastActive', 'desc')).map(({ id }) => id);
        expect(await ids('SELECT id FROM person ORDER BY last_active DESC, id')).toEqual(byTime);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('find alike, wildcards taken literally', async () => {
    const part = fc.tuple(anyName, fc.nat(6), fc.integer({ min: 1, max: 6 }));
    const search = fc.oneof(
      part.map(([name, from, length]) =>
        Array.from(name)
          .slice(from, from + length)
          .join(''),
      ),
      fc.constantFrom('%', '_', '\\', '100%', 'a_', '.ex', '@', ' ', 'ada@EXAMPLE', 'e ada', 'ß', 'ı'),
    );
    let found = 0;
    await fc.assert(
      fc.asyncProperty(people({ minLength: 2, maxLength: 40 }), search, async (group, text) => {
        await store(group);
        const here = group.filter((user) => matchesFilter({ search: text }, user, NOW)).map(({ id }) => id);
        const there = await ids('SELECT id FROM person WHERE $1::text IS NULL OR search_key LIKE $1', [
          likePattern(text),
        ]);
        expect(there.toSorted()).toEqual(here.toSorted());
        if (here.length > 0 && here.length < group.length) found += 1;
      }),
      { numRuns: 200 },
    );
    expect(found).toBeGreaterThan(20);
  }, 60_000);

  test('say alike who was active within 24 hours, to the millisecond', async () => {
    await fc.assert(
      fc.asyncProperty(people({ minLength: 2, maxLength: 40 }), async (group) => {
        await store(group);
        const here = group.filter((user) => isActiveAt(user, NOW)).map(({ id }) => id);
        const there = await ids(
          `SELECT id FROM person WHERE last_active > $1::timestamptz - interval '24 hours'`,
          [new Date(NOW).toISOString()],
        );
        expect(there.toSorted()).toEqual(here.toSorted());
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('keep a key as it is: nothing that normalise gives is refused or altered by the database', async () => {
    const scalars: string[] = [];
    for (let point = 1; point <= 0x10ffff; point += 1) {
      const char = String.fromCodePoint(point);
      if (char.isWellFormed()) scalars.push(normalise(`a${char}b`));
    }
    const { rows } = await db.query<{ text: string; bytes: number }>(
      `SELECT string_agg(value, '' ORDER BY at) AS text, sum(octet_length(value))::int AS bytes
         FROM jsonb_array_elements_text($1) WITH ORDINALITY AS item(value, at)`,
      [JSON.stringify(scalars)],
    );
    const sent = scalars.join('');
    expect(rows[0]?.bytes).toBe(Buffer.byteLength(sent));
    expect(rows[0]?.text === sent).toBe(true);
  }, 60_000);
});
