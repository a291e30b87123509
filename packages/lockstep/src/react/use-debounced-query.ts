import { useEffect, useState } from 'react';
import { skipToken } from '@reduxjs/toolkit/query';
import type { SkipToken } from '@reduxjs/toolkit/query';
import { browserTimers } from '../core/index.ts';

/** What a generated query hook gives, as far as this needs it. */
interface QueryResult<Data> {
  readonly currentData?: Data | undefined;
  readonly isFetching: boolean;
  readonly error?: unknown;
}

export interface DebouncedOptions {
  /** How long the argument must rest before it is asked for, in milliseconds. Default 300. */
  readonly delayMs?: number;
  /** True: nothing is asked and nothing shown. */
  readonly skip?: boolean;
}

export interface DebouncedResult<Data> {
  /** The answer to the argument as it is now: never one to an older argument. */
  readonly data: Data | undefined;
  /** The argument rests, or is being asked for. */
  readonly isPending: boolean;
  readonly error: unknown;
}

/**
 * A query that waits until its argument rests; the one it is mounted with is asked for at once. An answer to an older argument is never shown as this one's.
 *
 *     const { data, isPending } = useDebouncedQuery(useSearchUsersQuery, { query }, { skip: query.length < 2 });
 */
export function useDebouncedQuery<Argument, Data>(
  useQuery: (argument: Argument | SkipToken) => QueryResult<Data>,
  argument: NoInfer<Argument>,
  { delayMs = 300, skip = false }: DebouncedOptions = {},
): DebouncedResult<Data> {
  const key = JSON.stringify(argument);
  const [rested, setRested] = useState(skip ? null : { key, argument });
  useEffect(() => {
    if (skip) {
      setRested(null);
      return undefined;
    }
    return browserTimers.after(delayMs, () =>
      setRested((last) => (last?.key === key ? last : { key, argument })),
    );
    // `key` stands for `argument`: an equal one made anew does not start the wait again.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [key, delayMs, skip]);

  const isCurrent = !skip && rested?.key === key;
  const { currentData, isFetching, error } = useQuery(isCurrent ? rested.argument : skipToken);
  return {
    data: isCurrent ? currentData : undefined,
    isPending: !skip && (!isCurrent || isFetching),
    error: isCurrent ? error : undefined,
  };
}
