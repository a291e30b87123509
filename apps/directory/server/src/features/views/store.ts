import { tidyName } from '@directory/contract';
import type { SavedView } from '@directory/contract';
import { applyMergePatch, mergePatchBetween } from '@lockstep/protocol';
import type { NewChange } from '@lockstep/server';
import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import { asJson } from '../../db/person.ts';
import type { Tables, ViewRow } from '../../db/tables.ts';
import type { Caller } from '../../http/caller.ts';
import { Refusal } from '../../http/problems.ts';
import { textMember } from '../../members.ts';
import { isVisible, privateParts, viewEntity, viewReach } from './visibility.ts';

type Tx = Transaction<Tables>;

/** So many views of one's own, and so many shared ones in all: lists are read whole. */
export const mostOwn = 100;
export const mostShared = 500;

/** Held while views are counted, so that two writers cannot both take the last place. */
const countLock = 7_201_002;

export interface ViewWriter {
  caller: Caller;
  /** An ISO time. */
  now: string;
}

export type NewView = Omit<SavedView, 'owner' | 'version' | 'createdAt' | 'updatedAt'>;

/** A JSON Merge Patch: null takes a condition out of the filter. */
export type ViewPatch = Partial<Omit<NewView, 'id' | 'filter'>> & {
  filter?: { [Key in keyof SavedView['filter']]?: SavedView['filter'][Key] | null };
};

export interface WrittenView {
  view: SavedView;
  changes: NewChange[];
}

export async function visibleViews(db: Kysely<Tables>, reader: Caller): Promise<SavedView[]> {
  const rows = await db
    .selectFrom('views')
    .selectAll()
    .where('deleted_at', 'is', null)
    .where((where) => where.or([where('owner', '=', reader.id), where('shared', '=', true)]))
    .orderBy('id')
    .execute();
  return rows.map(viewOf).filter((view) => isVisible(view, viewReach(reader, view.owner)));
}

export async function createView(tx: Tx, { caller, now }: ViewWriter, given: NewView): Promise<WrittenView> {
  const view: SavedView = {
    ...given,
    name: tidyName(given.name),
    owner: caller.id,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  mayKeep(caller, null, view);
  await keepRoom(tx, null, view);
  try {
    await tx.insertInto('views').values(rowOf(view)).execute();
  } catch (error) {
    if (textMember(error, 'code') !== '23505') throw error;
    throw new Refusal('id-taken', undefined, { errors: [{ path: '/id', message: 'is taken' }] });
  }
  return {
    view,
    changes: [{ entity: viewEntity, id: view.id, op: 'insert', version: 1, row: asJson(view) }],
  };
}

export async function patchView(
  tx: Tx,
  { caller, now }: ViewWriter,
  id: string,
  patch: ViewPatch,
  expected: number | null,
): Promise<WrittenView> {
  const from = await writable(tx, caller, id, expected);
  const tidy = patch.name === undefined ? patch : { ...patch, name: tidyName(patch.name) };
  const next = applyMergePatch(from, asJson(tidy));
  if (next === from) return { view: from, changes: [] };
  const to = { ...next, version: from.version + 1, updatedAt: now };
  mayKeep(caller, from, to);
  await keepRoom(tx, from, to);
  const { id: _id, ...columns } = rowOf(to);
  await tx.updateTable('views').set(columns).where('id', '=', id).execute();
  const before = mergePatchBetween(to, from);
  const change: NewChange = {
    entity: viewEntity,
    id,
    op: 'update',
    version: to.version,
    row: asJson(to),
    before,
  };
  return { view: to, changes: [change] };
}

export async function deleteView(
  tx: Tx,
  { caller, now }: ViewWriter,
  id: string,
  expected: number | null,
): Promise<{ version: number; changes: NewChange[] }> {
  const from = await writable(tx, caller, id, expected);
  const version = from.version + 1;
  await tx.updateTable('views').set({ deleted_at: now, version }).where('id', '=', id).execute();
  return {
    version,
    changes: [{ entity: viewEntity, id, op: 'delete', version, before: asJson(from) }],
  };
}

/** Forgets tombstones that no client can still be behind of. */
export async function forgetDeleted(db: Kysely<Tables>, beforeMs: number): Promise<void> {
  await db.deleteFrom('views').where('deleted_at', '<', new Date(beforeMs).toISOString()).execute();
}

/** Owners change their views; administrators also what others share. */
async function writable(tx: Tx, caller: Caller, id: string, expected: number | null): Promise<SavedView> {
  const row = await tx
    .selectFrom('views')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  const view = row === undefined ? undefined : viewOf(row);
  if (view === undefined || !isVisible(view, viewReach(caller, view.owner))) throw new Refusal('not-found');
  if (view.owner !== caller.id && caller.role !== 'admin') throw new Refusal('forbidden');
  if (expected !== null && expected !== view.version) {
    throw new Refusal('stale-version', undefined, { current: asJson(view) });
  }
  return view;
}

/** What one may not read, one may not ask for either; and only staff put something before everybody. */
function mayKeep(caller: Caller, from: SavedView | null, to: SavedView): void {
  if (caller.role !== 'user') return;
  const known = from === null ? [] : privateParts(from);
  const errors = privateParts(to)
    .filter((path) => !known.includes(path))
    .map((path) => ({ path, message: 'may not be read, so no view can ask for it' }));
  if (to.shared && from?.shared !== true) {
    errors.push({ path: '/shared', message: 'only administrators and moderators share views' });
  }
  const [first] = errors;
  if (first !== undefined)
    throw new Refusal('field-forbidden', `${first.path}: ${first.message}`, { errors });
}

async function keepRoom(tx: Tx, from: SavedView | null, to: SavedView): Promise<void> {
  const isNew = from === null;
  const isNewlyShared = to.shared && from?.shared !== true;
  if (!isNew && !isNewlyShared) return;
  await sql`select pg_advisory_xact_lock(${countLock})`.execute(tx);
  const { own, shared } = await tx
    .selectFrom('views')
    .select([
      sql<number>`count(*) filter (where owner = ${to.owner})`.as('own'),
      sql<number>`count(*) filter (where shared)`.as('shared'),
    ])
    .where('deleted_at', 'is', null)
    .where((where) => where.or([where('owner', '=', to.owner), where('shared', '=', true)]))
    .executeTakeFirstOrThrow();
  if (isNew && own >= mostOwn) throw new Refusal('refused', `Nobody keeps more than ${mostOwn} views.`);
  if (isNewlyShared && shared >= mostShared)
    throw new Refusal('refused', `No more than ${mostShared} views are shared.`);
}

function viewOf(row: ViewRow): SavedView {
  return {
    id: row.id,
    owner: row.owner,
    name: row.name,
    shared: row.shared,
    filter: row.filter,
    sortBy: row.sort_by,
    sortOrder: row.sort_order,
    columns: row.columns,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function rowOf(view: SavedView) {
  return {
    id: view.id,
    owner: view.owner,
    name: view.name,
    shared: view.shared,
    filter: JSON.stringify(view.filter),
    sort_by: view.sortBy,
    sort_order: view.sortOrder,
    columns: JSON.stringify(view.columns),
    version: view.version,
    created_at: view.createdAt,
    updated_at: view.updatedAt,
    deleted_at: null,
  };
}
