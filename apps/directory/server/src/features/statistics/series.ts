import type { Database } from '@lockstep/server';
import { sql } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import { Refusal } from '../../http/problems.ts';

export type Bucket = 'hour' | 'day' | 'week' | 'month';

export interface SeriesRange {
  /** ISO times: the first bucket holds `from`, the last one ends at `to` or later. */
  from: string;
  to: string;
  bucket: Bucket;
  /** Milliseconds since 1970; no bucket begins after it. */
  now: number;
}

export interface SeriesPoint {
  /** When the bucket begins, in UTC; weeks begin on Mondays. */
  at: string;
  /** The state at the bucket's end; at the time of asking where the bucket still runs. */
  total: number;
  byRole: { admin: number; moderator: number; user: number };
  /** Those who came within the bucket, restored people among them, and those who went. */
  created: number;
  deleted: number;
}

/** More points than a screen has columns. */
const mostPoints = 1_000;

const hourMs = 60 * 60 * 1000;
const shortestMs = {
  hour: hourMs,
  day: 24 * hourMs,
  week: 7 * 24 * hourMs,
  month: 28 * 24 * hourMs,
} as const;

interface Moved {
  bucket: number;
  admins: number;
  moderators: number;
  users: number;
  created: number;
  deleted: number;
}

/**
 * Counts over time: from what is true now back through what has moved since. So the newest point is always what the
 * statistics say, whatever is no longer known of the past.
 */
export async function readSeries(database: Database<Tables>, range: SeriesRange): Promise<SeriesPoint[]> {
  const edges = edgesOf(range);
  const [first] = edges;
  if (first === undefined) return [];
  const { roles, moves } = await read(database, first, edges);
  const byRole = { admin: 0, moderator: 0, user: 0 };
  for (const { role, total } of roles) byRole[role] = total;
  const moved = new Map(moves.map((move) => [move.bucket, move]));
  const undo = (bucket: number) => {
    const move = moved.get(bucket);
    byRole.admin -= move?.admins ?? 0;
    byRole.moderator -= move?.moderators ?? 0;
    byRole.user -= move?.users ?? 0;
  };
  // The database numbers buckets from 1; the last number is what came after the range.
  undo(edges.length);
  const points: SeriesPoint[] = [];
  for (let bucket = edges.length - 1; bucket >= 1; bucket -= 1) {
    const { created = 0, deleted = 0 } = moved.get(bucket) ?? {};
    const total = byRole.admin + byRole.moderator + byRole.user;
    points.push({ at: edges[bucket - 1] ?? '', total, byRole: { ...byRole }, created, deleted });
    undo(bucket);
  }
  return points.toReversed();
}

/** In one snapshot, so that what is counted and what has moved belong together. */
function read(database: Database<Tables>, first: string, edges: readonly string[]) {
  return database.transaction(
    async (tx) => {
      const roles = await tx
        .selectFrom('people')
        .select(['role', sql<number>`count(*)`.as('total')])
        .where('deleted_at', 'is', null)
        .groupBy('role')
        .execute();
      const { rows: moves } = await sql<Moved>`
        select width_bucket(at, ${[...edges]}::timestamptz[]) as bucket, sum(admins) as admins,
          sum(moderators) as moderators, sum(users) as users, sum(created) as created, sum(deleted) as deleted
        from people_movements where at >= ${first} group by 1`.execute(tx);
      return { roles, moves };
    },
    { isolation: 'repeatable read' },
  );
}

/** Where each bucket begins, and where the last one ends. Empty for a range of the future. */
function edgesOf({ from, to, bucket, now }: SeriesRange): string[] {
  const begin = Date.parse(from);
  const end = Math.min(Date.parse(to), now + 1);
  if (begin >= Date.parse(to)) throw new Refusal('refused', 'from: expected a time before `to`.');
  if ((end - begin) / shortestMs[bucket] > mostPoints) {
    throw new Refusal(
      'refused',
      `The range holds more than ${mostPoints} points of one ${bucket}; ask for a shorter range or a longer bucket.`,
    );
  }
  if (end <= begin) return [];
  const edges: string[] = [];
  let at = bucketStart(begin, bucket);
  for (; at < end; at = nextStart(at, bucket)) edges.push(new Date(at).toISOString());
  edges.push(new Date(at).toISOString());
  return edges;
}

function bucketStart(ms: number, bucket: Bucket): number {
  const date = new Date(ms);
  if (bucket === 'hour') return date.setUTCMinutes(0, 0, 0);
  date.setUTCHours(0, 0, 0, 0);
  if (bucket === 'week') date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  if (bucket === 'month') date.setUTCDate(1);
  return date.getTime();
}

function nextStart(ms: number, bucket: Bucket): number {
  if (bucket !== 'month') return ms + shortestMs[bucket];
  const date = new Date(ms);
  return date.setUTCMonth(date.getUTCMonth() + 1);
}
