import type { Role } from '@directory/contract';
import { seriesAnswer } from '@directory/contract/schema';
import type { Dialect } from '@lockstep/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadKeys } from '../../db/keys.ts';
import { shiftDemo } from '../../demo/load.ts';
import { demoPeople } from '../../demo/people.ts';
import { createAccessTokens } from '../accounts/index.ts';
import { bodyOf, refusalOf, startHarness, testWorld } from '../../testing/harness.ts';
import type { Harness, Person } from '../../testing/harness.ts';
import { compactMovements } from './movements.ts';

const hour = 60 * 60 * 1000;
const day = 24 * hour;
const iso = (ms: number) => new Date(ms).toISOString();

interface Point {
  at: string;
  total: number;
  byRole: Record<Role, number>;
  created: number;
  deleted: number;
}

/** The administrator with a token of this moment. */
async function adminOf(h: Harness): Promise<Person> {
  const { accessTokens } = await loadKeys(h.database, h.world);
  const tokens = createAccessTokens(accessTokens, () => h.world.now());
  return { ...h.admin, token: tokens.issue(h.admin.id, h.admin.sessionId) };
}

async function seriesOf(h: Harness, from: number, to: number, bucket: string): Promise<Point[]> {
  const url = `/api/users/stats/series?from=${iso(from)}&to=${iso(to)}&bucket=${bucket}`;
  const answer = bodyOf<{ data: { points: Point[] } }>(
    await h.send('GET', url, { by: await adminOf(h) }),
    200,
  );
  expect(seriesAnswer.parse(answer)).toEqual(answer);
  return answer.data.points;
}

/** People who were here before anything was counted are in every point. */
async function countNow(h: Harness): Promise<Record<Role, number>> {
  const rows = await h.database.db
    .selectFrom('people')
    .select('role')
    .where('deleted_at', 'is', null)
    .execute();
  const count = { admin: 0, moderator: 0, user: 0 };
  for (const { role } of rows) count[role] += 1;
  return count;
}

describe.each<Dialect>(['pglite', 'postgres'])('counts over time (%s)', (dialect) => {
  let h: Harness;
  beforeAll(async () => {
    h = await startHarness({ dialect });
  });
  afterAll(() => h.close());

  test('are what a look at each bucket’s end would have shown, before and after old rows are joined', async () => {
    const start = h.world.now();
    const looks: Array<{ at: string; byRole: Record<Role, number> }> = [];
    const ids: string[] = [];
    // A fixed sequence of ones and zeros, as odd as a random one.
    let bits = 0x9e3779b9;
    const draw = (count: number) => {
      bits = (Math.imul(bits, 1664525) + 1013904223) >>> 0;
      return bits % count;
    };
    let created = 0;
    let deleted = 0;
    for (let step = 0; step < 40; step += 1) {
      const by = await adminOf(h);
      const id = ids[draw(Math.max(1, ids.length))];
      switch (id === undefined ? 0 : draw(4)) {
        case 0: {
          const body = { name: `N ${step}`, email: `n.${dialect}.${step}@example.org` };
          const made = await h.send('POST', '/api/users', { by, body });
          ids.push(bodyOf<{ data: { id: string } }>(made, 201).data.id);
          created += 1;
          break;
        }
        case 1: {
          const body = { role: ['admin', 'moderator', 'user'][draw(3)] };
          await h.send('PATCH', `/api/users/${id}`, { by, body });
          break;
        }
        case 2:
          if ((await h.send('DELETE', `/api/users/${id}`, { by })).statusCode === 204) deleted += 1;
          break;
        default:
          if ((await h.send('POST', `/api/users/${id}/restore`, { by })).statusCode === 200) created += 1;
      }
      looks.push({ at: iso(h.world.now()), byRole: await countNow(h) });
      h.world.advance(7 * 60 * 1000);
    }
    const end = h.world.now();
    const check = (points: Point[]) => {
      expect(points.map(({ at }) => at)).toEqual(
        Array.from({ length: points.length }, (_, at) => iso(Math.floor(start / hour) * hour + at * hour)),
      );
      for (const { at, total, byRole } of points) {
        const until = iso(Date.parse(at) + hour);
        const last = looks.findLast((look) => look.at < until);
        expect({ at, byRole }).toEqual({ at, byRole: last?.byRole });
        expect(total).toBe(byRole.admin + byRole.moderator + byRole.user);
      }
      expect(points.reduce((sum, point) => sum + point.created, 0)).toBe(created);
      expect(points.reduce((sum, point) => sum + point.deleted, 0)).toBe(deleted);
    };
    check(await seriesOf(h, start, end, 'hour'));
    h.world.advance(3 * hour);
    await compactMovements(h.database, h.world.now());
    await compactMovements(h.database, h.world.now());
    const rows = await h.database.db.selectFrom('people_movements').select('at').execute();
    expect(rows.length).toBeLessThanOrEqual(Math.ceil((40 * 7) / 60) + 1);
    check(await seriesOf(h, start, end, 'hour'));
  });

  test('the newest point is what the statistics say', async () => {
    const points = await seriesOf(h, h.world.now() - 3 * day, h.world.now() + day, 'day');
    const { data } = bodyOf<{ data: { total: number; byRole: Record<Role, number> } }>(
      await h.send('GET', '/api/users/stats', { by: await adminOf(h) }),
      200,
    );
    expect(points.at(-1)?.byRole).toEqual(data.byRole);
  });

  test.each([
    ['day', '2026-05-30T13:00:00.000Z', ['2026-05-30', '2026-05-31', '2026-06-01']],
    ['week', '2026-05-12T13:00:00.000Z', ['2026-05-11', '2026-05-18', '2026-05-25', '2026-06-01']],
    ['month', '2026-03-31T23:59:59.999Z', ['2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01']],
  ])('a %s begins at midnight in UTC; none begins after now', async (bucket, from, expected) => {
    const points = await seriesOf(h, Date.parse(from), Date.parse('2026-06-01T12:00:00.001Z'), bucket);
    expect(points.map(({ at }) => at)).toEqual(expected.map((date) => `${date}T00:00:00.000Z`));
  });
});

