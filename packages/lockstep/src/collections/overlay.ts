import type { Row, RowId } from '../core/index.ts';
import type { OverlayEntry } from './types.ts';

export type Overlay = readonly OverlayEntry[];

/** Compared by reference: nothing is pending. */
export const NO_OVERLAY: Overlay = Object.freeze([]);

/** Up to here reading entry after entry is as fast as an index. */
const FEW = 8;

const indexes = new WeakMap<Overlay, Map<RowId, Row | null>>();

/** What is shown in place of a confirmed row: a row, null where it is hidden, undefined where nothing differs. */
export function overlaid(overlay: Overlay, id: RowId): Row | null | undefined {
  if (overlay.length <= FEW) {
    for (const entry of overlay) if (entry[0] === id) return entry[1];
    return undefined;
  }
  let index = indexes.get(overlay);
  if (index === undefined) indexes.set(overlay, (index = new Map(overlay)));
  return index.get(id);
}

/** The overlay with these entries instead; undefined takes an entry out. */
export function withEntries(overlay: Overlay, changes: ReadonlyMap<RowId, Row | null | undefined>): Overlay {
  const kept = overlay.filter(([id]) => !changes.has(id));
  for (const [id, row] of changes) if (row !== undefined) kept.push([id, row]);
  return kept.length === 0 ? NO_OVERLAY : kept;
}
