import { DEFAULT_PREFERENCES, emailKey, searchKey, sortKey } from '@directory/contract';
import type { User } from '@directory/contract';
import type { JsonObject } from '@lockstep/protocol';
import type { NewChange } from '@lockstep/server';
import type { PersonRow } from './tables.ts';

/** The feed's name for people. */
export const userEntity = 'user';

/** The whole person; rights decide later who may read how much of it. */
export function userOf(
  row: Omit<PersonRow, 'email_key' | 'deleted_at' | 'demo' | 'sort_key' | 'search_key'>,
): User {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    role: row.role,
    lastActive: row.last_active,
    preferences: { theme: row.theme, notifications: row.notifications, language: row.language },
    avatarUrl: row.avatar_url,
    status: row.status,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** The row that holds the person, with the keys by which it is found and sorted. */
export function rowOf(user: User, extras: { demo: boolean } = { demo: false }): PersonRow {
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    email_key: emailKey(user.email),
    role: user.role,
    status: user.status,
    theme: user.preferences.theme,
    notifications: user.preferences.notifications,
    language: user.preferences.language,
    avatar_url: user.avatarUrl,
    last_active: user.lastActive,
    version: user.version,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
    deleted_at: null,
    demo: extras.demo,
    sort_key: sortKey(user),
    search_key: searchKey(user),
  };
}

/** What the feed tells of somebody new. */
export const creationOf = (user: User): NewChange => ({
  entity: userEntity,
  id: user.id,
  op: 'insert',
  version: user.version,
  row: asJson(user),
});

/** A person is plain JSON by construction. */
export function asJson(user: object): JsonObject {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of people have no index signature
  return user as JsonObject;
}

/** A new person; what the maker leaves out takes its default. */
export function newUser(given: {
  id: string;
  name: string;
  email: string;
  role?: User['role'] | undefined;
  preferences?: Partial<User['preferences']> | undefined;
  now: string;
}): User {
  return {
    id: given.id,
    name: given.name,
    email: given.email,
    role: given.role ?? 'user',
    lastActive: given.now,
    preferences: { ...DEFAULT_PREFERENCES, ...given.preferences },
    avatarUrl: null,
    status: 'active',
    version: 1,
    createdAt: given.now,
    updatedAt: given.now,
  };
}