describe('what may be asked', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await startHarness();
  });
  afterAll(() => h.close());

  const ask = (query: string) => h.send('GET', `/api/users/stats/series?${query}`, { by: h.user });
  const from = 'from=2026-01-01T00:00:00.000Z';
  const to = 'to=2026-05-01T00:00:00.000Z';

  test.each([
    [to, 400, 'malformed'],
    [from, 400, 'malformed'],
    [`${from}&to=yesterday`, 400, 'malformed'],
    [`${from}&to=2026-02-30T00:00:00.000Z`, 400, 'malformed'],
    [`${from}&to=2026-99-99T99:99:99.999Z`, 400, 'malformed'],
    [`from=0000-01-01T00:00:00.000Z&${to}`, 400, 'malformed'],
    [`${from}&${to}&bucket=minute`, 400, 'malformed'],
    [`${from}&${to}&${to}`, 400, 'malformed'],
    [`${from}&${to}&role=admin`, 400, 'unknown-field'],
    [`${from}&to=2026-01-01T00:00:00.000Z`, 422, 'refused'],
    [`from=2026-05-02T00:00:00.000Z&${to}`, 422, 'refused'],
    [`${from}&${to}&bucket=hour`, 422, 'refused'],
    [`from=1970-01-01T00:00:00.000Z&to=9999-12-31T23:59:59.999Z&bucket=week`, 422, 'refused'],
  ])('%s: %d %s', async (query, status, code) => {
    const { status: received, code: saying } = refusalOf(await ask(query));
    expect([received, saying]).toEqual([status, code]);
  });

  test('the longest range of the coarsest bucket, and a future one', async () => {
    const all = await ask('from=1970-01-01T00:00:00.000Z&to=9999-12-31T23:59:59.999Z&bucket=month');
    expect(bodyOf<{ data: { points: Point[] } }>(all, 200).data.points).toHaveLength(678);
    const future = await ask('from=2090-01-01T00:00:00.000Z&to=9999-12-31T23:59:59.999Z&bucket=hour');
    expect(bodyOf<{ data: { points: Point[] } }>(future, 200).data.points).toEqual([]);
  });
});

test('demo people come when they were made, and move with the clock', async () => {
  const world = testWorld();
  const h = await startHarness({ world, demo: 300 });
  try {
    const now = world.now();
    const since = now - 30 * day;
    const expected = [...demoPeople({ count: 300, now })].filter(
      ({ createdAt }) => Date.parse(createdAt) < Math.floor(since / day) * day + day,
    ).length;
    const { admin, moderator, user } = await countNow(h);
    // The accounts that the harness put in without a record of their coming are in every point.
    const here = admin + moderator + user - 300;
    const at = async (from: number, to: number) => (await seriesOf(h, from, to, 'day'))[0]?.total;
    expect(await at(since, now)).toBe(expected + here);
    expect((await seriesOf(h, since, now, 'day')).at(-1)?.total).toBe(admin + moderator + user);
    world.advance(20 * day);
    await shiftDemo(h.database, world.now());
    expect(await at(since + 20 * day, now + 20 * day)).toBe(expected + here);
  } finally {
    await h.close();
  }
});
