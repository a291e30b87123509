import type { SortField } from '@directory/contract';
import { Button } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { CSSProperties, KeyboardEvent, MouseEvent, RefObject } from 'react';
import { useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react';
import { useAppSelector } from '../../app/hooks.ts';
import type { ListArg } from '../../app/types.ts';
import { IconArrowDown, IconArrowUp } from '../../ui/icons.ts';
import { Skeleton } from '../../ui/skeleton.tsx';
import { useMediaQuery } from '../../ui/use-media-query.ts';
import { PersonRow, rowId } from './person-row.tsx';
import classes from './people-table.module.css';
import type { People } from './use-people.ts';

export interface PeopleTableHandle {
  /** Puts the keyboard on the list. */
  focus(): void;
  scrollToStart(): void;
}

interface PeopleTableProps {
  readonly people: People;
  readonly list: ListArg;
  readonly openId: string | undefined;
  readonly onSort: (field: SortField) => void;
  readonly onOpen: (id: string) => void;
  readonly sortable: readonly SortField[];
  readonly handle: RefObject<PeopleTableHandle | null>;
}

interface Column {
  readonly field: 'name' | 'email' | 'role' | 'language' | 'lastActive';
  readonly title: string;
  readonly sortBy: SortField | null;
}

const columns: readonly Column[] = [
  { field: 'name', title: 'Name', sortBy: 'name' },
  { field: 'email', title: 'Email', sortBy: 'email' },
  { field: 'role', title: 'Role', sortBy: 'role' },
  { field: 'language', title: 'Language', sortBy: null },
  { field: 'lastActive', title: 'Last active', sortBy: 'lastActive' },
];

/** A person's own text size counts; it is read once, so that nothing has to be measured while scrolling. */
const REM = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
const HEADING = Math.round(2.25 * REM);
const ROW = Math.round(2.75 * REM);
const ROW_NARROW = Math.round(4 * REM);

type Heights = CSSProperties & Record<`--${'heading' | 'row'}-height`, string>;

/** With these and the tallest common screens there are fewer than 80 rows in the page. */
const OVERSCAN = 10;
const MOST_SKELETONS = 24;

/** Asks for more when fewer rows than this lie ahead. */
const AHEAD = 50;

/**
 * The people as a grid of which only the visible rows exist. The grid itself holds the focus and names the row that the
 * keyboard is on, so a row that scrolls out of existence never takes the focus with it.
 */
export function PeopleTable({ people, list, openId, onSort, onOpen, sortable, handle }: PeopleTableProps) {
  const { rows, total, state, hasMore, moreFailed, isLoadingMore, loadMore } = people;
  const scroller = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState(-1);
  const drafts = useAppSelector((root) => root.drafts);
  const isNarrow = useMediaQuery('(max-width: 40rem)');
  const rowHeight = isNarrow ? ROW_NARROW : ROW;

  const heights: Heights = { '--heading-height': `${HEADING}px`, '--row-height': `${rowHeight}px` };

  const isLoading = state === 'loading';
  const waitingRows = isLoading
    ? MOST_SKELETONS
    : state === 'narrowed'
      ? 0
      : hasMore && !moreFailed
        ? skeletonsFor(total, rows.length)
        : 0;
  // oxlint-disable-next-line react/incompatible-library -- its functions change nothing while rendering; no compiler memoises them
  const virtualizer = useVirtualizer({
    count: rows.length + waitingRows,
    getScrollElement: useCallback(() => scroller.current, []),
    estimateSize: useCallback(() => rowHeight, [rowHeight]),
    overscan: OVERSCAN,
    scrollMargin: HEADING,
    scrollPaddingStart: HEADING,
    useFlushSync: false,
    observeElementOffset: observeScrollTop,
  });
  const visible = virtualizer.getVirtualItems();

  useLayoutEffect(() => virtualizer.measure(), [rowHeight, virtualizer]);

  const lastVisible = visible.at(-1)?.index ?? -1;
  const needsMore = hasMore && !isLoadingMore && !moreFailed && lastVisible >= rows.length - AHEAD;
  useEffect(() => {
    if (needsMore) loadMore();
  });

  const listKey = JSON.stringify(list);
  const shownKey = useRef(listKey);
  useEffect(() => {
    if (shownKey.current === listKey) return;
    shownKey.current = listKey;
    setCursor(-1);
    virtualizer.scrollToOffset(0);
  }, [listKey, virtualizer]);

  useImperativeHandle(handle, () => ({
    focus: () => scroller.current?.focus({ preventScroll: true }),
    scrollToStart: () => virtualizer.scrollToOffset(0),
  }));

  function moveCursor(to: number): void {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setCursor(next);
    virtualizer.scrollToIndex(next, { align: 'auto' });
  }

  function onKeyDown(event: KeyboardEvent<HTMLDivElement>): void {
    if (event.target !== event.currentTarget || event.altKey || event.ctrlKey || event.metaKey) return;
    if (rows.length === 0) return;
    const start = cursor < 0 ? rows.findIndex((person) => person.id === openId) : cursor;
    const screen = Math.max(
      1,
      Math.floor(((virtualizer.scrollRect?.height ?? rowHeight) - HEADING) / rowHeight) - 1,
    );
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: start + 1,
      ArrowUp: start < 0 ? 0 : start - 1,
      PageDown: Math.max(0, start) + screen,
      PageUp: start - screen,
      Home: 0,
      End: rows.length - 1,
    };
    const to = moves[event.key];
    if (to !== undefined) {
      event.preventDefault();
      moveCursor(to);
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      const person = rows[cursor];
      if (person !== undefined) onOpen(person.id);
    }
  }

  function onClick(event: MouseEvent<HTMLDivElement>): void {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-person]') : null;
    const opensElsewhere = event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0;
    if (row?.dataset['person'] === undefined || opensElsewhere) return;
    event.preventDefault();
    setCursor(rows.findIndex((person) => person.id === row.dataset['person']));
    onOpen(row.dataset['person']);
  }

  return (
    <div
      ref={scroller}
      className={classes.table}
      role="grid"
      aria-label="People"
      aria-rowcount={total === null ? -1 : total + 1}
      aria-colcount={columns.length}
      aria-busy={state !== 'ready'}
      aria-activedescendant={visible.some((item) => item.index === cursor) ? rowId(cursor) : undefined}
      data-state={state}
      style={heights}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onClick={onClick}
    >
      <div role="rowgroup" className={classes.head}>
        <div role="row" aria-rowindex={1} className={classes.heading}>
          {columns.map((column) => (
            <ColumnTitle
              key={column.field}
              column={column}
              order={column.sortBy === list.sortBy ? list.sortOrder : null}
              onSort={column.sortBy !== null && sortable.includes(column.sortBy) ? onSort : null}
            />
          ))}
        </div>
      </div>
      <div role="rowgroup" className={classes.body} style={{ blockSize: virtualizer.getTotalSize() }}>
        {visible.map((item) => {
          const person = rows[item.index];
          const top = item.start - HEADING;
          return person === undefined ? (
            <SkeletonRow key={item.key} index={item.index} top={top} />
          ) : (
            <PersonRow
              key={person.id}
              person={person}
              index={item.index}
              top={top}
              isCursor={item.index === cursor}
              isOpen={person.id === openId}
              hasDraft={drafts.some((draft) => draft.id === person.id)}
            />
          );
        })}
      </div>
      {moreFailed && (
        <div className={classes.more} role="row">
          <div role="gridcell" className={classes.moreCell}>
            <span>The rest of the list did not arrive.</span>
            <Button size="compact-sm" variant="default" onClick={loadMore}>
              Try again
            </Button>
          </div>
        </div>
      )}
    </div>
  );
}

