import type { Middleware, ThunkDispatch, UnknownAction } from '@reduxjs/toolkit';
import { api } from './api.ts';
import { changesReceived, peopleBack, peopleGone } from './live-slice.ts';
import type { PersonChange } from './row-changes.ts';
import { answeredChange, changeList, readChanges } from './row-changes.ts';
import { sessionEnded } from './session-slice.ts';
import type { Person } from './types.ts';
import { isPerson } from './types.ts';

type ApiState = Parameters<typeof api.util.selectAllQueryEntries>[0];
type ApiDispatch = ThunkDispatch<ApiState, unknown, UnknownAction>;

interface StorePart {
  readonly dispatch: ApiDispatch;
  readonly getState: () => ApiState;
}

/**
 * Brings every cache entry that holds or counts one of the changed people up to date. A row gives way only to a higher
 * version, so the order in which an answer and the feed's echo come makes no difference.
 */
export function applyChanges(store: StorePart, changes: readonly PersonChange[], nowMs: number): void {
  const { dispatch } = store;
  const state = store.getState();
  const latest = new Map(changes.map((change) => [change.id, change]));

  for (const { data, originalArgs } of api.util.selectEntriesForEndpoint(state, 'getUsersInfinite')) {
    if (data === undefined || originalArgs === undefined) continue;
    const pages = changeList(data.pages, originalArgs.filters ?? {}, changes, nowMs);
    if (pages === data.pages) continue;
    dispatch(
      api.util.updateQueryData('getUsersInfinite', originalArgs, () => ({ ...data, pages: [...pages] })),
    );
  }
  for (const { data, originalArgs } of api.util.selectEntriesForEndpoint(state, 'getUsers')) {
    if (data === undefined || originalArgs === undefined) continue;
    const page = changeList([data], originalArgs.filters ?? {}, changes, nowMs)[0];
    if (page === undefined || page === data) continue;
    dispatch(api.util.updateQueryData('getUsers', originalArgs, () => page));
  }
  for (const { data, originalArgs } of api.util.selectEntriesForEndpoint(state, 'searchUsers')) {
    if (data === undefined || originalArgs === undefined) continue;
    const next = data.flatMap((held) => newest(held, latest.get(held.id)) ?? []);
    if (next.length === data.length && next.every((row, index) => row === data[index])) continue;
    dispatch(api.util.updateQueryData('searchUsers', originalArgs, () => next));
  }
  for (const { data, originalArgs } of api.util.selectEntriesForEndpoint(state, 'getUserById')) {
    if (data === undefined || originalArgs === undefined) continue;
    // The page of somebody who is gone keeps what it showed; that they are gone is said beside it.
    const next = newest(data, latest.get(data.id)) ?? data;
    if (next !== data) dispatch(api.util.updateQueryData('getUserById', originalArgs, () => next));
  }
  const me = api.endpoints.getSession.select()(state).data;
  const meNow = me == null ? null : newest(me, latest.get(me.id));
  if (meNow !== null && meNow !== me)
    dispatch(api.util.updateQueryData('getSession', undefined, () => meNow));

  const gone = changes.filter((change) => change.after === null).map((change) => change.id);
  if (gone.length > 0) dispatch(peopleGone(gone));
  const back = changes.filter((change) => change.before === null).map((change) => change.id);
  if (back.length > 0) dispatch(peopleBack(back));
}

function newest(held: Person, change: PersonChange | undefined): Person | null {
  return change === undefined || change.version <= held.version ? held : change.after;
}

/** How far back an answer may have been read, in changes: more than a server with 1,000 writes a second makes meanwhile. */
const RECENT_KEPT = 5000;

/**
 * Lets the feed and the answers to this page's writes change every cached copy of a row. An answer to a read may be older
 * than changes that came while it was on its way, so those after its feed position are applied to it again.
 */
export function createCacheSync(nowMs: () => number): Middleware<object, ApiState, ApiDispatch> {
  const { updateUser, batchUpdateUsers, getUsers, getUsersInfinite, getUserById, searchUsers } =
    api.endpoints;
  let recent: PersonChange[] = [];

  return (store) => (next) => (action) => {
    const result = next(action);
    if (changesReceived.match(action)) {
      const changes = readChanges(action.payload.changes, action.payload.lastOffset);
      recent = [...recent, ...changes].slice(-RECENT_KEPT);
      applyChanges(store, changes, nowMs());
    } else if (updateUser.matchFulfilled(action)) {
      applyChanges(store, [answeredChange(action.payload)], nowMs());
    } else if (batchUpdateUsers.matchFulfilled(action)) {
      applyChanges(store, action.payload.map(answeredChange), nowMs());
    } else if (updateUser.matchRejected(action)) {
      const error = action.payload;
      if (error?.kind === 'problem' && isPerson(error.current)) {
        applyChanges(store, [answeredChange(error.current)], nowMs());
      }
    } else if (
      recent.length > 0 &&
      (getUsers.matchFulfilled(action) ||
        getUsersInfinite.matchFulfilled(action) ||
        getUserById.matchFulfilled(action) ||
        searchUsers.matchFulfilled(action))
    ) {
      applyChanges(store, recent, nowMs());
    } else if (sessionEnded.match(action)) {
      recent = [];
    }
    return result;
  };
}
