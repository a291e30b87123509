import {
  ACTIVE_MS,
  SORT_FIELDS,
  SORT_ORDERS,
  compareUsers,
  matchesFilter,
  searchKey,
} from '@directory/contract';
import type { User, UserFilter } from '@directory/contract';
import { infiniteAnswer, pageAnswer, snapshotAnswer, statsAnswer } from '@directory/contract/schema';
import type { Dialect } from '@lockstep/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoPeople } from '../../demo/people.ts';
import { bodyOf, refusalOf, startHarness } from '../../testing/harness.ts';
import type { Harness } from '../../testing/harness.ts';

const count = 400;

describe.each<Dialect>(['pglite', 'postgres'])('lists on %s', (dialect) => {
  let h: Harness;
  let everybody: User[];

  beforeAll(async () => {
    h = await startHarness({ dialect });
    const now = h.world.now();
    await h.add(...demoPeople({ count, now }));
    // Names and times that are equal, and addresses that only differ late: ties go by id.
    await h.add(
      ...Array.from({ length: 8 }, () => ({
        name: 'Same Name',
        lastActive: new Date(now - 5).toISOString(),
      })),
    );
    everybody = await readAll('');
  });
  afterAll(() => h.close());

  const get = (url: string, by = h.admin) => h.send('GET', url, { by });
  const ids = (users: ReadonlyArray<{ id: string }>) => users.map(({ id }) => id);

  /** Everybody, by following cursors. */
  async function readAll(query: string, limit = 37): Promise<User[]> {
    const users: User[] = [];
    let cursor: string | undefined;
    do {
      const at = cursor === undefined ? '' : `&cursor=${cursor}`;
      const page = bodyOf<{ users: User[]; nextCursor?: string; hasMore: boolean; total: number }>(
        await get(`/api/users/infinite?limit=${limit}${query}${at}`),
        200,
      );
      expect(infiniteAnswer.parse(page)).toEqual(page);
      expect(page.hasMore).toBe(page.nextCursor !== undefined);
      users.push(...page.users);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return users;
  }

  test('an infinite list holds everybody once', () => {
    expect(everybody).toHaveLength(count + 8 + 3);
    expect(new Set(ids(everybody)).size).toBe(everybody.length);
  });

  test.each(SORT_FIELDS.flatMap((sortBy) => SORT_ORDERS.map((sortOrder) => [sortBy, sortOrder] as const)))(
    'by %s %s comes as the contract compares, by cursors and by pages alike',
    async (sortBy, sortOrder) => {
      const expected = ids(everybody.toSorted(compareUsers(sortBy, sortOrder)));
      const query = `&sortBy=${sortBy}&sortOrder=${sortOrder}`;
      expect(ids(await readAll(query, 50))).toEqual(expected);
      const page = bodyOf<{ data: { users: User[]; total: number; hasMore: boolean } }>(
        await get(`/api/users?page=3&pageSize=60${query}`),
        200,
      );
      expect(pageAnswer.parse(page)).toEqual(page);
      expect(ids(page.data.users)).toEqual(expected.slice(120, 180));
      expect(page.data).toMatchObject({ total: everybody.length, hasMore: true });
    },
  );

  const filters: UserFilter[] = [
    { role: 'moderator' },
    { isActive: true },
    { isActive: false, role: 'user' },
    { language: 'de' },
    { notifications: false, language: 'ar' },
    { search: 'an' },
    { search: 'ANNA' },
    { search: 'łu' },
    { search: '王' },
    { search: 'محم' },
    { search: '%' },
    { search: '_' },
    { search: '\\' },
    { search: 'example.org', role: 'moderator' },
    { search: '  ' },
    { search: 'no such person anywhere' },
  ];
  test.each(filters)('filtered by %j holds who matches, and counts them', async (filter) => {
    const query = Object.entries(filter).map(
      ([key, value]) => `&${key}=${encodeURIComponent(String(value))}`,
    );
    const expected = everybody
      .filter((user) => matchesFilter(filter, user, h.world.now()))
      .toSorted(compareUsers('lastActive', 'desc'));
    expect(ids(await readAll(query.join('')))).toEqual(ids(expected));
    const page = await get(`/api/users?pageSize=1${query.join('')}`);
    expect(bodyOf<{ data: { total: number } }>(page, 200).data.total).toBe(expected.length);
  });

  test('search finds by name and address, in the order of names', async () => {
    const expected = everybody
      .filter((user) => searchKey(user).includes('ma'))
      .toSorted(compareUsers('name', 'asc'))
      .slice(0, 7);
    const { data } = bodyOf<{ data: User[] }>(await get('/api/users/search?q=Ma&limit=7'), 200);
    expect(ids(data)).toEqual(ids(expected));
    expect(bodyOf(await get('/api/users/search?q=%20'), 200)).toEqual({ data: [] });
  });

  test('a snapshot is everybody, page by page, with one offset', async () => {
    const users: User[] = [];
    const offsets = new Set<number>();
    let cursor: string | null = '';
    do {
      const response = await get(`/api/users/snapshot?limit=150${cursor === '' ? '' : `&cursor=${cursor}`}`);
      const page = bodyOf<{ data: { users: User[]; nextCursor: string | null; offset: number } }>(
        response,
        200,
      );
      expect(snapshotAnswer.parse(page)).toEqual(page);
      expect(response.headers['lockstep-offset']).toBe(String(page.data.offset));
      users.push(...page.data.users);
      offsets.add(page.data.offset);
      cursor = page.data.nextCursor;
      // A change between two pages must not move the offset.
      await h.send('PATCH', `/api/users/${h.user.id}`, {
        by: h.admin,
        body: { name: `Name ${users.length}` },
      });
      await h.settled();
    } while (cursor !== null);
    expect(ids(users).toSorted()).toEqual(ids(everybody).toSorted());
    expect(offsets.size).toBe(1);
  });

  test('stats count everybody exactly, at the moment of asking', async () => {
    const statsNow = async () => {
      const body = bodyOf<{ data: unknown }>(await get('/api/users/stats'), 200);
      expect(statsAnswer.parse(body)).toEqual(body);
      return body.data;
    };
    const expected = () => {
      const now = h.world.now();
      const since = (ms: number) => everybody.filter((user) => Date.parse(user.lastActive) > now - ms).length;
      const of = (role: string) => everybody.filter((user) => user.role === role).length;
      const byRole = { admin: of('admin'), moderator: of('moderator'), user: of('user') };
      return { total: everybody.length, active24h: since(ACTIVE_MS), active7d: since(7 * ACTIVE_MS), byRole };
    };
    expect(await statsNow()).toEqual(expected());
  });

  test.each([
    ['forged', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['short', 'AA'],
    ['of another list', null],
    ['altered', undefined],
  ])('a cursor that is %s is refused', async (_how, forged) => {
    const first = bodyOf<{ nextCursor: string }>(await get('/api/users/infinite?limit=2'), 200);
    const altered = `${first.nextCursor.slice(0, -4)}AAAA`;
    const cursor = forged === null ? first.nextCursor : (forged ?? altered);
    const other = forged === null ? '&sortBy=name' : '';
    const response = await get(`/api/users/infinite?limit=2${other}&cursor=${cursor}`);
    expect(refusalOf(response)).toEqual({ status: 400, code: 'bad-cursor' });
    expect(refusalOf(await get(`/api/users/snapshot?cursor=${first.nextCursor}`)).code).toBe('bad-cursor');
  });

  test('kept totals equal fresh counts, whatever happens meanwhile', async () => {
    const kept: UserFilter[] = [
      {},
      { role: 'user' },
      { search: 'zz' },
      { language: 'de', role: 'moderator' },
    ];
    const totalOf = async (filter: UserFilter) => {
      const query = Object.entries(filter).map(([key, value]) => `&${key}=${String(value)}`);
      const response = await get(`/api/users?pageSize=1${query.join('')}`);
      return bodyOf<{ data: { total: number } }>(response, 200).data.total;
    };
    await Promise.all(kept.map(totalOf));
    const people = await h.add(...Array.from({ length: 12 }, () => ({ name: 'Moving' })));
    await Promise.all(kept.map(totalOf));
    // Loaded past the feed, so the totals cannot know of them: from here on only the difference counts.
    const before = await Promise.all(kept.map(totalOf));
    const changes = people.map(({ id }, at) => {
      const url = `/api/users/${id}`;
      switch (at % 4) {
        case 0:
          return h.send('DELETE', url, { by: h.admin });
        case 1:
          return h.send('PATCH', url, { by: h.admin, body: { name: 'Zz Top' } });
        case 2:
          return h.send('PATCH', url, {
            by: h.admin,
            body: { role: 'moderator', preferences: { language: 'de' } },
          });
        default:
          return h.send('POST', '/api/users', {
            by: h.admin,
            body: { name: 'Zz New', email: `new.${dialect}.${at}@example.org` },
          });
      }
    });
    await Promise.all([...changes, ...kept.map(totalOf)]);
    await h.settled();
    const after = await Promise.all(kept.map(totalOf));
    expect(after.map((total, at) => total - (before[at] ?? 0))).toEqual([-3 + 3, -3 - 3 + 3, 3 + 3, 3]);
  });
});
