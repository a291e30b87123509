import { compileFilter } from '@directory/contract';
import type { UserFilter } from '@directory/contract';
import type { Change, RowChange } from '@lockstep/protocol';
import { applyMergePatch } from '@lockstep/protocol';
import type { ListAnswer, Person } from './types.ts';
import { isPerson } from './types.ts';

/** The contract's name for the rows of people in the change feed. */
export const PERSON_ENTITY = 'user';

/** One person's change: by the feed (with its position), or by the answer to a write of this page (without one). */
export interface PersonChange {
  readonly id: string;
  readonly version: number;
  /** The person after the change; null for a deletion. */
  readonly after: Person | null;
  /** The person before it; null where there was none, undefined where the server did not say. */
  readonly before: Person | null | undefined;
  readonly offset: number | null;
}

/** The feed's changes of people, each with its own position; `lastOffset` is that of the last change. */
export function readChanges(changes: readonly Change[], lastOffset: number): PersonChange[] {
  const first = lastOffset - changes.length + 1;
  return changes.flatMap((change, index) => {
    if (change.op === 'none' || change.entity !== PERSON_ENTITY) return [];
    const after = change.op === 'delete' ? null : change.row;
    if (after !== null && !isPerson(after)) return [];
    return [
      {
        id: change.id,
        version: change.version,
        after,
        before: rowBefore(change, after),
        offset: first + index,
      },
    ];
  });
}

/** The change that an answer to a write of this page amounts to. */
export function answeredChange(person: Person): PersonChange {
  return { id: person.id, version: person.version, after: person, before: undefined, offset: null };
}

/**
 * Brings a list up to date, page by page. Rows change where they stand, or leave; people who have come to belong to the list
 * are noted in `arrivals` and do not push the rows that somebody is reading. Pages and rows that nothing happened to keep
 * their identity.
 */
export function changeList<Page extends ListAnswer>(
  pages: readonly Page[],
  filter: UserFilter,
  changes: readonly PersonChange[],
  nowMs: number,
): readonly Page[] {
  const matches = compileFilter(filter);
  const belongs = (person: Person | null): boolean => person !== null && matches(person, nowMs);
  const places = new Map<string, { page: number; row: number }>();
  pages.forEach((page, pageIndex) => {
    page.users.forEach((user, row) => places.set(user.id, { page: pageIndex, row }));
  });
  const rows: (Person | null)[][] = [];
  const touched = (page: number): (Person | null)[] => (rows[page] ??= [...(pages[page]?.users ?? [])]);
  const lastOffset = pages.at(-1)?.offset ?? null;
  const arrivals = new Set(pages.flatMap((page) => page.arrivals));
  let totalMoved = 0;
  let arrivalsMoved = false;

  for (const change of changes) {
    const place = places.get(change.id);
    const held =
      place === undefined
        ? undefined
        : ((rows[place.page] ?? pages[place.page]?.users)?.[place.row] ?? undefined);
    if (place !== undefined && held !== undefined) {
      const next = change.version > held.version ? change.after : held;
      // An answer to a write of this page leaves the row where the person is looking; the feed's echo decides.
      const stays = change.offset === null || belongs(next);
      if (!stays) places.delete(change.id);
      if (!stays || next !== held) touched(place.page)[place.row] = stays ? next : null;
    }
    if (change.offset === null || (lastOffset !== null && change.offset <= lastOffset)) continue;
    if (change.before === undefined) continue;
    const moved = Number(belongs(change.after)) - Number(belongs(change.before));
    totalMoved += moved;
    if (moved > 0 && held === undefined && !arrivals.has(change.id)) {
      arrivals.add(change.id);
      arrivalsMoved = true;
    } else if (moved < 0 && arrivals.delete(change.id)) {
      arrivalsMoved = true;
    }
  }
  if (rows.length === 0 && totalMoved === 0 && !arrivalsMoved) return pages;

  const highest = changes.at(-1)?.offset ?? null;
  const last = pages.length - 1;
  return pages.map((page, index) => {
    const changed = rows[index];
    const users = changed === undefined ? page.users : changed.filter((row) => row !== null);
    if (index === last) {
      const total = Math.max(0, page.total + totalMoved);
      return {
        ...page,
        users,
        total,
        arrivals: arrivalsMoved ? [...arrivals] : page.arrivals,
        offset: highest ?? page.offset,
      };
    }
    const hasOldArrivals = arrivalsMoved && page.arrivals.length > 0;
    if (changed === undefined && !hasOldArrivals) return page;
    return { ...page, users, arrivals: hasOldArrivals ? [] : page.arrivals };
  });
}

function rowBefore(change: RowChange, after: Person | null): Person | null | undefined {
  if (change.op === 'insert') return null;
  const { before } = change;
  if (before === undefined) return undefined;
  const person = after === null ? before : applyMergePatch(after, before);
  return isPerson(person) ? person : undefined;
}
