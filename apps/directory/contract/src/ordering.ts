import { compareText } from '@lockstep/protocol';
import { SORT_FIELDS } from './constants.ts';
import type { SortField, SortOrder } from './constants.ts';
import { emailKey } from './text.ts';
import { sortKey } from './user.ts';
import type { PublicUser, User } from './user.ts';

/** A person as far as the reader may see them; a field that may not be read sorts as the empty text. */
export type Sortable = PublicUser & Partial<User>;

/** How one sort field becomes a text that is compared by code point. */
export interface Ordering {
  readonly key: (user: Sortable) => string;
}

/**
 * The orders of lists, the same for a page, a cursor and a client's view: keys by code point, ascending or descending,
 * equal keys by ascending id in both directions.
 */
export const orderings: Readonly<Record<SortField, Ordering>> = {
  name: { key: sortKey },
  email: { key: (user) => (user.email === undefined ? '' : emailKey(user.email)) },
  role: { key: (user) => user.role },
  lastActive: { key: (user) => user.lastActive },
  createdAt: { key: (user) => user.createdAt ?? '' },
  updatedAt: { key: (user) => user.updatedAt ?? '' },
};

/** True for a name of `orderings`. */
export function isSortField(text: string): text is SortField {
  return (SORT_FIELDS as readonly string[]).includes(text);
}

/** A comparator for `Array#sort`: the order in which the server lists people. */
export function compareUsers(sortBy: SortField, sortOrder: SortOrder): (a: Sortable, b: Sortable) => number {
  const { key } = orderings[sortBy];
  const sign = sortOrder === 'asc' ? 1 : -1;
  return (a, b) => sign * compareText(key(a), key(b)) || compareText(a.id, b.id);
}
