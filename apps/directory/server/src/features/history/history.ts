import { isJsonObject } from '@lockstep/protocol';
import type { JsonObject } from '@lockstep/protocol';
import type { Database, NewChange } from '@lockstep/server';
import { CompiledQuery } from 'kysely';
import { userEntity } from '../../db/person.ts';
import type { Tables } from '../../db/tables.ts';
import type { Recorder } from '../../records.ts';
import { forgetBefore } from '../../retention.ts';

export interface HistoryEntry {
  version: number;
  at: string;
  actor: { id: string; name: string } | null;
  requestId: string;
  /** The changed fields as they were; null before somebody was there. A profile's are a patch that undoes the entry. */
  before: JsonObject | null;
  /** The changed fields as they became; null where somebody was deleted. */
  after: JsonObject | null;
}

export interface History {
  readonly record: Recorder;
  /** A person's commits below a version, newest first. */
  read(userId: string, below: number | null, limit: number): Promise<HistoryEntry[]>;
  /** Whether there ever was such a person. */
  knows(userId: string): Promise<boolean>;
  /** Forgets what is older than a time, in ms since 1970. */
  forget(beforeMs: number): Promise<void>;
}

/** What every commit of a person changes, and no undo may write. */
const bookkeeping: ReadonlySet<string> = new Set(['version', 'updatedAt', 'lastActive']);

const insert = `
  insert into person_history (user_id, version, at, actor_id, actor_name, request_id, before, after)
  select user_id, version, $2, $3, $4, $5, before, after
  from json_to_recordset($1::json) as entry (user_id uuid, version integer, before json, after json)`;

export function createHistory(database: Database<Tables>): History {
  return {
    record({ at, actor, requestId }, changes) {
      const entries = changes.flatMap((change) => entryOf(change) ?? []);
      if (entries.length === 0) return [];
      const who = [actor?.id ?? null, actor?.name ?? null];
      return [CompiledQuery.raw(insert, [JSON.stringify(entries), at, ...who, requestId])];
    },

    async read(userId, below, limit) {
      let query = database.db
        .selectFrom('person_history')
        .select(['version', 'at', 'actor_id', 'actor_name', 'request_id', 'before', 'after'])
        .where('user_id', '=', userId)
        .orderBy('version', 'desc')
        .limit(limit);
      if (below !== null) query = query.where('version', '<', below);
      const rows = await query.execute();
      return rows.map((row) => ({
        version: row.version,
        at: row.at,
        actor: row.actor_id === null ? null : { id: row.actor_id, name: row.actor_name ?? '' },
        requestId: row.request_id,
        before: row.before,
        after: row.after,
      }));
    },

    async knows(userId) {
      const row = await database.db
        .selectFrom('people')
        .select('id')
        .where('id', '=', userId)
        .executeTakeFirst();
      return row !== undefined;
    },

    forget: (beforeMs) => forgetBefore(database, 'person_history', beforeMs),
  };
}

interface NewEntry {
  user_id: string;
  version: number;
  before: JsonObject | null;
  after: JsonObject | null;
}

/** Null for what is no change of a person, and where somebody was merely seen. */
function entryOf({ entity, id, op, version, row, before }: NewChange): NewEntry | null {
  if (entity !== userEntity) return null;
  if (op !== 'update') return { user_id: id, version, before: before ?? null, after: row ?? null };
  const was = withoutBookkeeping(before ?? {});
  if (Object.keys(was).length === 0) return null;
  return { user_id: id, version, before: was, after: partOf(row ?? {}, was) };
}

function withoutBookkeeping(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !bookkeeping.has(name)));
}

/** The members of `whole` that `shape` names, at every depth: a patch's other side. */
function partOf(whole: JsonObject, shape: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(shape).map(([name, inner]) => {
      const value = whole[name] ?? null;
      return [name, isJsonObject(value) && isJsonObject(inner) ? partOf(value, inner) : value];
    }),
  );
}
