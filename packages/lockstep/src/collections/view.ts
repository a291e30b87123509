import { LockstepError } from '../core/index.ts';
import type { Row } from '../core/index.ts';
import type { Keeper } from './keeper.ts';
import { Matching } from './matches.ts';
import type { Matches, TextRule } from './matches.ts';
import { orderOf } from './order.ts';
import type { RowOrder } from './order.ts';
import type { CollectionsState, Order, View, ViewResult, ViewSpec, Where } from './types.ts';

/** Makes the views of one collection; views of the same order, rule and query share one list. */
export class Views {
  readonly #keeper: Keeper;
  readonly #names = new WeakMap<object, number>();
  #named = 0;
  /** Held by the views that use them. */
  readonly #shared = new Map<string, WeakRef<Matching>>();
  #sweepAt = 64;
  readonly #orders = new WeakMap<Order<Row>, RowOrder>();
  readonly #idOrder: RowOrder;
  readonly #folded = new WeakMap<object, WeakMap<object, TextRule['textOf']>>();

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
    this.#idOrder = orderOf(keeper.definition, undefined);
  }

  view(spec: ViewSpec<Row>): View<Row> {
    const { where = null, search, window } = spec;
    const order = spec.order;
    const fold = search?.fold ?? lowerCase;
    const query = search === undefined ? '' : fold(search.query);
    const text =
      search === undefined || query === '' ? null : { query, textOf: this.#foldedText(search.text, fold) };
    const matching = this.#matching(order, where, text);
    return new WindowedView(this.#keeper, matching, where, window?.offset ?? 0, window?.limit ?? Infinity);
  }

  #matching(order: Order<Row> | undefined, where: Where<Row> | null, text: TextRule | null): Matching {
    const named = [order, where ?? undefined, text?.textOf].map((part) =>
      part === undefined ? 0 : this.#nameOf(part),
    );
    const key = `${named.join(' ')} ${text?.query ?? ''}`;
    const known = this.#shared.get(key)?.deref();
    if (known !== undefined) return known;
    // Texts are searched in the order of the list: the ordered list lives as long as a search that uses it.
    const base = text === null ? null : this.#matching(order, null, null);
    const orderedKey = `${named[0]} 0 0 `;
    const matching = new Matching(this.#keeper, {
      order: this.#rowOrder(order),
      where,
      text,
      ordered: () => base ?? (where === null ? undefined : this.#shared.get(orderedKey)?.deref()),
    });
    this.#share(key, matching);
    return matching;
  }

  #share(key: string, matching: Matching): void {
    if (this.#shared.size >= this.#sweepAt) {
      for (const [other, reference] of this.#shared) {
        if (reference.deref() === undefined) this.#shared.delete(other);
      }
      this.#sweepAt = Math.max(64, this.#shared.size * 2);
    }
    this.#shared.set(key, new WeakRef(matching));
  }

  #nameOf(part: object): number {
    let name = this.#names.get(part);
    if (name === undefined) this.#names.set(part, (name = this.#named += 1));
    return name;
  }

  #rowOrder(order: Order<Row> | undefined): RowOrder {
    if (order === undefined) return this.#idOrder;
    let rowOrder = this.#orders.get(order);
    if (rowOrder === undefined) this.#orders.set(order, (rowOrder = orderOf(this.#keeper.definition, order)));
    return rowOrder;
  }

  #foldedText(text: (row: Row) => string, fold: (text: string) => string): (row: Row) => string {
    let folds = this.#folded.get(text);
    if (folds === undefined) this.#folded.set(text, (folds = new WeakMap()));
    let textOf = folds.get(fold);
    if (textOf === undefined) folds.set(fold, (textOf = (row) => fold(text(row))));
    return textOf;
  }
}

function lowerCase(text: string): string {
  return text.toLowerCase();
}

interface Seen {
  readonly matches: Matches;
  readonly revision: number;
  readonly result: ViewResult<Row>;
}

class WindowedView implements View<Row> {
  readonly #keeper: Keeper;
  readonly #matching: Matching;
  readonly #where: Where<Row> | null;
  readonly #offset: number;
  readonly #limit: number;
  #clockGiven = false;
  #latest: Seen | null = null;
  /** What was shown of other lines of states. */
  readonly #seen = new WeakMap<Matches, Seen>();

  constructor(keeper: Keeper, matching: Matching, where: Where<Row> | null, offset: number, limit: number) {
    this.#keeper = keeper;
    this.#matching = matching;
    this.#where = where;
    this.#offset = Math.max(0, offset);
    this.#limit = Math.max(0, limit);
  }

  read(state: CollectionsState, now?: number): ViewResult<Row> {
    const matches = this.#matches(state, now);
    const latest = this.#latest;
    if (latest !== null && latest.matches === matches && latest.revision === matches.revision)
      return latest.result;
    const seen = latest !== null && latest.matches === matches ? latest : this.#seen.get(matches);
    const rows = matches.list.slice(this.#offset, this.#limit);
    const total = matches.list.size;
    const result =
      seen !== undefined && seen.result.total === total && isSame(seen.result.rows, rows)
        ? seen.result
        : { rows: seen !== undefined && isSame(seen.result.rows, rows) ? seen.result.rows : rows, total };
    this.#latest = { matches, revision: matches.revision, result };
    this.#seen.set(matches, this.#latest);
    return result;
  }

  rankOf(state: CollectionsState, row: Row, now?: number): number {
    const { list } = this.#matches(state, now);
    return list.rankOf(this.#matching.keyOf(row), row);
  }

  #matches(state: CollectionsState, now: number | undefined): Matches {
    if (now !== undefined) this.#clockGiven = true;
    else if (!this.#clockGiven && this.#where !== null && this.#where.length > 1) {
      throw new LockstepError('clock-missing', {
        subject: `A view of the collection "${this.#keeper.definition.name}" whose "where" asks the time`,
        expected: 'read(state, now) with milliseconds since 1970',
        received: 'no time',
        remedy: 'Pass the time of a clock that ticks as often as the view should follow it.',
      });
    }
    return this.#matching.at(this.#keeper.in(state), now);
  }
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}
