import type { z } from 'zod';
import type { viewSchema } from './schema/answers.ts';
import type { publicUserSchema, userSchema } from './schema/user.ts';
import { normalise } from './text.ts';

/** A person of the directory. Times are `Date#toISOString` texts. */
export type User = z.infer<typeof userSchema>;

/** A saved list: what it holds, how it is sorted, and the columns it shows. */
export type SavedView = z.infer<typeof viewSchema>;

/** A person as role `user` reads other people. */
export type PublicUser = z.infer<typeof publicUserSchema>;

/** Stands between name and address in a search key; no search can contain it, because white space is folded. */
const SEPARATOR = '\n';

/** What a person is sorted by under "name"; the server stores it as `sort_key COLLATE "C"`. */
export function sortKey(user: Pick<User, 'name'>): string {
  return normalise(user.name);
}

/** What a person is searched by: name and, where it may be read, address. The server stores it as `search_key`. */
export function searchKey(user: { name: string; email?: string | undefined }): string {
  const name = normalise(user.name);
  return user.email === undefined ? name : name + SEPARATOR + normalise(user.email);
}
