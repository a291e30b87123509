import { describe, LockstepError } from '../core/index.ts';
import type { CollectionDefinition, Row, RowId } from '../core/index.ts';
import { membersOf } from './same.ts';
import { flagAt, numberAt, partsOf, rowsOf } from './shape.ts';
import type { Shape } from './shape.ts';
import type { EntryRecord, ListRecord, OneRecord, ReadPoint, Segment } from './types.ts';

/** What came into one cache entry. */
export interface Answer {
  readonly cacheKey: string;
  readonly shape: Shape;
  readonly argument: unknown;
  /** What the entry holds now, by RTK Query's reducer. */
  readonly data: unknown;
  /** What the server said: less than `data` where the endpoint merges answers. */
  readonly told: unknown;
  /** The page was added at this end; the others are as they were. Null: everything is new. */
  readonly direction: 'forward' | 'backward' | null;
  readonly read: ReadPoint;
  /** RTK Query's definition of the endpoint. */
  readonly endpoint: unknown;
}

/** What an answer says, read by its declaration; nothing where it holds no row and no list. */
export interface Contents {
  /** The rows that the server told. */
  readonly rows?: readonly Row[];
  readonly record?: EntryRecord;
}

export interface Reading extends Contents {
  readonly answer: Answer;
}

/**
 * @param before the entry's record so far.
 * @param confirmed the rows as confirmed until now.
 * @throws LockstepError `declaration`, `row-id`
 */
export function readAnswer(
  answer: Answer,
  before: EntryRecord | undefined,
  confirmed: (id: RowId) => Row | undefined,
): Contents {
  const { shape, data, told, argument } = answer;
  const { definition, endpoint } = shape;
  if (data === undefined || data === null) return {};
  if (shape.kind === 'one') {
    const [row] = rowsOf({ ...shape, declaration: {} }, [told]);
    const record: OneRecord = { kind: 'one', endpoint, id: idOf(definition, row!) };
    return { rows: [row!], record };
  }
  const earlier = before?.kind === 'list' ? before : undefined;
  const kept = keptOf(answer, earlier);
  const fresh = freshOf(answer, kept, partsOf(shape, told));
  const membership = shape.kind === 'list' ? listOf(answer) : pagesOf(answer, earlier, kept, confirmed);
  return {
    rows: fresh.flatMap((part) => rowsOf(shape, part)),
    record: { kind: 'list', endpoint, argument, read: answer.read, due: false, ...membership },
  };
}

type Read = Pick<ListRecord, 'segments' | 'start' | 'total' | 'hasMore' | 'offset' | 'limit'>;

function listOf({ shape, data, argument }: Answer): Read {
  const { total: totalKey, hasMore: moreKey } = shape.declaration;
  const rows = rowsOf(shape, data);
  const total = numberAt(data, totalKey);
  const { offset = 0, limit: asked = null } = shape.window(argument, rows.length);
  const fills = asked !== null && rows.length >= asked;
  const hasMore = flagAt(data, moreKey) ?? (total === null ? fills : offset + rows.length < total);
  return {
    segments: ended([segmentOf(shape, rows, new Set())], hasMore),
    start: offset > 0 ? (rows[0] ?? null) : null,
    total,
    hasMore,
    offset,
    limit: asked ?? (hasMore ? rows.length : null),
  };
}

function pagesOf(
  answer: Answer,
  before: ListRecord | undefined,
  kept: readonly Segment[],
  confirmed: (id: RowId) => Row | undefined,
): Read {
  const { shape, data, direction } = answer;
  const parts = partsOf(shape, data);
  const fresh = freshOf(answer, kept, parts);
  const hasMore =
    flagAt(parts.at(-1), shape.declaration.hasMore) ?? hasPage(answer, 'getNextPageParam', parts.length - 1);
  // A row that has moved since its page was read may come again: the page that was read last has it.
  const seen = new Set<RowId>();
  const read = fresh.map((part) => segmentOf(shape, rowsOf(shape, part), seen));
  const others = kept.map(({ ids, end }) => ({
    ids: ids.some((id) => seen.has(id)) ? ids.filter((id) => !seen.has(id)) : ids,
    end: end ?? confirmed(ids.at(-1) ?? '') ?? null,
  }));
  const segments = direction === 'backward' ? [...read, ...others] : [...others, ...read];
  const isBeginning = before !== undefined && direction === 'forward' && kept[0] === before.segments[0];
  const first = confirmed(segments[0]?.ids[0] ?? '') ?? rowsOf(shape, parts[0])[0] ?? null;
  const isFollowing =
    hasPage(answer, 'getPreviousPageParam', 0) || (kept.length > 0 && direction === 'forward');
  return {
    segments: ended(segments, hasMore),
    start: isBeginning ? before.start : isFollowing ? first : null,
    total: numberAt(fresh.at(-1), shape.declaration.total) ?? before?.total ?? null,
    hasMore,
    offset: 0,
    limit: null,
  };
}

/** The pages that were there before and came back with the answer, unread by the server. */
function keptOf({ shape, data, direction }: Answer, before: ListRecord | undefined): readonly Segment[] {
  const count = shape.kind === 'pages' ? partsOf(shape, data).length - 1 : 0;
  if (direction === null || before === undefined || count <= 0 || before.segments.length < count) return [];
  return direction === 'forward' ? before.segments.slice(-count) : before.segments.slice(0, count);
}

function freshOf(
  { direction }: Answer,
  kept: readonly Segment[],
  parts: readonly unknown[],
): readonly unknown[] {
  if (kept.length === 0) return parts;
  return direction === 'forward' ? parts.slice(-1) : parts.slice(0, 1);
}

/** Whether the endpoint names a page beyond the one at `at`. */
function hasPage(
  { endpoint, data, argument }: Answer,
  name: 'getNextPageParam' | 'getPreviousPageParam',
  at: number,
): boolean {
  const parameterOf = membersOf(membersOf(endpoint)['infiniteQueryOptions'])[name];
  const { pages, pageParams } = membersOf(data);
  if (typeof parameterOf !== 'function' || !Array.isArray(pages) || !Array.isArray(pageParams)) return false;
  const parameter: unknown = parameterOf(pages[at], pages, pageParams[at], pageParams, argument);
  return parameter !== null && parameter !== undefined;
}

/** The rows of one part, without those that were seen before. */
function segmentOf({ definition }: Shape, rows: readonly Row[], seen: Set<RowId>): Segment {
  const ids: RowId[] = [];
  for (const row of rows) {
    const id = idOf(definition, row);
    if (seen.has(id)) continue;
    seen.add(id);
    ids.push(id);
  }
  return { ids, end: rows.at(-1) ?? null };
}

/** Segments that own everything up to their ends: an empty one owns nothing, the last one the rest where no more follow. */
function ended(segments: readonly Segment[], hasMore: boolean): readonly Segment[] {
  let end: Row | null = null;
  return segments.map((segment, at) => {
    if (at === segments.length - 1 && !hasMore) return { ...segment, end: null };
    end = segment.end ?? end;
    return { ...segment, end };
  });
}

/** @throws LockstepError `row-id` */
function idOf(definition: CollectionDefinition, row: Row): RowId {
  const id: unknown = definition.id(row);
  if (typeof id === 'string' && id !== '') return id;
  throw new LockstepError('row-id', {
    subject: `A row in an answer for the collection "${definition.name}"`,
    expected: 'an id that is a string and not empty',
    received: describe(id),
    remedy: "Let the collection's id function return it, and check that the declared path leads to rows.",
  });
}
