import type { Row, RowId } from '../core/index.ts';
import type { Keeper } from './keeper.ts';
import type { CollectionsState, CollectionState, Order } from './types.ts';
import type { Views } from './view.ts';

/** The selectors of `createEntityAdapter`, over visible rows. Each gives the same object while nothing in it changed. */
export interface AdapterSelectors<R extends Row, State> {
  /** In the adapter's order; without one, in no promised order. */
  readonly selectAll: (state: State) => readonly R[];
  readonly selectIds: (state: State) => readonly RowId[];
  /** Has no prototype, so that an id such as `toString` finds a row or nothing. */
  readonly selectEntities: (state: State) => Readonly<Record<RowId, R>>;
  readonly selectTotal: (state: State) => number;
  readonly selectById: (state: State, id: RowId) => R | undefined;
  readonly selectByIds: (state: State, ids: readonly RowId[]) => readonly R[];
}

export interface SelectorsFactory<R extends Row> {
  (): AdapterSelectors<R, CollectionsState>;
  <State>(selectState: (state: State) => CollectionsState): AdapterSelectors<R, State>;
}

export function selectorsOf(
  keeper: Keeper,
  views: Views,
  order: Order<Row> | undefined,
): SelectorsFactory<Row> {
  const { definition } = keeper;
  const ordered = order === undefined ? null : views.view({ collection: definition, order });

  const unordered = remember((state: CollectionState, before: readonly Row[] | undefined): readonly Row[] => {
    const rows: Row[] = [];
    keeper.forEachVisible(state, (row) => rows.push(row));
    return before !== undefined && isSame(before, rows) ? before : rows;
  });
  const all = (state: CollectionsState): readonly Row[] =>
    ordered === null ? unordered(keeper.in(state)) : ordered.read(state).rows;
  const idsOf = remember((rows: readonly Row[], before: readonly RowId[] | undefined): readonly RowId[] => {
    const ids = rows.map((row) => definition.id(row));
    return before !== undefined && isSame(before, ids) ? before : ids;
  });
  const entitiesOf = remember((rows: readonly Row[]): Readonly<Record<RowId, Row>> => {
    const entities: Record<RowId, Row> = Object.create(null);
    for (const row of rows) entities[definition.id(row)] = row;
    return entities;
  });

  function getSelectors(): AdapterSelectors<Row, CollectionsState>;
  function getSelectors<State>(selectState: (state: State) => CollectionsState): AdapterSelectors<Row, State>;
  function getSelectors(
    within: (state: never) => CollectionsState = (state) => state,
  ): AdapterSelectors<Row, never> {
    let byIds: readonly Row[] = [];
    return {
      selectAll: (state) => all(within(state)),
      selectIds: (state) => idsOf(all(within(state))),
      selectEntities: (state) => entitiesOf(all(within(state))),
      selectTotal: (state) => keeper.visibleCount(keeper.in(within(state))),
      selectById: (state, id) => keeper.visible(keeper.in(within(state)), id),
      selectByIds(state, ids) {
        const kept = keeper.in(within(state));
        const rows = ids.map((id) => keeper.visible(kept, id)).filter((row) => row !== undefined);
        if (!isSame(byIds, rows)) byIds = rows;
        return byIds;
      },
    };
  }
  return getSelectors;
}

/** Keeps the result for the input given last; `make` is given the result before. */
function remember<Input, Output>(
  make: (input: Input, before: Output | undefined) => Output,
): (input: Input) => Output {
  let last: { readonly input: Input; readonly output: Output } | null = null;
  return (input) => {
    if (last === null || last.input !== input) last = { input, output: make(input, last?.output) };
    return last.output;
  };
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((member, at) => member === b[at]);
}
