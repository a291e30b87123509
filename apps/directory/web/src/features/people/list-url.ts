import type { SortField, UserFilter } from '@directory/contract';
import { DEFAULT_SORT, isSortField, LIMITS, ROLES } from '@directory/contract';
import type { ListArg } from '../../app/types.ts';

/**
 * A list as the address bar has it, with the names that the API uses. What makes no sense there is taken as absent: an old or
 * mistyped link shows people, not an error.
 */
export function listFromUrl(params: URLSearchParams): ListArg {
  const filters: UserFilter = {};
  const role = ROLES.find((known) => known === params.get('role'));
  if (role !== undefined) filters.role = role;
  const search = (params.get('search') ?? '').slice(0, LIMITS.search);
  if (search !== '') filters.search = search;
  const isActive = flag(params.get('isActive'));
  if (isActive !== undefined) filters.isActive = isActive;
  const language = params.get('language') ?? '';
  if (/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/.test(language) && language.length <= LIMITS.language) {
    filters.language = language;
  }
  const notifications = flag(params.get('notifications'));
  if (notifications !== undefined) filters.notifications = notifications;

  const sortBy = params.get('sortBy') ?? '';
  const order = params.get('sortOrder');
  if (!isSortField(sortBy)) return { filters, ...DEFAULT_SORT };
  return { filters, sortBy, sortOrder: order === 'asc' || order === 'desc' ? order : naturalOrder(sortBy) };
}

/** The same list as query keys in a fixed order, without those that say what is so anyway. */
export function listToUrl(list: ListArg): URLSearchParams {
  const params = new URLSearchParams();
  const { role, search, isActive, language, notifications } = list.filters;
  if (search !== undefined && search !== '') params.set('search', search);
  if (role !== undefined) params.set('role', role);
  if (isActive !== undefined) params.set('isActive', String(isActive));
  if (language !== undefined) params.set('language', language);
  if (notifications !== undefined) params.set('notifications', String(notifications));
  if (list.sortBy !== DEFAULT_SORT.sortBy || list.sortOrder !== DEFAULT_SORT.sortOrder) {
    params.set('sortBy', list.sortBy);
    if (list.sortOrder !== naturalOrder(list.sortBy)) params.set('sortOrder', list.sortOrder);
  }
  return params;
}

/** How a column is sorted at its first click: texts from the start, times from the latest. */
export function naturalOrder(sortBy: SortField): 'asc' | 'desc' {
  return sortBy === 'lastActive' || sortBy === 'createdAt' || sortBy === 'updatedAt' ? 'desc' : 'asc';
}

/** The list after a click on a column's title: first its natural order, then the other one. */
export function sortedBy(list: ListArg, sortBy: SortField): ListArg {
  if (list.sortBy !== sortBy) return { ...list, sortBy, sortOrder: naturalOrder(sortBy) };
  return { ...list, sortOrder: list.sortOrder === 'asc' ? 'desc' : 'asc' };
}

/** How many filters hold, the search text included. */
export function countFilters(filters: UserFilter): number {
  return Object.values(filters).filter((value) => value !== undefined && value !== '').length;
}

/** The filters with one changed; undefined takes it away. */
export function withFilter(filters: UserFilter, change: Partial<UserFilter>): UserFilter {
  return Object.fromEntries(
    Object.entries({ ...filters, ...change }).filter(([, value]) => value !== undefined && value !== ''),
  );
}

function flag(text: string | null): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}
