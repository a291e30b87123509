import { PUBLIC_FIELDS } from '@directory/contract';
import type { PublicUser, Role, SortField, User } from '@directory/contract';
import type { FieldError, JsonObject } from '@lockstep/protocol';
import type { FullChange } from '@lockstep/server';
import type { Caller } from '../../http/caller.ts';
import { Refusal } from '../../http/problems.ts';

/**
 * Who may do what to whom, all of it:
 *
 * |                                  | admin | moderator              | user           |
 * |----------------------------------|-------|------------------------|----------------|
 * | read other people                | whole | whole                  | public fields  |
 * | edit name, email, preferences    | all   | role `user`, and own   | own            |
 * | set a role                       | all   | no                     | no             |
 * | create                           | all   | role `user`            | no             |
 * | delete, restore, disable, enable | all   | role `user`            | no             |
 */
type Person = Pick<Caller, 'id' | 'role'>;

/** How much of other people somebody reads. Everybody reads themselves whole. */
export type Reach = 'full' | 'public';

export const reachOf = (role: Role): Reach => (role === 'user' ? 'public' : 'full');

export const reachInto = (reader: Person, id: string): Reach =>
  reader.id === id ? 'full' : reachOf(reader.role);

const publicFields: ReadonlySet<string> = new Set(PUBLIC_FIELDS);

/** The person as the reader may see them. */
export function readable(user: User, reader: Person): User | PublicUser {
  return reachInto(reader, user.id) === 'full' ? user : publicUserOf(user);
}

export function publicUserOf(user: User): PublicUser {
  const { id, name, role, lastActive, avatarUrl, version } = user;
  return { id, name, role, lastActive, avatarUrl, version };
}

/** A change of a person as readers of the given reach may see it. */
export function readableChange(change: FullChange, reach: Reach): FullChange {
  if (reach === 'full') return change;
  const { row, before, ...rest } = change;
  return {
    ...rest,
    ...(row === undefined ? {} : { row: publicPart(row) }),
    ...(before === undefined ? {} : { before: publicPart(before) }),
  };
}

function publicPart(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => publicFields.has(name)));
}

/** Filters and orders over fields that one may not read would give those fields away, one question at a time. */
export function mayAskFor(
  reader: Person,
  query: { language?: unknown; notifications?: unknown; sortBy?: SortField },
): void {
  if (reachOf(reader.role) === 'full') return;
  const errors: FieldError[] = [];
  for (const path of ['language', 'notifications'] as const) {
    if (query[path] !== undefined)
      errors.push({ path, message: 'may not be read, so it cannot be filtered by' });
  }
  if (query.sortBy !== undefined && !publicFields.has(query.sortBy)) {
    errors.push({ path: 'sortBy', message: `${query.sortBy} may not be read, so it cannot be sorted by` });
  }
  refuseFields(errors);
}

export function mayCreate(writer: Person, given: { role?: Role | undefined }): void {
  if (writer.role === 'user') throw new Refusal('forbidden');
  if (writer.role !== 'admin' && given.role !== undefined && given.role !== 'user') {
    refuseFields([{ path: '/role', message: 'only an administrator gives this role' }]);
  }
}

export function mayPatch(writer: Person, target: Person, patch: { role?: Role | undefined }): void {
  if (writer.role === 'admin') return;
  if (writer.id !== target.id && !managesRow(writer, target)) throw new Refusal('forbidden');
  if (patch.role !== undefined)
    refuseFields([{ path: '/role', message: 'only an administrator sets roles' }]);
}

/** Delete, restore, disable, enable. */
export function mayManage(writer: Person, target: Person): void {
  if (writer.role !== 'admin' && !managesRow(writer, target)) throw new Refusal('forbidden');
}

const managesRow = (writer: Person, target: Person): boolean =>
  writer.role === 'moderator' && target.role === 'user';

function refuseFields(errors: FieldError[]): void {
  const [first] = errors;
  if (first !== undefined)
    throw new Refusal('field-forbidden', `${first.path}: ${first.message}`, { errors });
}
