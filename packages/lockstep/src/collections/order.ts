import { compareText } from '@lockstep/protocol';
import { describe, LockstepError } from '../core/index.ts';
import type { CollectionDefinition, Row } from '../core/index.ts';
import type { Order, OrderKey } from './types.ts';

/** What a row is ordered by, made once a row and kept beside it: one key, or a list of them. */
export type SortKey = OrderKey | readonly OrderKey[];

/** How the rows of one view are ordered: the keys of a row, and which of two rows comes first. */
export interface RowOrder {
  readonly key: (row: Row) => SortKey;
  /** Total: zero for rows of one id and the same keys only. */
  readonly compare: (key: SortKey, row: Row, otherKey: SortKey, otherRow: Row) => number;
  /** The first of a row's keys, and whether it ascends (1) or descends (-1). */
  readonly leading: (key: SortKey) => OrderKey;
  readonly sign: 1 | -1;
}

export function orderOf(definition: CollectionDefinition, order: Order<Row> = []): RowOrder {
  const byId = (row: Row, other: Row): number => compareText(definition.id(row), definition.id(other));
  const leading = (key: SortKey): OrderKey => partOf(key, 0);
  const [only] = order;
  if (only === undefined) {
    return {
      key: (row) => comparable(definition.id(row)),
      compare: (key, _, otherKey) => compareKeys(key, otherKey),
      leading,
      sign: 1,
    };
  }
  if (order.length === 1) {
    const sign = signOf(only);
    return {
      key: (row) => comparable(only.key(row)),
      compare: (key, row, otherKey, otherRow) => sign * compareKeys(key, otherKey) || byId(row, otherRow),
      leading,
      sign,
    };
  }
  const signs = order.map(signOf);
  return {
    key: (row) => order.map((part) => comparable(part.key(row))),
    compare(keys, row, otherKeys, otherRow) {
      for (let at = 0; at < signs.length; at += 1) {
        const first = compareKeys(partOf(keys, at), partOf(otherKeys, at));
        if (first !== 0) return signs[at]! * first;
      }
      return byId(row, otherRow);
    },
    leading,
    sign: signOf(only),
  };
}

/** Compares two rows as a view of this order lists them. */
export function comparatorOf<R extends Row>(
  definition: CollectionDefinition<R>,
  order?: Order<R>,
): (row: R, other: R) => number;
export function comparatorOf(
  definition: CollectionDefinition,
  order?: Order<Row>,
): (row: Row, other: Row) => number {
  const { key, compare } = orderOf(definition, order);
  return (row, other) => compare(key(row), row, key(other), other);
}

/**
 * Makes a key that `<` orders by code point. `<` itself compares UTF-16 units, and so puts characters beyond U+FFFF,
 * stored as surrogates, before U+E000 to U+FFFF; exchanging these two stretches of units, once a key, puts it right.
 */
function comparable(key: OrderKey | undefined): OrderKey {
  if (typeof key === 'string') return HIGH_UNIT.test(key) ? key.replace(HIGH_UNITS, exchange) : key;
  if (typeof key === 'number') return Number.isNaN(key) ? null : key;
  if (key === null || key === undefined) return null;
  throw new LockstepError('order-key', {
    subject: 'The key of an order',
    expected: 'a string, a number or null',
    received: describe(key),
    remedy: 'Turn it into one of these in the key function, for example a date by getTime().',
  });
}

const HIGH_UNIT = /[\uD800-\uFFFF]/;
const HIGH_UNITS = /[\uD800-\uFFFF]/g;

function exchange(unit: string): string {
  const code = unit.charCodeAt(0);
  return String.fromCharCode(code < 0xe000 ? code + 0x2000 : code - 0x800);
}

/** Numbers, then texts, then null. Each kind has a comparison of its own: the engine compiles it for that kind. */
function compareKeys(key: SortKey, other: SortKey): number {
  if (typeof key === 'string' && typeof other === 'string') return key < other ? -1 : key === other ? 0 : 1;
  if (typeof key === 'number' && typeof other === 'number') return key < other ? -1 : key === other ? 0 : 1;
  return kindRank(key) - kindRank(other);
}

function kindRank(key: SortKey): number {
  if (typeof key === 'number') return 0;
  return key === null ? 2 : 1;
}

function signOf({ direction }: { readonly direction: 'asc' | 'desc' }): 1 | -1 {
  return direction === 'asc' ? 1 : -1;
}

function partOf(keys: SortKey, at: number): OrderKey {
  return typeof keys === 'object' && keys !== null ? keys[at]! : keys;
}
