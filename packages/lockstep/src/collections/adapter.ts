import type { CollectionDefinition, Row, RowId } from '../core/index.ts';
import { selectorsOf } from './adapter-selectors.ts';
import type { SelectorsFactory } from './adapter-selectors.ts';
import type { Keeper } from './keeper.ts';
import type { TableEdit } from './table.ts';
import type { CollectionsState, Order } from './types.ts';
import type { Views } from './view.ts';
import { idIn } from './words.ts';

export interface RowUpdate<R extends Row> {
  readonly id: RowId;
  readonly changes: Partial<R>;
}

/** Rows as an array, or in a dictionary whose keys do not count. */
export type Rows<R extends Row> = readonly R[] | Readonly<Record<string, R>>;

/** An argument, or an action that carries it. */
export type OrAction<Argument> = Argument | { readonly type: string; readonly payload: Argument };

export type Verb<Argument> = (state: CollectionsState, argument: OrAction<Argument>) => CollectionsState;

/**
 * The verbs of `createEntityAdapter`, with the same meaning, on the confirmed rows of one collection: they say what
 * the server said. What people write is an intent, never a verb. A verb compares no versions and leaves no tombstone.
 */
export interface AdapterVerbs<R extends Row> {
  readonly addOne: Verb<R>;
  readonly addMany: Verb<Rows<R>>;
  readonly setOne: Verb<R>;
  readonly setMany: Verb<Rows<R>>;
  readonly setAll: Verb<Rows<R>>;
  readonly removeOne: Verb<RowId>;
  readonly removeMany: Verb<readonly RowId[] | { readonly where: Partial<R> }>;
  readonly removeAll: (state: CollectionsState) => CollectionsState;
  readonly updateOne: Verb<RowUpdate<R>>;
  readonly updateMany: Verb<readonly RowUpdate<R>[]>;
  readonly upsertOne: Verb<R>;
  readonly upsertMany: Verb<Rows<R>>;
}

export interface Adapter<R extends Row> extends AdapterVerbs<R> {
  /** @param selectState where the collections are in the store's state; by default it is given them. */
  readonly getSelectors: SelectorsFactory<R>;
}

export function adapterOf(keeper: Keeper, views: Views, order: Order<Row> | undefined): Adapter<Row> {
  return { ...verbsOf(keeper), getSelectors: selectorsOf(keeper, views, order) };
}

function verbsOf(keeper: Keeper): AdapterVerbs<Row> {
  const { definition } = keeper;
  const change = (state: CollectionsState, work: (edit: TableEdit) => void): CollectionsState => {
    const before = keeper.in(state);
    const edit = keeper.edit(before);
    work(edit);
    const { state: after } = keeper.step(edit);
    return after === before ? state : { ...state, [definition.name]: after };
  };
  const verb =
    <Argument>(work: (table: Table, argument: Argument) => void): Verb<Argument> =>
    (state, argument) =>
      change(state, (edit) => work(new Table(definition, edit), payloadOf(argument)));

  return {
    addOne: verb<Row>((table, row) => table.add(row)),
    addMany: verb<Rows<Row>>((table, rows) => listOf(rows).forEach((row) => table.add(row))),
    setOne: verb<Row>((table, row) => table.set(row)),
    setMany: verb<Rows<Row>>((table, rows) => listOf(rows).forEach((row) => table.set(row))),
    setAll: verb<Rows<Row>>((table, rows) => table.setAll(listOf(rows))),
    removeOne: verb<RowId>((table, id) => table.remove(id)),
    removeMany: verb<readonly RowId[] | { readonly where: object }>((table, which) => {
      if (!('where' in which)) which.forEach((id) => table.remove(id));
      else if (Object.keys(which.where).length > 0) table.keep((row) => differs(row, which.where));
    }),
    removeAll: (state) => change(state, (edit) => new Table(definition, edit).keep(() => false)),
    updateOne: verb<RowUpdate<Row>>((table, update) => table.update([update])),
    updateMany: verb<readonly RowUpdate<Row>[]>((table, updates) => table.update(updates)),
    upsertOne: verb<Row>((table, row) => table.upsert([row])),
    upsertMany: verb<Rows<Row>>((table, rows) => table.upsert(listOf(rows))),
  };
}

