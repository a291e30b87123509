import type { Where } from '../collections/index.ts';
import type { Row, RowId } from '../core/index.ts';
import type { ListRecord, Segment } from './types.ts';

/** Which of two rows comes first; total. */
export type Compare = (a: Row, b: Row) => number;

/** What is known of a list's rule, for one argument. */
export interface Rule {
  readonly where: Where<Row> | null;
  readonly compare: Compare | null;
}

/** One row's step, as one list sees it. */
export interface Verdict {
  readonly id: RowId;
  /** Undefined where it is not known whether there was a row. */
  readonly from: Row | null | undefined;
  readonly to: Row | null;
  /** Whether the list's rule held before; null where that is not known. */
  readonly was: boolean | null;
  readonly is: boolean;
  /** What the list is ordered by changed. */
  readonly moved: boolean;
}

/** The part of a record that changes move. */
type Membership = Pick<ListRecord, 'segments' | 'start' | 'total' | 'hasMore' | 'offset' | 'limit' | 'due'>;

export interface EvolveOptions {
  /** A row of the list, to place others by. */
  readonly rowOf: (id: RowId) => Row | undefined;
  /** False: rows that may belong, and totals that are unsure, do not make the list due. */
  readonly doubts: boolean;
}

export function judge(
  { where, compare }: Rule,
  id: RowId,
  from: Row | null | undefined,
  to: Row | null,
  now: number,
): Verdict {
  const was = from === undefined ? null : from !== null && (where === null || where(from, now));
  const is = to !== null && (where === null || where(to, now));
  const moved =
    compare !== null && from !== undefined && from !== null && to !== null && compare(from, to) !== 0;
  return { id, from, to, was, is, moved };
}

/** True where the list stays as it is, whether or not it holds the row; the row itself may have changed. */
export function isInPlace({ to, was, is, moved }: Verdict): boolean {
  return to !== null && was === is && !moved;
}

/**
 * The list after steps of its rows: the one place where rows enter, move and leave, for confirmed and pending rows
 * alike. A row that the server put into the list stays until a change takes it out, whatever the rule says of it.
 */
export function evolve<M extends Membership>(
  list: M,
  rule: Rule,
  verdicts: readonly Verdict[],
  options: EvolveOptions,
): M {
  const { where, compare } = rule;
  const isRuled = where !== null && compare !== null;
  let { total, due } = list;
  const leaving = new Set<RowId>();
  const entering: Verdict[] = [];
  const doubt = (): void => {
    due ||= options.doubts;
  };

  for (const verdict of verdicts) {
    if (isInPlace(verdict)) continue;
    const { id, to, is, moved } = verdict;
    const isHeld = holds(list, id);
    const isUnknown = !isHeld && verdict.was === null;
    // Inside the loaded stretch everything is known: what is not there is not counted. Of a row that nobody knew of,
    // elsewhere, the best guess is that it is counted.
    const was = isHeld || (verdict.was ?? (is && !isInside(list, rule, to)));
    const isCounted = was && !(isRuled && verdict.was === true && isInside(list, rule, verdict.from ?? null));
    const leaves = isHeld && (to === null || (verdict.was !== false && !is));
    if (leaves || (isHeld && moved)) leaving.add(id);
    if (!isHeld && is && !isRuled) doubt();
    else if (is && (!isHeld || moved)) entering.push(verdict);
    if (total !== null) {
      if (isHeld) total -= Number(leaves);
      else if (where !== null) total += Number(is) - Number(isCounted);
      if (where === null ? !isHeld && to === null : isUnknown) doubt();
    }
    if (isRuled && !isUnknown && crosses(list, compare, verdict)) doubt();
  }

  let { segments } = list;
  if (leaving.size > 0) segments = segments.map((segment) => without(segment, leaving));
  if (compare !== null)
    for (const verdict of entering) segments = withRow(list, segments, compare, verdict, options.rowOf);
  const size = sizeOf(segments);
  if (list.limit !== null && size < list.limit && (total !== list.total || size < sizeOf(list.segments))) {
    // Rows that are not loaded belong here now: those that followed, or those that moved in from a page before.
    if (total === null ? list.hasMore : total > list.offset + size) doubt();
  }
  const isSame = segments === list.segments && total === list.total && due === list.due;
  return isSame ? list : { ...list, segments, total, due };
}

export function holds({ segments }: Pick<Membership, 'segments'>, id: RowId): boolean {
  return segments.some(({ ids }) => ids.includes(id));
}

/** Whether the list would place the row inside what is loaded. */
export function isInside(list: Membership, { compare }: Rule, row: Row | null): boolean {
  return compare !== null && row !== null && segmentFor(list, compare, row) >= 0;
}

/** Whether a row went from, or came to, the stretch before the list: then the list begins at another row. */
function crosses(list: Membership, compare: Compare, { from, to, was, is }: Verdict): boolean {
  const { start } = list;
  if (start === null) return false;
  const isBefore = (row: Row | null | undefined, matches: boolean | null): boolean =>
    matches === true && row !== undefined && row !== null && compare(row, start) < 0;
  return isBefore(from, was) !== isBefore(to, is);
}

function withRow(
  list: Membership,
  segments: readonly Segment[],
  compare: Compare,
  { id, to: row }: Verdict,
  rowOf: EvolveOptions['rowOf'],
): readonly Segment[] {
  const place = row === null ? -1 : segmentFor(list, compare, row);
  if (row === null || place < 0) return segments;
  const { ids, end } = segments[place]!;
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = rowOf(ids[middle]!);
    if (other !== undefined && compare(other, row) < 0) low = middle + 1;
    else high = middle;
  }
  const next = [...segments];
  next[place] = { ids: [...ids.slice(0, low), id, ...ids.slice(low)], end };
  return next;
}

/** The segment that owns a row's place; -1 before the first, behind the last, or where no place is known. */
function segmentFor({ start, offset, segments }: Membership, compare: Compare, row: Row): number {
  if (start === null ? offset > 0 : compare(row, start) < 0) return -1;
  return segments.findIndex(({ end }) => end === null || compare(row, end) <= 0);
}

function without(segment: Segment, leaving: ReadonlySet<RowId>): Segment {
  const ids = segment.ids.filter((id) => !leaving.has(id));
  return ids.length === segment.ids.length ? segment : { ...segment, ids };
}

function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((size, { ids }) => size + ids.length, 0);
}
