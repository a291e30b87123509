import { matchesFilter } from '@directory/contract';
import { use, useMemo } from 'react';
import { useGetUsersInfiniteQuery } from '../../app/api.ts';
import type { ApiError } from '../../app/base-query.ts';
import { asApiError } from '../../app/base-query.ts';
import type { ListArg, Person, UsersPage } from '../../app/types.ts';
import { ClockContext } from '../../ui/clock.ts';

export interface People {
  /** In the list's order, each once. */
  readonly rows: readonly Person[];
  /** How many belong to the list; null while the server counts. */
  readonly total: number | null;
  /** `narrowed`: the rows of the list before, as far as they belong to this one too, until the server answers. */
  readonly state: 'loading' | 'narrowed' | 'ready' | 'failed';
  readonly error: ApiError | null;
  /** How many came to belong to the list since it was read. */
  readonly arrivals: number;
  readonly hasMore: boolean;
  readonly moreFailed: boolean;
  readonly isLoadingMore: boolean;
  readonly loadMore: () => void;
  /** Reads the list again from its start. */
  readonly readAgain: () => void;
}

const NONE: readonly Person[] = [];

/** The people of a list, as far as they are loaded. An answer to another list than the present one is never shown. */
export function usePeople(list: ListArg): People {
  const clock = use(ClockContext);
  const query = useGetUsersInfiniteQuery(list);
  const { data, currentData, error, originalArgs } = query;
  const pages = currentData?.pages;

  const shown = useMemo(() => {
    if (pages !== undefined) return flatten(pages);
    // A longer search or one more filter leaves some of these; a new order leaves none in place.
    const previous = originalArgs ?? list;
    const sameOrder = previous.sortBy === list.sortBy && previous.sortOrder === list.sortOrder;
    if (data === undefined || !sameOrder) return NONE;
    const now = clock.now();
    return flatten(data.pages).filter((person) => matchesFilter(list.filters, person, now));
  }, [pages, data, list, originalArgs, clock]);

  const failed = error !== undefined && pages === undefined;
  const isRead = pages !== undefined;
  return {
    rows: failed ? NONE : shown,
    total: pages?.at(-1)?.total ?? null,
    state: failed ? 'failed' : isRead ? 'ready' : shown.length > 0 ? 'narrowed' : 'loading',
    error: asApiError(error),
    arrivals: pages?.reduce((sum, page) => sum + page.arrivals.length, 0) ?? 0,
    hasMore: isRead && query.hasNextPage,
    moreFailed: query.isFetchNextPageError,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => void query.fetchNextPage(),
    readAgain: () => void query.refetch({ refetchCachedPages: false }),
  };
}

/** One list of all pages. A person whose place moved between two reads may be in both pages; the later read is newer. */
function flatten(pages: readonly UsersPage[]): readonly Person[] {
  const rows: Person[] = [];
  const seen = new Set<string>();
  for (const page of pages) {
    for (const person of page.users) {
      if (seen.has(person.id)) continue;
      seen.add(person.id);
      rows.push(person);
    }
  }
  return rows;
}
