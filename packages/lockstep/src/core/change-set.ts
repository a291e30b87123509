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
  return mergeChanges([...first, ...second]);
}

/** The change set of changes made one after the other, several of which may speak of one row. */
export function mergeChanges(changes: readonly RowChange[]): ChangeSet {
  const merged = new Map<string, Map<RowId, RowChange>>();
  for (const change of changes) {
    const { collection, id, to } = change;
    let rows = merged.get(collection);
    if (rows === undefined) merged.set(collection, (rows = new Map()));
    const earlier = rows.get(id);
    if (earlier === undefined) rows.set(id, change);
    else if (earlier.from === to) rows.delete(id);
    else rows.set(id, { collection, id, from: earlier.from, to });
  }
  const net: RowChange[] = [];
  for (const rows of merged.values()) for (const change of rows.values()) net.push(change);
  return net.length === 0 ? NO_CHANGES : net;
}
