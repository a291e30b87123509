import { ACTIVE_MS, ACTIVE_WEEK_MS, likePattern, normalise, orderings } from '@directory/contract';
import type { SortField, SortOrder, User, UserFilter } from '@directory/contract';
import type { Database } from '@lockstep/server';
import { sql } from 'kysely';
import type { Expression, Kysely, SqlBool } from 'kysely';
import { userOf } from '../../db/person.ts';
import type { PersonRow, Tables } from '../../db/tables.ts';
import type { Caller } from '../../http/caller.ts';
import { reachOf } from './rights.ts';

/** A place in an ordered list: the key of its last row, and that row's id. */
export interface Position {
  key: string;
  id: string;
}

export interface ListOptions {
  filter: UserFilter;
  sortBy: SortField;
  sortOrder: SortOrder;
  limit: number;
  /** Rows to skip; for numbered pages. */
  skip?: number;
  after?: Position | undefined;
  /** Milliseconds since 1970; decides who is active. */
  now: number;
}

/** Reads people for a reader; whoever reads less also searches in less. */
export interface PeopleQueries {
  list(reader: Caller, options: ListOptions): Promise<User[]>;
  byId(id: string): Promise<User | null>;
  search(reader: Caller, text: string, limit: number): Promise<User[]>;
  /** In the order of ids. */
  allAfter(id: string | null, limit: number): Promise<User[]>;
  /** How many were seen in the last 24 hours, and in the last seven days. */
  active(now: number): Promise<{ active24h: number; active7d: number }>;
}

const columns = [
  'id',
  'name',
  'email',
  'role',
  'status',
  'theme',
  'notifications',
  'language',
  'avatar_url',
  'last_active',
  'version',
  'created_at',
  'updated_at',
] as const;

const orderColumns = {
  name: 'sort_key',
  email: 'email_key',
  role: 'role',
  lastActive: 'last_active',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
} as const satisfies Record<SortField, keyof PersonRow>;

/** Where a person stands in an order, as the contract's key says it. */
export const positionOf = (user: User, sortBy: SortField): Position => ({
  key: orderings[sortBy].key(user),
  id: user.id,
});

export function createPeopleQueries(database: Database<Tables>): PeopleQueries {
  const { db } = database;
  const people = () => db.selectFrom('people').where('deleted_at', 'is', null);

  return {
    async list(reader, { filter, sortBy, sortOrder, limit, skip = 0, after, now }) {
      const column = orderColumns[sortBy];
      let query = people()
        .select(columns)
        .where(conditions(reader, filter, now));
      if (after !== undefined) query = query.where(beyond(column, sortOrder, after));
      query = query.orderBy(column, sortOrder).orderBy('id').limit(limit);
      return toUsers(await (skip === 0 ? query : query.offset(skip)).execute());
    },

    async byId(id) {
      const row = await people().select(columns).where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : userOf(row);
    },

    async search(reader, text, limit) {
      if (normalise(text) === '') return [];
      const rows = await people()
        .select(columns)
        .where(searched(reader, text))
        .orderBy('sort_key')
        .orderBy('id')
        .limit(limit)
        .execute();
      return toUsers(rows);
    },

    async allAfter(id, limit) {
      const query = people().select(columns).orderBy('id').limit(limit);
      return toUsers(await (id === null ? query : query.where('id', '>', id)).execute());
    },

    async active(now) {
      const day = new Date(now - ACTIVE_MS).toISOString();
      const week = new Date(now - ACTIVE_WEEK_MS).toISOString();
      const { active24h, active7d } = await people()
        .select([
          sql<number>`count(*) filter (where last_active > ${day})`.as('active24h'),
          sql<number>`count(*)`.as('active7d'),
        ])
        .where('last_active', '>', week)
        .executeTakeFirstOrThrow();
      return { active24h, active7d };
    },
  };
}

/** How many people a list holds, in the snapshot of `db`. */
export async function countPeople(
  db: Kysely<Tables>,
  reader: Caller,
  filter: UserFilter,
  now: number,
): Promise<number> {
  const { total } = await db
    .selectFrom('people')
    .select(sql<number>`count(*)`.as('total'))
    .where('deleted_at', 'is', null)
    .where(conditions(reader, filter, now))
    .executeTakeFirstOrThrow();
  return total;
}

function toUsers(rows: Array<Pick<PersonRow, (typeof columns)[number]>>): User[] {
  return rows.map((row) => userOf(row));
}

function conditions(reader: Caller, filter: UserFilter, now: number): Expression<SqlBool> {
  const all: Expression<SqlBool>[] = [];
  if (filter.role !== undefined) all.push(sql`role = ${filter.role}`);
  if (filter.search !== undefined && normalise(filter.search) !== '')
    all.push(searched(reader, filter.search));
  if (filter.isActive !== undefined) {
    const since = new Date(now - ACTIVE_MS).toISOString();
    all.push(filter.isActive ? sql`last_active > ${since}` : sql`last_active <= ${since}`);
  }
  if (filter.language !== undefined) all.push(sql`language = ${filter.language}`);
  if (filter.notifications !== undefined) all.push(sql`notifications = ${filter.notifications}`);
  return all.length === 0 ? sql`true` : sql`${sql.join(all, sql` and `)}`;
}

/** Whoever may not read addresses finds people by name alone; their own address they know. */
function searched(reader: Caller, text: string): Expression<SqlBool> {
  const pattern = likePattern(text);
  if (reachOf(reader.role) === 'full') return sql`search_key like ${pattern}`;
  return sql`(sort_key like ${pattern} or (id = ${reader.id} and search_key like ${pattern}))`;
}

/** Written so that the first comparison bounds the scan of the order's index. Equal keys go by id, upwards. */
function beyond(column: string, order: SortOrder, { key, id }: Position): Expression<SqlBool> {
  const ref = sql.ref(column);
  return order === 'asc'
    ? sql`${ref} >= ${key} and (${ref} > ${key} or id > ${id})`
    : sql`${ref} <= ${key} and (${ref} < ${key} or id > ${id})`;
}
