import type { Role, SortField, UserFilter } from '@directory/contract';
import { LIMITS, ROLES } from '@directory/contract';
import { CloseButton, TextInput } from '@mantine/core';
import type { KeyboardEvent } from 'react';
import { useEffect, useRef, useState } from 'react';
import { useGetStatsQuery } from '../../app/api.ts';
import type { ListArg } from '../../app/types.ts';
import { FilterMenu } from '../../ui/filter-menu.tsx';
import { IconSearch } from '../../ui/icons.ts';
import { formatCount } from '../../ui/locale.ts';
import { languageOptions } from './languages.ts';
import { countFilters, naturalOrder, withFilter } from './list-url.ts';
import classes from './people-filters.module.css';
import { roleNames } from './roles.tsx';

interface PeopleFiltersProps {
  readonly list: ListArg;
  /** False for readers to whom others' addresses and preferences are not shown: they cannot filter by them. */
  readonly readsEverything: boolean;
  readonly onChange: (list: ListArg, how: 'typed' | 'chosen') => void;
  /** The keyboard goes on from the search into the list. */
  readonly onLeaveSearch: () => void;
}

/** Long enough to swallow a fast typist's letters, short enough not to be noticed. */
const TYPING_PAUSE_MS = 120;

/** Longer than an address takes to change on the slowest machine. */
const FORGET_MS = 2000;

const STATS_EVERY_MS = 60_000;

const activity = [
  { value: 'true', label: 'Last 24 hours' },
  { value: 'false', label: 'Longer ago' },
] as const;

const notifications = [
  { value: 'true', label: 'On' },
  { value: 'false', label: 'Off' },
] as const;

const sorts: readonly { value: SortField; label: string }[] = [
  { value: 'lastActive', label: 'Last active' },
  { value: 'name', label: 'Name' },
  { value: 'email', label: 'Email' },
  { value: 'role', label: 'Role' },
];

type Flag = 'true' | 'false';

/** What narrows the list: search as one types, and a menu for each filter. */
export function PeopleFilters({ list, readsEverything, onChange, onLeaveSearch }: PeopleFiltersProps) {
  const { filters } = list;
  const { data: stats } = useGetStatsQuery(undefined, {
    pollingInterval: STATS_EVERY_MS,
    skipPollingIfUnfocused: true,
  });

  function choose(change: Partial<UserFilter>): void {
    onChange({ ...list, filters: withFilter(filters, change) }, 'chosen');
  }

  return (
    <div className={classes.bar} role="search" aria-label="Filter people">
      <SearchField
        value={filters.search ?? ''}
        onSearch={(search) => onChange({ ...list, filters: withFilter(filters, { search }) }, 'typed')}
        onLeave={onLeaveSearch}
      />
      <div className={classes.menus}>
        <FilterMenu<Role>
          label="Role"
          anyLabel="Any role"
          value={filters.role}
          options={ROLES.map((role) => {
            const count = stats?.byRole[role];
            return {
              value: role,
              label: roleNames[role],
              ...(count !== undefined && { hint: formatCount(count) }),
            };
          })}
          onChange={(role) => choose({ role })}
        />
        <FilterMenu<Flag>
          label="Active"
          anyLabel="At any time"
          value={flagText(filters.isActive)}
          options={activity.map((option) =>
            option.value === 'true' && stats !== undefined
              ? { ...option, hint: formatCount(stats.active24h) }
              : option,
          )}
          onChange={(value) => choose({ isActive: flagOf(value) })}
        />
        {readsEverything && (
          <>
            <FilterMenu<string>
              label="Language"
              anyLabel="Any language"
              value={filters.language}
              options={languageOptions(filters.language)}
              onChange={(language) => choose({ language })}
            />
            <FilterMenu<Flag>
              label="Notifications"
              anyLabel="On or off"
              value={flagText(filters.notifications)}
              options={notifications}
              onChange={(value) => choose({ notifications: flagOf(value) })}
            />
          </>
        )}
        <span className={classes.sort}>
          <FilterMenu<SortField>
            label="Sort"
            anyLabel="Last active"
            value={list.sortBy === 'lastActive' ? undefined : list.sortBy}
            options={sorts.filter(
              (sort) => sort.value !== 'lastActive' && (readsEverything || sort.value !== 'email'),
            )}
            onChange={(sortBy = 'lastActive') =>
              onChange({ ...list, sortBy, sortOrder: naturalOrder(sortBy) }, 'chosen')
            }
          />
        </span>
        {countFilters(filters) > 0 && (
          <button
            type="button"
            className={classes.clear}
            onClick={() => onChange({ ...list, filters: {} }, 'chosen')}
          >
            Clear filters
          </button>
        )}
      </div>
    </div>
  );
}

interface SearchFieldProps {
  readonly value: string;
  readonly onSearch: (text: string) => void;
  readonly onLeave: () => void;
}

/** Holds what is typed at once, and hands it on after a short pause. */
export function SearchField({ value, onSearch, onLeave }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  // Handed on, and not come back through the address yet: that may take longer than the next letters.
  const [sent, setSent] = useState<readonly string[]>([]);
  const field = useRef<HTMLInputElement>(null);

  if (value !== seen) {
    setSeen(value);
    const own = sent.lastIndexOf(value);
    setSent(sent.slice(own + 1));
    // The address changed by other means: back, a link, cleared filters.
    if (own === -1) {
      setSent([]);
      setText(value);
    }
  }

  useEffect(() => {
    if (text === (sent.at(-1) ?? value)) {
      if (sent.length === 0) return undefined;
      // The address skips texts that were overtaken at once; what has not come back by now never will.
      const forget = setTimeout(() => setSent([]), FORGET_MS);
      return () => clearTimeout(forget);
    }
    const timer = setTimeout(() => {
      setSent((now) => [...now, text]);
      onSearch(text);
    }, TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  });

  useEffect(() => {
    function onSlash(event: globalThis.KeyboardEvent): void {
      const isTyping =
        event.target instanceof HTMLElement && event.target.closest('input, select, textarea') !== null;
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    }
    document.addEventListener('keydown', onSlash);
    return () => document.removeEventListener('keydown', onSlash);
  }, []);

  function clear(): void {
    setText('');
    field.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>): void {
    if (event.key === 'Escape' && text !== '') {
      event.preventDefault();
      clear();
    } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
      event.preventDefault();
      onLeave();
    }
  }

  return (
    <TextInput
      ref={field}
      className={classes.search ?? ''}
      type="search"
      aria-label="Search people"
      aria-keyshortcuts="/"
      placeholder="Search people"
      autoComplete="off"
      spellCheck={false}
      maxLength={LIMITS.search}
      leftSection={<IconSearch size={16} aria-hidden="true" />}
      rightSection={
        text === '' ? (
          <kbd className={classes.key} aria-hidden="true">
            /
          </kbd>
        ) : (
          <CloseButton size="sm" aria-label="Clear the search" onClick={clear} />
        )
      }
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={onKeyDown}
    />
  );
}

function flagText(value: boolean | undefined): Flag | undefined {
  return value === undefined ? undefined : value ? 'true' : 'false';
}

function flagOf(text: Flag | undefined): boolean | undefined {
  return text === undefined ? undefined : text === 'true';
}
