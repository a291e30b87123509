import type { Row } from '../core/index.ts';
import type { RowOrder, SortKey } from './order.ts';

/** Rows in order, each with its key. */
export interface Sorted {
  readonly keys: SortKey[];
  readonly rows: Row[];
}

/** Puts rows in order; the key of each is made once. */
export function sortRows(order: RowOrder, rows: readonly Row[]): Sorted {
  const entries = rows.map((row) => ({ key: order.key(row), row }));
  entries.sort((a, b) => order.compare(a.key, a.row, b.key, b.row));
  return { keys: entries.map((entry) => entry.key), rows: entries.map((entry) => entry.row) };
}
