import type { Row, RowId } from './row.ts';

/** One row that came (`from` null), changed, or went (`to` null). `from` and `to` are never the same object. */
export interface RowChange<R extends Row = Row> {
  readonly collection: string;
  readonly id: RowId;
  readonly from: R | null;
  readonly to: R | null;
}

/** What happened between two states: at most one change a row, in no promised order. */
export type ChangeSet = readonly RowChange[];

/** The change set of a step that changed nothing: always this object. */
export const NO_CHANGES: ChangeSet = Object.freeze([]);

export function isEmpty(changes: ChangeSet): boolean {
  return changes.length === 0;
}

export function kindOf(change: RowChange): 'added' | 'updated' | 'removed' {
  if (change.from === null) return 'added';
  return change.to === null ? 'removed' : 'updated';
}

/** The change set of the way back. */
export function invert(changes: ChangeSet): ChangeSet {
  if (changes.length === 0) return NO_CHANGES;
  return changes.map(({ collection, id, from, to }) => ({ collection, id, from: to, to: from }));
}

/** The change set of `first` and then `second`: a row that ends as it began is not in it. */
export function compose(first: ChangeSet, second: ChangeSet): ChangeSet {
  if (first.length === 0) return second;
  if (second.length === 0) return first;
  const composed = new Map<string, Map<RowId, RowChange>>();
  for (const change of first) rowsOf(composed, change.collection).set(change.id, change);
  for (const change of second) {
    const rows = rowsOf(composed, change.collection);
    const earlier = rows.get(change.id);
    if (earlier === undefined) rows.set(change.id, change);
    else if (earlier.from === change.to) rows.delete(change.id);
    else
      rows.set(change.id, {
        collection: change.collection,
        id: change.id,
        from: earlier.from,
        to: change.to,
      });
  }
  const changes: RowChange[] = [];
  for (const rows of composed.values()) for (const change of rows.values()) changes.push(change);
  return changes.length === 0 ? NO_CHANGES : changes;
}

function rowsOf(composed: Map<string, Map<RowId, RowChange>>, collection: string): Map<RowId, RowChange> {
  const known = composed.get(collection);
  if (known !== undefined) return known;
  const rows = new Map<RowId, RowChange>();
  composed.set(collection, rows);
  return rows;
}