/**
 * Tells the virtualizer where the list stands, and nothing else. Its own way also asks how far the list can be scrolled, at
 * each scroll event, which forces a layout and serves rows of unknown height alone.
 */
function observeScrollTop(
  { scrollElement }: { readonly scrollElement: HTMLDivElement | null },
  report: (offset: number, isScrolling: boolean) => void,
): (() => void) | undefined {
  if (scrollElement === null) return undefined;
  const onScroll = (): void => report(scrollElement.scrollTop, false);
  scrollElement.addEventListener('scroll', onScroll, { passive: true });
  return () => scrollElement.removeEventListener('scroll', onScroll);
}

function skeletonsFor(total: number | null, loaded: number): number {
  return total === null ? MOST_SKELETONS : Math.max(1, Math.min(MOST_SKELETONS, total - loaded));
}

interface ColumnTitleProps {
  readonly column: Column;
  readonly order: 'asc' | 'desc' | null;
  readonly onSort: ((field: SortField) => void) | null;
}

function ColumnTitle({ column, order, onSort }: ColumnTitleProps) {
  const { sortBy, title, field } = column;
  const Arrow = order === 'desc' ? IconArrowDown : IconArrowUp;
  return (
    <div
      role="columnheader"
      className={classes.title}
      data-column={field}
      aria-sort={order === null ? undefined : order === 'asc' ? 'ascending' : 'descending'}
    >
      {sortBy === null || onSort === null ? (
        title
      ) : (
        <button
          type="button"
          className={classes.sort}
          data-sorted={order !== null || undefined}
          onClick={() => onSort(sortBy)}
        >
          {title}
          <Arrow size={13} stroke={2.25} aria-hidden="true" />
        </button>
      )}
    </div>
  );
}

/** The widths follow no pattern that the eye could find, and never change. */
function SkeletonRow({ index, top }: { readonly index: number; readonly top: number }) {
  const wobble = (seed: number): number => (((index + 1) * seed) % 7) - 3;
  return (
    <div
      className={classes.row}
      role="row"
      aria-hidden="true"
      data-skeleton
      style={{ transform: `translateY(${top}px)` }}
    >
      <div className={classes.cell} data-column="name">
        <Skeleton round />
        <Skeleton width={14 + wobble(3)} />
      </div>
      <div className={classes.cell} data-column="email">
        <Skeleton width={20 + wobble(5)} />
      </div>
      <div className={classes.cell} data-column="role">
        <Skeleton width={8 + wobble(2) / 2} />
      </div>
      <div className={classes.cell} data-column="language">
        <Skeleton width={7 + wobble(4) / 2} />
      </div>
      <div className={classes.cell} data-column="lastActive">
        <Skeleton width={9 + wobble(6) / 2} />
      </div>
    </div>
  );
}
