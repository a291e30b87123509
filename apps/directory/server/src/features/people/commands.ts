import { tidyName } from '@directory/contract';
import type { Role, User } from '@directory/contract';
import { applyMergePatch } from '@lockstep/protocol';
import type { NewChange } from '@lockstep/server';
import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import { asJson, newUser } from '../../db/person.ts';
import type { Tables } from '../../db/tables.ts';
import type { Caller } from '../../http/caller.ts';
import { problemOf, Refusal } from '../../http/problems.ts';
import { mayCreate, mayManage, mayPatch, readable } from './rights.ts';
import { keepAnAdmin, lock, save } from './store.ts';
import type { Found, Step } from './store.ts';

type Tx = Transaction<Tables>;

/** Who writes, and when by the server's clock. */
export interface Writer {
  caller: Caller;
  /** An ISO time. */
  now: string;
}

export interface PersonPatch {
  name?: string;
  email?: string;
  role?: Role;
  preferences?: Partial<User['preferences']>;
}

export interface Written {
  user: User;
  changes: NewChange[];
}

/** A person's deletion leaves no user, only the version that it made. */
export interface Removed {
  version: number;
  changes: NewChange[];
}

export async function createPerson(
  tx: Tx,
  writer: Writer,
  given: { id: string; name: string; email: string; role?: Role; preferences?: Partial<User['preferences']> },
): Promise<Written> {
  mayCreate(writer.caller, given);
  const user = newUser({ ...given, name: tidyName(given.name), now: writer.now });
  return { user, changes: await save(tx, [{ op: 'insert', user }], writer.now) };
}

export async function patchPerson(
  tx: Tx,
  writer: Writer,
  id: string,
  patch: PersonPatch,
  expected: number | null,
): Promise<Written> {
  const target = present(await lock(tx, [id]), id);
  const to = patched(writer, target, patch, expected);
  if (to === target) return { user: target, changes: [] };
  if (losesAdmin(target, to)) await keepAnAdmin(tx, [id]);
  return { user: to, changes: await save(tx, [{ op: 'update', from: target, to }], writer.now) };
}

export async function removePerson(
  tx: Tx,
  writer: Writer,
  id: string,
  expected: number | null,
): Promise<Removed> {
  const target = present(await lock(tx, [id]), id);
  mayManage(writer.caller, target);
  expect(writer, target, expected);
  if (target.role === 'admin') await keepAnAdmin(tx, [id]);
  const version = target.version + 1;
  return { version, changes: await save(tx, [{ op: 'delete', from: target, version }], writer.now) };
}

export async function restorePerson(
  tx: Tx,
  writer: Writer,
  id: string,
  expected: number | null,
): Promise<Written> {
  const found = (await lock(tx, [id])).get(id);
  if (found === undefined) throw new Refusal('not-found');
  mayManage(writer.caller, found.user);
  if (!found.deleted) throw new Refusal('not-deleted');
  expect(writer, found.user, expected);
  const user = { ...found.user, version: found.user.version + 1, updatedAt: writer.now };
  return { user, changes: await save(tx, [{ op: 'restore', user }], writer.now) };
}

export interface BatchUpdate {
  id: string;
  changes: PersonPatch;
  version?: number;
}

/** All or nothing: the first update that is refused refuses them all. */
export async function patchAll(
  tx: Tx,
  writer: Writer,
  updates: readonly BatchUpdate[],
): Promise<{ users: User[]; changes: NewChange[] }> {
  const found = await lock(tx, idsOf(updates));
  const plan = new Plan(found);
  updates.forEach((update, at) => plan.add(writer, update, `/updates/${at}`));
  return { users: updates.map(({ id }) => plan.now(id)), changes: await plan.save(tx, writer) };
}

/** How one update of a batch fared: what it would have been answered alone. */
export interface RowResult {
  id: string;
  status: number;
  user?: User;
  problem?: Refusal;
}

