import { ACTIVE_MS } from './constants.ts';
import type { Role } from './constants.ts';
import type { Sortable } from './ordering.ts';
import { normalise } from './text.ts';
import { searchKey } from './user.ts';

/** Which people a list holds. Absent members do not restrict; a search of white space does not either. */
export interface UserFilter {
  role?: Role | undefined;
  /** Looked for in name and address, both normalised. */
  search?: string | undefined;
  /** True: seen within the last 24 hours; false: not. */
  isActive?: boolean | undefined;
  language?: string | undefined;
  notifications?: boolean | undefined;
}

/** Tells whether a person belongs to a list at a time, in milliseconds since 1970. */
export type UserMatcher = (user: Sortable, nowMs: number) => boolean;

/**
 * Prepares a filter for many people: the search text is normalised once.
 * @param searchText where a caller keeps search keys, how to get at one.
 */
export function compileFilter(
  filter: UserFilter,
  searchText: (user: Sortable) => string = searchKey,
): UserMatcher {
  const { role, isActive, language, notifications } = filter;
  const wanted = filter.search === undefined ? '' : normalise(filter.search);
  return (user, nowMs) =>
    (role === undefined || user.role === role) &&
    (isActive === undefined || isActiveAt(user, nowMs) === isActive) &&
    (language === undefined || user.preferences?.language === language) &&
    (notifications === undefined || user.preferences?.notifications === notifications) &&
    (wanted === '' || searchText(user).includes(wanted));
}

/** True where the person belongs to the filtered list at that time. */
export function matchesFilter(filter: UserFilter, user: Sortable, nowMs: number): boolean {
  return compileFilter(filter)(user, nowMs);
}

/** Seen within the 24 hours before `nowMs`; exactly 24 hours ago is no longer active. */
export function isActiveAt(user: Pick<Sortable, 'lastActive'>, nowMs: number): boolean {
  return Date.parse(user.lastActive) > nowMs - ACTIVE_MS;
}

/** When the person stops being active if nothing happens, in milliseconds since 1970. */
export function activeUntil(user: Pick<Sortable, 'lastActive'>): number {
  return Date.parse(user.lastActive) + ACTIVE_MS;
}
