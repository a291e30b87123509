import type { SortField } from '@directory/contract';
import { SORT_FIELDS } from '@directory/contract';
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { Outlet, useNavigate, useParams, useSearchParams } from 'react-router';
import { useAppSelector } from '../../app/hooks.ts';
import { useSessionPerson } from '../../app/session.ts';
import type { ListArg } from '../../app/types.ts';
import { IconArrowUp, IconNobody, IconUnplugged } from '../../ui/icons.ts';
import { formatCount } from '../../ui/locale.ts';
import { Message } from '../../ui/message.tsx';
import { useMediaQuery } from '../../ui/use-media-query.ts';
import { countFilters, listFromUrl, listToUrl, sortedBy } from './list-url.ts';
import { PeopleFilters } from './people-filters.tsx';
import classes from './people-page.module.css';
import type { PeopleTableHandle } from './people-table.tsx';
import { PeopleTable } from './people-table.tsx';
import { readsEverything } from './rights.ts';
import type { People } from './use-people.ts';
import { usePeople } from './use-people.ts';

/** What the person's panel may ask of the list beside it. */
export interface PeopleOutlet {
  readonly focusList: () => void;
}

/** The list of people; a person opens beside it, or over it where there is no room beside. */
export function PeoplePage() {
  const me = useSessionPerson();
  const navigate = useNavigate();
  const { id: openId } = useParams();
  const [params] = useSearchParams();
  const table = useRef<PeopleTableHandle>(null);
  // Takes the focus where there is no list to take it.
  const content = useRef<HTMLElement>(null);
  const query = params.toString();
  const list = useMemo(() => listFromUrl(new URLSearchParams(query)), [query]);
  const people = usePeople(list);
  const all = readsEverything(me);
  const hasRoomBeside = useMediaQuery('(min-width: 60rem)');

  function show(next: ListArg, how: 'typed' | 'chosen'): void {
    const search = listToUrl(next).toString();
    void navigate({ search: search === '' ? '' : `?${search}` }, { replace: how === 'typed' });
  }

  const outlet = useMemo<PeopleOutlet>(
    () => ({ focusList: () => (table.current ?? content.current)?.focus() }),
    [],
  );
  const open = useCallback(
    (id: string) => void navigate({ pathname: `/people/${id}`, search: query === '' ? '' : `?${query}` }),
    [navigate, query],
  );

  const hasDrafts = useAppSelector((state) => state.drafts.length > 0);
  useEffect(() => {
    if (!hasDrafts) return undefined;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [hasDrafts]);

  return (
    <div className={classes.page} data-open={openId !== undefined || undefined}>
      {openId === undefined && <title>People · Directory</title>}
      <main
        ref={content}
        className={classes.list}
        tabIndex={-1}
        inert={openId !== undefined && !hasRoomBeside}
      >
        <div className={classes.top}>
          <div className={classes.headline}>
            <h1 className={classes.title}>People</h1>
            <Count people={people} isFiltered={countFilters(list.filters) > 0} />
          </div>
          <PeopleFilters
            list={list}
            readsEverything={all}
            onChange={show}
            onLeaveSearch={() => table.current?.focus()}
          />
        </div>
        <div className={classes.frame}>
          {people.arrivals > 0 && people.state === 'ready' && (
            <button
              type="button"
              className={classes.arrivals}
              onClick={() => {
                table.current?.scrollToStart();
                people.readAgain();
              }}
            >
              <IconArrowUp size={14} stroke={2.25} aria-hidden="true" />
              {formatCount(people.arrivals)} new
            </button>
          )}
          <ListBody
            people={people}
            isFiltered={countFilters(list.filters) > 0}
            onClear={() => show({ ...list, filters: {} }, 'chosen')}
          >
            <PeopleTable
              handle={table}
              people={people}
              list={list}
              openId={openId}
              sortable={all ? SORT_FIELDS : PUBLIC_SORTS}
              onSort={(field) => show(sortedBy(list, field), 'chosen')}
              onOpen={open}
            />
          </ListBody>
        </div>
      </main>
      <Outlet context={outlet} />
    </div>
  );
}

const PUBLIC_SORTS: readonly SortField[] = ['name', 'role', 'lastActive'];

function Count({ people, isFiltered }: { readonly people: People; readonly isFiltered: boolean }) {
  const { total } = people;
  return (
    <span className={classes.count} role="status" data-waiting={total === null || undefined}>
      {total === null ? '' : isFiltered ? `${formatCount(total)} found` : formatCount(total)}
    </span>
  );
}

interface ListBodyProps {
  readonly people: People;
  readonly isFiltered: boolean;
  readonly onClear: () => void;
  readonly children: ReactNode;
}

/** The list, or what to say in its place. */
function ListBody({ people, isFiltered, onClear, children }: ListBodyProps) {
  if (people.state === 'failed') {
    const { error } = people;
    const refused = error?.kind === 'problem';
    return (
      <Message
        role="alert"
        icon={<IconUnplugged size={22} />}
        title={refused ? error.title : 'The list did not arrive'}
        actions={
          <>
            <Button onClick={people.readAgain}>Try again</Button>
            {isFiltered && (
              <Button variant="default" onClick={onClear}>
                Clear filters
              </Button>
            )}
          </>
        }
      >
        {refused ? error.detail : 'The directory cannot be reached. Check your connection.'}
        {refused && error.requestId !== null && (
          <div className={classes.request}>Request {error.requestId}</div>
        )}
      </Message>
    );
  }
  if (people.state === 'ready' && people.rows.length === 0 && !people.hasMore) {
    return isFiltered ? (
      <Message
        icon={<IconNobody size={22} />}
        title="Nobody matches"
        actions={
          <Button variant="default" onClick={onClear}>
            Clear filters
          </Button>
        }
      >
        No one in the directory fits the search and filters that are set.
      </Message>
    ) : (
      <Message icon={<IconNobody size={22} />} title="There is nobody here yet">
        People appear here as soon as somebody adds them.
      </Message>
    );
  }
  return children;
}
