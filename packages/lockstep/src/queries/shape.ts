import type { Window } from '../collections/index.ts';
import { describe, LockstepError } from '../core/index.ts';
import type { CollectionDefinition, Row, RowId } from '../core/index.ts';
import { areSame, membersOf, same } from './same.ts';
import type { Declaration, ListRule } from './types.ts';

/** A declaration, read once. */
export interface Shape {
  readonly kind: 'one' | 'list' | 'pages';
  readonly endpoint: string;
  readonly definition: CollectionDefinition;
  readonly declaration: ListRule;
  /** The id that the argument tells, for `one`. */
  readonly id: ((argument: never) => RowId) | null;
  /** @param rows how many the answer brought. */
  readonly window: (argument: unknown, rows: number) => Partial<Window>;
}

export function shapeOf(endpoint: string, declaration: Declaration): Shape {
  const common = { endpoint, declaration, id: null, window: commonWindow };
  if ('one' in declaration) {
    return {
      ...common,
      kind: 'one',
      definition: declaration.one,
      declaration: NO_RULE,
      id: declaration.id ?? null,
    };
  }
  if ('pages' in declaration) return { ...common, declaration, kind: 'pages', definition: declaration.pages };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is asked with arguments of its own endpoint alone
  const window = (declaration.window ?? commonWindow) as Shape['window'];
  return { ...common, declaration, kind: 'list', definition: declaration.list, window };
}

const NO_RULE = {};

/** What most APIs call it: `page` from 1 with `pageSize` or `limit`, or `offset` with `limit`. */
function commonWindow(argument: unknown, rows: number): Partial<Window> {
  const { page, pageSize, limit, offset } = membersOf(argument);
  const size = typeof pageSize === 'number' ? pageSize : limit;
  const sized: Partial<Window> = typeof size === 'number' ? { limit: size } : {};
  if (typeof offset === 'number') return { ...sized, offset };
  return { ...sized, offset: typeof page === 'number' && page > 1 ? (page - 1) * (sized.limit ?? rows) : 0 };
}

/** The parts of an answer that hold rows: its pages, or the answer itself. */
export function partsOf({ kind }: Shape, data: unknown): readonly unknown[] {
  if (kind !== 'pages') return [data];
  const { pages } = membersOf(data);
  return Array.isArray(pages) ? pages : [];
}

/** @throws LockstepError `declaration` where the declared path does not lead to rows. */
export function rowsOf(shape: Shape, part: unknown): readonly Row[] {
  const { rows: key } = shape.declaration;
  const rows = key === undefined ? part : membersOf(part)[key];
  if (Array.isArray(rows) && rows.every((row) => typeof row === 'object' && row !== null)) return rows;
  throw new LockstepError('declaration', {
    subject: `The answer of "${shape.endpoint}"`,
    expected: key === undefined ? 'an array of rows' : `an array of rows under "${String(key)}"`,
    received: Array.isArray(rows) ? 'an array with members that are no objects' : describe(rows),
    remedy: 'Let `rows` name the member of the transformed answer that holds them.',
  });
}

export function numberAt(part: unknown, key: PropertyKey | undefined): number | null {
  const value = key === undefined ? undefined : membersOf(part)[key];
  return typeof value === 'number' ? value : null;
}

export function flagAt(part: unknown, key: PropertyKey | undefined): boolean | null {
  const value = key === undefined ? undefined : membersOf(part)[key];
  return typeof value === 'boolean' ? value : null;
}

/** What one part of an entry shows. A counter that is null stays as it is. */
export interface Shown {
  readonly rows: readonly Row[];
  readonly total: number | null;
  readonly hasMore: boolean | null;
}

/**
 * The entry's data with these rows and counters; everything else in it stays. What equals `before`, or `data`, is that
 * same object.
 */
export function withShown(shape: Shape, data: unknown, shown: readonly Shown[], before: unknown): unknown {
  if (shape.kind !== 'pages') return partWith(shape, data, shown[0]!, before);
  const earlier = partsOf(shape, before);
  const parts = partsOf(shape, data);
  const pages = parts.map((part, at) => partWith(shape, part, shown[at]!, earlier[at]));
  return same(before, { ...membersOf(data), pages: same(earlier, same(parts, pages)) }, data);
}

/** The data with its arrays of rows changed; data whose arrays stay is the same object. */
export function withRows(
  shape: Shape,
  data: unknown,
  change: (rows: readonly Row[]) => readonly Row[],
): unknown {
  const { rows: key } = shape.declaration;
  const changed = (part: unknown): unknown => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the data was made by `withShown`
    const old = (key === undefined ? part : membersOf(part)[key]) as readonly Row[];
    const rows = change(old);
    if (rows === old) return part;
    Object.freeze(rows);
    return key === undefined ? rows : Object.freeze({ ...membersOf(part), [key]: rows });
  };
  if (shape.kind !== 'pages') return changed(data);
  const parts = partsOf(shape, data);
  const pages = parts.map(changed);
  return areSame(parts, pages) ? data : Object.freeze({ ...membersOf(data), pages: Object.freeze(pages) });
}

function partWith(
  { declaration }: Shape,
  part: unknown,
  { rows, total, hasMore }: Shown,
  before: unknown,
): unknown {
  if (declaration.rows === undefined) return same(before, same(part, rows));
  const members: Record<PropertyKey, unknown> = { ...membersOf(part) };
  members[declaration.rows] = same(
    membersOf(before)[declaration.rows],
    same(members[declaration.rows], rows),
  );
  if (declaration.total !== undefined && total !== null) members[declaration.total] = total;
  if (declaration.hasMore !== undefined && hasMore !== null) members[declaration.hasMore] = hasMore;
  return same(before, members, part);
}