/** Each for itself: what is refused leaves no trace, the others are written. */
export async function patchEach(
  tx: Tx,
  writer: Writer,
  updates: readonly BatchUpdate[],
): Promise<{ results: RowResult[]; changes: NewChange[] }> {
  const found = await lock(tx, idsOf(updates));
  const results: RowResult[] = [];
  const changes: NewChange[] = [];
  for (const update of updates) {
    const plan = new Plan(found);
    try {
      plan.add(writer, update, '');
      changes.push(...(await guarded(tx, plan.mayFail, () => plan.save(tx, writer))));
      const user = plan.now(update.id);
      found.set(update.id, { user, deleted: false });
      results.push({ id: update.id, status: 200, user });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      results.push({ id: update.id, status: error.status, problem: error });
    }
  }
  return { results, changes };
}

/** A statement that fails takes its whole transaction with it, unless a savepoint stands before it. */
async function guarded<T>(tx: Tx, mayFail: boolean, work: () => Promise<T>): Promise<T> {
  if (!mayFail) return work();
  await sql`savepoint one_of_many`.execute(tx);
  try {
    const result = await work();
    await sql`release savepoint one_of_many`.execute(tx);
    return result;
  } catch (error) {
    await sql`rollback to savepoint one_of_many`.execute(tx);
    throw error;
  }
}

/** The updates of one save, by person; two updates of one person become one step and two versions' worth of patch. */
class Plan {
  readonly #found: ReadonlyMap<string, Found>;
  readonly #steps = new Map<string, { from: User; to: User }>();

  constructor(found: ReadonlyMap<string, Found>) {
    this.#found = found;
  }

  add(writer: Writer, { id, changes, version }: BatchUpdate, path: string): void {
    try {
      const from = present(this.#found, id);
      const known = this.#steps.get(id);
      const to = patched(writer, known?.to ?? from, changes, version ?? null, from.version);
      if (to !== from) this.#steps.set(id, { from, to });
    } catch (error) {
      if (path === '' || !(error instanceof Refusal)) throw error;
      const errors = error.details.errors?.map((one) => ({ ...one, path: `${path}/changes${one.path}` }));
      throw new Refusal(error.code, `${path}: ${error.message}`, {
        ...error.details,
        errors: errors ?? [{ path, message: error.message }],
      });
    }
  }

  now(id: string): User {
    return this.#steps.get(id)?.to ?? present(this.#found, id);
  }

  /** Whether the database itself may refuse: an address that somebody has, or the last administrator. */
  get mayFail(): boolean {
    return [...this.#steps.values()].some(({ from, to }) => from.email !== to.email);
  }

  async save(tx: Tx, writer: Writer): Promise<NewChange[]> {
    const steps = [...this.#steps.values()];
    const demoted = steps.filter(({ from, to }) => losesAdmin(from, to)).map(({ from }) => from.id);
    if (demoted.length > 0) await keepAnAdmin(tx, demoted);
    return save(
      tx,
      steps.map((step): Step => ({ op: 'update', ...step })),
      writer.now,
    );
  }
}

/** A refused row of a batch as it is sent. */
export function resultOf(writer: Writer, { id, status, user, problem }: RowResult, requestId: string) {
  return {
    id,
    status,
    ...(user === undefined ? {} : { user: readable(user, writer.caller) }),
    ...(problem === undefined ? {} : { problem: problemOf(problem, requestId) }),
  };
}

/** The person after the patch; the same object where nothing changes. */
function patched(
  { caller, now }: Writer,
  target: User,
  patch: PersonPatch,
  expected: number | null,
  base: number = target.version,
): User {
  mayPatch(caller, target, patch);
  if (expected !== null && expected !== base) throw stale(caller, target);
  const tidy = patch.name === undefined ? patch : { ...patch, name: tidyName(patch.name) };
  const next = applyMergePatch(target, asJson(tidy));
  return next === target ? target : { ...next, version: base + 1, updatedAt: now };
}

export function expect({ caller }: Writer, target: User, expected: number | null): void {
  if (expected !== null && expected !== target.version) throw stale(caller, target);
}

function stale(caller: Caller, target: User): Refusal {
  return new Refusal('stale-version', undefined, { current: asJson(readable(target, caller)) });
}

export function present(found: ReadonlyMap<string, Found>, id: string): User {
  const row = found.get(id);
  if (row === undefined || row.deleted) throw new Refusal('not-found', `There is no person ${id}.`);
  return row.user;
}

const losesAdmin = (from: User, to: User): boolean => from.role === 'admin' && to.role !== 'admin';

const idsOf = (updates: readonly BatchUpdate[]): string[] => [...new Set(updates.map(({ id }) => id))];
