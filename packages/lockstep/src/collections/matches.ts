import type { Row, RowChange } from '../core/index.ts';
import type { Keeper } from './keeper.ts';
import type { RowOrder, SortKey } from './order.ts';
import { Replicas } from './replicas.ts';
import type { Sorted } from './sort.ts';
import { sortRows } from './sort.ts';
import { SortedList } from './sorted-list.ts';
import { TextBlocks } from './text-blocks.ts';
import type { CollectionState, Where } from './types.ts';

/** A folded query, and the folded text of a row. */
export interface TextRule {
  readonly query: string;
  readonly textOf: (row: Row) => string;
}

/** Which rows, in which order: what views of one kind share, whatever their windows. */
export interface Selection {
  readonly order: RowOrder;
  readonly where: Where<Row> | null;
  readonly text: TextRule | null;
  /** Every row in the same order, where such a list is kept: for texts always. */
  readonly ordered: () => Matching | undefined;
}

/** The matching rows of one state, kept in order. */
export class Matches {
  readonly list: SortedList<SortKey, Row>;
  /** Grows with each change of the list. */
  revision = 0;
  /** Milliseconds; the time under which every membership was judged. */
  now: number;
  readonly #selection: Selection;

  constructor(selection: Selection, now: number, sorted: Sorted) {
    this.#selection = selection;
    this.now = now;
    this.list = new SortedList(selection.order.compare);
    this.list.load(sorted.keys, sorted.rows);
  }

  apply(changes: readonly RowChange[]): void {
    for (const change of changes) {
      const from = change.from;
      const to = change.to;
      this.#move(
        from !== null && accepts(this.#selection, from, this.now) ? from : null,
        to !== null && accepts(this.#selection, to, this.now) ? to : null,
      );
    }
  }

  /** Judges every row under another time. */
  retime(now: number, forEachRow: (visit: (row: Row) => void) => void): void {
    const before = this.now;
    this.now = now;
    const moved: Row[] = [];
    forEachRow((row) => {
      if (accepts(this.#selection, row, before) !== accepts(this.#selection, row, now)) moved.push(row);
    });
    for (const row of moved) {
      if (accepts(this.#selection, row, now)) this.#move(null, row);
      else this.#move(row, null);
    }
  }

  #move(from: Row | null, to: Row | null): void {
    if (from === null && to === null) return;
    this.revision += 1;
    const { order } = this.#selection;
    const fromKey = from === null ? null : order.key(from);
    const toKey = to === null ? null : order.key(to);
    if (from !== null && to !== null && order.compare(fromKey, from, toKey, to) === 0) {
      this.list.replace(toKey, to);
      return;
    }
    if (from !== null) this.list.remove(fromKey, from);
    if (to !== null) this.list.insert(toKey, to);
  }
}

/** Follows the state with one list of matching rows per line of states. */
export class Matching {
  readonly #keeper: Keeper;
  readonly #selection: Selection;
  readonly #replicas: Replicas<CollectionState, Matches>;
  /** Beside an ordered list: the texts of its rows, by the function that makes them. */
  readonly #texts = new WeakMap<TextRule['textOf'], TextBlocks>();
  #now = 0;

  constructor(keeper: Keeper, selection: Selection) {
    this.#keeper = keeper;
    this.#selection = selection;
    this.#replicas = new Replicas<CollectionState, Matches>({
      build: (state) => this.#build(state),
      advance(matches, from, to, asRecorded) {
        const way = keeper.way(from, to, asRecorded);
        if (typeof way === 'string') return way;
        for (const changes of way) matches.apply(changes);
        return 'done';
      },
    });
  }

  /** The matching rows of a state, judged under `now`; valid until the next call. */
  at(state: CollectionState, now: number | undefined): Matches {
    if (now !== undefined) this.#now = now;
    const matches = this.#replicas.at(state);
    if (now !== undefined && matches.now !== now) {
      const { where } = this.#selection;
      if (where !== null && where.length !== 1) {
        matches.retime(now, (visit) => this.#keeper.forEachVisible(state, visit));
        this.#keeper.trace({
          kind: 'view-retimed',
          collection: this.#keeper.definition.name,
          rows: state.rows.n,
        });
      } else matches.now = now;
    }
    return matches;
  }

  keyOf(row: Row): SortKey {
    return this.#selection.order.key(row);
  }

  textsBy(textOf: TextRule['textOf']): TextBlocks {
    let blocks = this.#texts.get(textOf);
    if (blocks === undefined) this.#texts.set(textOf, (blocks = new TextBlocks(textOf)));
    return blocks;
  }

  #build(state: CollectionState): Matches {
    const { where, text, order } = this.#selection;
    const now = this.#now;
    const ordered = this.#selection.ordered();
    const accept = where === null ? null : (row: Row) => where(row, now);
    let sorted: Sorted;
    if (ordered === undefined) {
      const rows: Row[] = [];
      this.#keeper.forEachVisible(state, (row) => {
        if (accept === null || accept(row)) rows.push(row);
      });
      sorted = sortRows(order, rows);
    } else {
      const { list } = ordered.at(state, undefined);
      sorted =
        text === null
          ? filtered(list, accept)
          : ordered.textsBy(text.textOf).matching(list, text.query, accept);
    }
    this.#keeper.trace({
      kind: 'view-built',
      collection: this.#keeper.definition.name,
      rows: state.rows.n,
      from: ordered === undefined ? 'rows' : text === null ? 'ordered' : 'texts',
    });
    return new Matches(this.#selection, now, sorted);
  }
}

function accepts({ where, text }: Selection, row: Row, now: number): boolean {
  return (where === null || where(row, now)) && (text === null || text.textOf(row).includes(text.query));
}

function filtered(list: SortedList<SortKey, Row>, accept: ((row: Row) => boolean) | null): Sorted {
  const keys: SortKey[] = [];
  const rows: Row[] = [];
  for (const chunk of list.chunks) {
    for (let at = 0; at < chunk.items.length; at += 1) {
      const row = chunk.items[at]!;
      if (accept !== null && !accept(row)) continue;
      keys.push(chunk.keys[at]!);
      rows.push(row);
    }
  }
  return { keys, rows };
}
