import { isJsonObject, createUuidv7 } from '@lockstep/protocol';
import type { Json, JsonObject } from '@lockstep/protocol';
import type { Database, NewChange } from '@lockstep/server';
import { CompiledQuery } from 'kysely';
import { userEntity } from '../../db/person.ts';
import type { AuditTable, Tables } from '../../db/tables.ts';
import type { World } from '../../ports.ts';
import type { AuditNote, NoteMaker, Provenance, Recorder } from '../../records.ts';
import { forgetBefore } from '../../retention.ts';

export interface AuditFilter {
  actor?: string | undefined;
  action?: string | undefined;
  /** ISO times: from this one on, and until before that one. */
  from?: string | undefined;
  to?: string | undefined;
}

export interface Audit {
  /** Notes the changes of people that matter for safety; a profile's are in its history alone. */
  readonly record: Recorder;
  readonly note: NoteMaker;
  /** Keeps a note of something that has no transaction of its own. */
  keep(provenance: Provenance, note: AuditNote): Promise<void>;
  /** Newest first, after an entry's id. */
  read(filter: AuditFilter, after: string | null, limit: number): Promise<AuditTable[]>;
  /** Forgets what is older than a time, in ms since 1970. */
  forget(beforeMs: number): Promise<void>;
}

const insert = `
  insert into audit (id, at, actor_id, actor_name, request_id, address, action, entity, entity_id, details)
  select id, $2, $3, $4, $5, $6, action, entity, entity_id, details
  from json_to_recordset($1::json) as entry (id uuid, action text, entity text, entity_id text, details json)`;

/** Ids are made by this process's clock, which may run a little ahead of the requests' within a busy millisecond. */
const idSlackMs = 60_000;

export function createAudit(database: Database<Tables>, world: World): Audit {
  const newId = createUuidv7(
    () => world.now(),
    (count) => world.randomBytes(count),
  );

  const statement = ({ at, actor, requestId, address }: Provenance, notes: readonly AuditNote[]) => {
    const entries = notes.map(({ action, entity = null, entityId = null, details = {} }) => ({
      id: newId(),
      action,
      entity,
      entity_id: entityId,
      details,
    }));
    const who = [actor?.id ?? null, actor?.name ?? null];
    return CompiledQuery.raw(insert, [JSON.stringify(entries), at, ...who, requestId, address]);
  };

  const note: NoteMaker = (provenance, one) => statement(provenance, [one]);

  return {
    note,
    record(provenance, changes) {
      const people = changes.filter(({ entity }) => entity === userEntity);
      const notes = people.flatMap(notesOf);
      if (people.length > 1) notes.unshift(bulkNote(people));
      return notes.length === 0 ? [] : [statement(provenance, notes)];
    },
    async keep(provenance, one) {
      await database.db.executeQuery(note(provenance, one));
    },
    async read({ actor, action, from, to }, after, limit) {
      let query = database.db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit);
      if (actor !== undefined) query = query.where('actor_id', '=', actor);
      if (action !== undefined) query = query.where('action', '=', action);
      if (after !== null) query = query.where('id', '<', after);
      // The ids carry the time, so that the index of ids bounds the scan.
      if (from !== undefined)
        query = query.where('at', '>=', from).where('id', '>=', firstIdAt(Date.parse(from) - idSlackMs));
      if (to !== undefined)
        query = query.where('at', '<', to).where('id', '<', firstIdAt(Date.parse(to) + idSlackMs));
      return query.execute();
    },
    forget: (beforeMs) => forgetBefore(database, 'audit', beforeMs),
  };
}

/** No version 7 UUID of that millisecond, or later, comes before it. */
function firstIdAt(ms: number): string {
  const digits = Math.max(0, ms).toString(16).padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-0000-0000-000000000000`;
}

function bulkNote(people: readonly NewChange[]): AuditNote {
  const deleted = people.every(({ op }) => op === 'delete');
  return {
    action: deleted ? 'users.deleted' : 'users.changed',
    entity: userEntity,
    details: { count: people.length },
  };
}

function notesOf({ id, op, row, before }: NewChange): AuditNote[] {
  const note = (action: AuditNote['action'], details: JsonObject = {}): AuditNote => ({
    action,
    entity: userEntity,
    entityId: id,
    details,
  });
  if (op === 'delete') return [note('user.deleted', { name: before?.['name'] ?? null })];
  if (op === 'insert') {
    const { name = null, role = null, version } = row ?? {};
    return [note(version === 1 ? 'user.created' : 'user.restored', { name, role })];
  }
  if (!isJsonObject(before) || !isJsonObject(row)) return [];
  const moved = (field: string): JsonObject => ({ from: before[field] ?? null, to: now(row, field) });
  const notes: AuditNote[] = [];
  if ('role' in before) notes.push(note('user.role', moved('role')));
  if ('email' in before) notes.push(note('user.email'));
  if ('status' in before) notes.push(note(row['status'] === 'disabled' ? 'user.disabled' : 'user.enabled'));
  return notes;
}

const now = (row: JsonObject, field: string): Json => row[field] ?? null;
