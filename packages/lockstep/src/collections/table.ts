import { deepFreeze, development, NO_CHANGES, mergeChanges } from '../core/index.ts';
import type { ChangeSet, Row, RowChange, RowId } from '../core/index.ts';
import type { Keeper } from './keeper.ts';
import type { Replica } from './replicas.ts';
import { bury } from './tombstones.ts';
import type { CollectionState, Tombstones } from './types.ts';
import { memberAt, VectorEdit } from './vector.ts';
import type { Vector } from './vector.ts';

/** Where each id's row is. */
export type Slots = Map<RowId, number>;

/**
 * The confirmed rows of one collection while they are changed together. The columns beside the rows and the index of
 * ids move with them; the last row moves into the place of a removed one.
 */
export class TableEdit {
  readonly keeper: Keeper;
  readonly before: CollectionState;
  readonly #index: Replica<Vector<Row>, Slots>;
  readonly #rows: VectorEdit<Row>;
  #stamps: VectorEdit<number> | null;
  #parts: VectorEdit<number> | null;
  #tombstones: Tombstones;
  #latest: number;
  #changes: RowChange[] | null = null;
  /** Whether two changes may speak of one row. */
  #repeated = false;
  #removed = false;

  /** @param index of the rows before; it moves with them, and reflects no state until the edit is done. */
  constructor(keeper: Keeper, before: CollectionState, index: Replica<Vector<Row>, Slots>) {
    this.keeper = keeper;
    this.before = before;
    this.#index = index;
    index.state = null;
    this.#rows = new VectorEdit(before.rows);
    this.#stamps = before.stamps === null ? null : new VectorEdit(before.stamps);
    this.#parts = before.parts === null ? null : new VectorEdit(before.parts);
    this.#tombstones = before.tombstones;
    this.#latest = before.latest;
  }

  get n(): number {
    return this.#rows.n;
  }

  get tombstones(): Tombstones {
    return this.#tombstones;
  }

  /** The highest stamp so far. */
  get latest(): number {
    return this.#latest;
  }

  find(id: RowId): number | undefined {
    return this.#index.derived.get(id);
  }

  row(slot: number): Row {
    return this.#rows.get(slot);
  }

  stamp(slot: number): number {
    return this.#stamps === null ? 0 : this.#stamps.get(slot);
  }

  isPart(slot: number): boolean {
    return this.#parts !== null && this.#parts.get(slot) === 1;
  }

  add(id: RowId, row: Row, stamp: number, part: boolean): void {
    if (stamp !== 0) this.#stamps ??= column(this.#rows.n);
    if (part) this.#parts ??= column(this.#rows.n);
    this.#index.derived.set(id, this.#rows.n);
    this.#rows.push(development ? deepFreeze(row) : row);
    this.#stamps?.push(stamp);
    this.#parts?.push(part ? 1 : 0);
    this.#note(id, null, row);
    this.#repeated ||= this.#removed;
  }

  replace(slot: number, id: RowId, row: Row, part: boolean): void {
    const from = this.#rows.get(slot);
    if (part) this.#parts ??= column(this.#rows.n);
    if (this.#parts !== null && this.#parts.get(slot) !== (part ? 1 : 0)) this.#parts.set(slot, part ? 1 : 0);
    if (row === from) return;
    this.#repeated ||=
      this.#removed || slot >= this.before.rows.n || memberAt(this.before.rows, slot) !== from;
    this.#rows.set(slot, development ? deepFreeze(row) : row);
    this.#note(id, from, row);
  }

  setStamp(slot: number, stamp: number): void {
    if (this.stamp(slot) === stamp) return;
    this.#stamps ??= column(this.#rows.n);
    this.#stamps.set(slot, stamp);
    if (stamp > this.#latest) this.#latest = stamp;
  }

  remove(slot: number, id: RowId): void {
    const from = this.#rows.get(slot);
    const last = this.#rows.n - 1;
    if (slot < last) {
      const moved = this.#rows.get(last);
      this.#rows.set(slot, moved);
      this.#stamps?.set(slot, this.#stamps.get(last));
      this.#parts?.set(slot, this.#parts.get(last));
      this.#index.derived.set(this.keeper.definition.id(moved), slot);
    }
    this.#rows.pop();
    this.#stamps?.pop();
    this.#parts?.pop();
    this.#index.derived.delete(id);
    this.#repeated ||= this.#changes !== null;
    this.#removed = true;
    this.#note(id, from, null);
  }

  bury(id: RowId, order: number): void {
    this.#tombstones = bury(this.#tombstones, id, order);
  }

  /** The state after the changes, the same object where there were none; the edit is over. */
  done(): { readonly state: CollectionState; readonly changes: ChangeSet } {
    const before = this.before;
    const rows = this.#rows.done();
    this.#index.state = rows;
    const stamps = settled(this.#stamps);
    const parts = settled(this.#parts);
    const tombstones = this.#tombstones;
    if (
      rows === before.rows &&
      stamps === before.stamps &&
      parts === before.parts &&
      tombstones === before.tombstones
    ) {
      return { state: before, changes: NO_CHANGES };
    }
    const { overlay, coverage } = before;
    return {
      state: { rows, stamps, parts, overlay, tombstones, coverage, latest: this.#latest },
      changes: this.#repeated ? mergeChanges(this.#changes ?? []) : (this.#changes ?? NO_CHANGES),
    };
  }

  #note(id: RowId, from: Row | null, to: Row | null): void {
    const change = { collection: this.keeper.definition.name, id, from, to };
    if (this.#changes === null) this.#changes = [change];
    else this.#changes.push(change);
  }
}

function settled(edit: VectorEdit<number> | null): Vector<number> | null {
  return edit === null ? null : edit.done();
}

function column(n: number): VectorEdit<number> {
  const edit = new VectorEdit<number>({ n: 0, depth: 0, root: [] });
  for (let slot = 0; slot < n; slot += 1) edit.push(0);
  return edit;
}
