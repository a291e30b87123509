import { PUBLIC_FIELDS } from '@directory/contract';
import type { Role, SavedView } from '@directory/contract';
import { applyMergePatch, isJsonObject } from '@lockstep/protocol';
import type { Change, JsonObject } from '@lockstep/protocol';
import type { FullChange } from '@lockstep/server';

/** The feed's name for saved views. */
export const viewEntity = 'view';

type Reader = { readonly id: string; readonly role: Role };

/**
 * Whose view it is to a reader. Everybody sees their own. What is shared, staff see, and role `user` where it asks for
 * nothing that they may not read: a view that one cannot open is of no use.
 */
export type ViewReach = 'own' | 'staff' | 'public';

export const viewReach = (reader: Reader, owner: unknown): ViewReach =>
  reader.id === owner ? 'own' : reader.role === 'user' ? 'public' : 'staff';

type Asking = Pick<SavedView, 'filter' | 'sortBy'>;

const publicFields: ReadonlySet<string> = new Set(PUBLIC_FIELDS);

/** Where a view asks for what role `user` may not read of others, as pointers into it. */
export function privateParts({ filter, sortBy }: Asking): string[] {
  const parts: string[] = [];
  if (filter.language !== undefined) parts.push('/filter/language');
  if (filter.notifications !== undefined) parts.push('/filter/notifications');
  if (!publicFields.has(sortBy)) parts.push('/sortBy');
  return parts;
}

export function isVisible(view: SavedView, reach: ViewReach): boolean {
  if (reach === 'own') return true;
  return view.shared && (reach === 'staff' || privateParts(view).length === 0);
}

/** The reach of a reader into a change, from the change alone. */
export function viewChangeReach(change: FullChange, reader: Reader): ViewReach {
  return viewReach(reader, (change.row ?? change.before)?.['owner']);
}

/**
 * A view's change as a reader of that reach sees it: a view that comes to be shared with them is new to them, and one
 * that no longer is, is deleted.
 */
export function visibleViewChange(change: FullChange, reach: ViewReach): Change {
  if (reach === 'own') return change;
  const { row, before: _before, ...rest } = change;
  const old = oldRow(change);
  const isShown = row !== undefined && isVisible(viewOf(row), reach);
  const wasShown = old !== null && isVisible(viewOf(old), reach);
  if (isShown) return wasShown ? change : { ...rest, op: 'insert', row };
  return wasShown ? { ...rest, op: 'delete', before: old } : { op: 'none' };
}

function oldRow({ op, row, before }: FullChange): JsonObject | null {
  if (op === 'insert') return null;
  if (op === 'delete') return before ?? null;
  return isJsonObject(row) && before !== undefined ? applyMergePatch(row, before) : null;
}

/** The feed holds of views what `store.ts` gave it. */
function viewOf(row: JsonObject): SavedView {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return row as unknown as SavedView;
}