/** What the verbs mean, on an open table. */
class Table {
  readonly #definition: CollectionDefinition;
  readonly #edit: TableEdit;

  constructor(definition: CollectionDefinition, edit: TableEdit) {
    this.#definition = definition;
    this.#edit = edit;
  }

  add(row: Row): void {
    const id = idIn(this.#definition, row);
    if (this.#edit.find(id) === undefined) this.#append(id, row);
  }

  set(row: Row): void {
    const id = idIn(this.#definition, row);
    const slot = this.#edit.find(id);
    if (slot === undefined) this.#append(id, row);
    else this.#edit.replace(slot, id, row, false);
  }

  setAll(rows: readonly Row[]): void {
    const ids = new Set(rows.map((row) => idIn(this.#definition, row)));
    this.keep((row) => ids.has(this.#definition.id(row)));
    for (const row of rows) this.set(row);
  }

  remove(id: RowId): void {
    const slot = this.#edit.find(id);
    if (slot !== undefined) this.#edit.remove(slot, id);
  }

  /** From the end, so that hardly a row moves into a hole. */
  keep(test: (row: Row) => boolean): void {
    for (let slot = this.#edit.n - 1; slot >= 0; slot -= 1) {
      const row = this.#edit.row(slot);
      if (!test(row)) this.#edit.remove(slot, this.#definition.id(row));
    }
  }

  /** Several updates of one row are one update, and only rows that were there beforehand are updated. */
  update(updates: readonly RowUpdate<Row>[]): void {
    const merged = new Map<RowId, object>();
    for (const { id, changes } of updates) {
      if (this.#edit.find(id) !== undefined) merged.set(id, { ...merged.get(id), ...changes });
    }
    for (const [id, changes] of merged) this.#updateOne(id, changes);
  }

  upsert(rows: readonly Row[]): void {
    const updates: RowUpdate<Row>[] = [];
    for (const row of rows) {
      const id = idIn(this.#definition, row);
      if (this.#edit.find(id) === undefined) this.#append(id, row);
      else updates.push({ id, changes: row });
    }
    this.update(updates);
  }

  #append(id: RowId, row: Row): void {
    this.#edit.add(id, row, this.#edit.latest, false);
  }

  /** A change of the id renames the row; it takes the place of one that has the new id already. */
  #updateOne(id: RowId, changes: object): void {
    const slot = this.#edit.find(id);
    if (slot === undefined) return;
    const known = this.#edit.row(slot);
    if (!differs(known, changes)) return;
    const row = { ...known, ...changes };
    if (idIn(this.#definition, row) === id) this.#edit.replace(slot, id, row, this.#edit.isPart(slot));
    else {
      this.#edit.remove(slot, id);
      this.set(row);
    }
  }
}

function payloadOf<Argument>(argument: OrAction<Argument>): Argument {
  return isAction(argument) ? argument.payload : argument;
}

/** As Redux Toolkit tells an action from its payload: a type, and no members but an action's. */
function isAction<Argument>(
  argument: OrAction<Argument>,
): argument is { readonly type: string; readonly payload: Argument } {
  return (
    typeof argument === 'object' &&
    argument !== null &&
    'type' in argument &&
    typeof argument.type === 'string' &&
    Object.keys(argument).every((key) => ACTION_MEMBERS.has(key))
  );
}

const ACTION_MEMBERS: ReadonlySet<string> = new Set(['type', 'payload', 'error', 'meta']);

function listOf(rows: Rows<Row>): readonly Row[] {
  return Array.isArray(rows) ? rows : Object.values(rows);
}

/** Whether the row holds another value in one of these fields. */
function differs(row: Row, fields: object): boolean {
  const known = new Map(Object.entries(row));
  return Object.entries(fields).some(([field, value]) => known.get(field) !== value || !known.has(field));
}
