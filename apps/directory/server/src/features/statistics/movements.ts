import type { Role } from '@directory/contract';
import type { JsonObject } from '@lockstep/protocol';
import type { Database, NewChange } from '@lockstep/server';
import { CompiledQuery, sql } from 'kysely';
import type { Transaction } from 'kysely';
import { userEntity } from '../../db/person.ts';
import type { Tables } from '../../db/tables.ts';
import type { Recorder } from '../../records.ts';

interface Movement {
  admins: number;
  moderators: number;
  users: number;
  created: number;
  deleted: number;
}

const columnOf = { admin: 'admins', moderator: 'moderators', user: 'users' } as const satisfies Record<
  Role,
  keyof Movement
>;

const insert = `
  insert into people_movements (at, admins, moderators, users, created, deleted) values ($1, $2, $3, $4, $5, $6)`;

/** Counts how a commit moved the numbers of people; most move none. */
export const recordMovements: Recorder = ({ at }, changes) => {
  const { admins, moderators, users, created, deleted } = movementOf(changes);
  if ([admins, moderators, users, created, deleted].every((count) => count === 0)) return [];
  return [CompiledQuery.raw(insert, [at, admins, moderators, users, created, deleted])];
};

function movementOf(changes: readonly NewChange[]): Movement {
  const movement: Movement = { admins: 0, moderators: 0, users: 0, created: 0, deleted: 0 };
  const add = (fields: JsonObject | undefined, step: 1 | -1) => {
    const role = fields?.['role'];
    if (role === 'admin' || role === 'moderator' || role === 'user') movement[columnOf[role]] += step;
  };
  for (const { entity, op, row, before } of changes) {
    if (entity !== userEntity) continue;
    if (op === 'insert') {
      movement.created += 1;
      add(row, 1);
    } else if (op === 'delete') {
      movement.deleted += 1;
      add(before, -1);
    } else if (before !== undefined && Object.hasOwn(before, 'role')) {
      add(before, -1);
      add(row, 1);
    }
  }
  return movement;
}

/** Counts people that were loaded without telling the feed. Call it once, after loading them into an empty directory. */
export async function countLoaded(tx: Transaction<Tables>): Promise<void> {
  await sql`delete from people_movements`.execute(tx);
  await sql`
    insert into people_movements (at, admins, moderators, users, created, deleted, demo)
    select date_trunc('hour', created_at, 'UTC'), count(*) filter (where role = 'admin'),
      count(*) filter (where role = 'moderator'), count(*) filter (where role = 'user'), count(*), 0, demo
    from people group by 1, demo`.execute(tx);
}

/** No bucket is finer, so within an hour the moments need not be told apart. */
const settledMs = 2 * 60 * 60 * 1000;
const lookBackMs = 48 * 60 * 60 * 1000;

/** Makes one row of each hour that is over; what is counted stays the same. */
export async function compactMovements(database: Database<Tables>, nowMs: number): Promise<void> {
  const until = new Date(nowMs - settledMs).toISOString();
  const since = new Date(nowMs - settledMs - lookBackMs).toISOString();
  await sql`
    with taken as (delete from people_movements where at >= ${since} and at < ${until} returning *)
    insert into people_movements (at, admins, moderators, users, created, deleted, demo)
    select date_trunc('hour', at, 'UTC'), sum(admins), sum(moderators), sum(users), sum(created), sum(deleted), demo
    from taken group by 1, demo`.execute(database.db);
}
