import { compose, NO_CHANGES } from '../core/index.ts';
import type { ChangeSet, CollectionDefinition, Row, RowChange, RowId, TraceSink } from '../core/index.ts';
import { History } from './history.ts';
import type { Way } from './history.ts';
import { NO_OVERLAY, overlaid, withEntries } from './overlay.ts';
import { Replicas } from './replicas.ts';
import { TableEdit } from './table.ts';
import type { Slots } from './table.ts';
import { NO_TOMBSTONES, TombstoneIndex } from './tombstones.ts';
import type { CollectionsEvent, CollectionsState, CollectionState, Coverage } from './types.ts';
import { diffVectors, emptyVector, forEachMember, memberAt } from './vector.ts';
import type { Vector } from './vector.ts';

const EMPTY: CollectionState = Object.freeze({
  rows: emptyVector<Row>(),
  stamps: null,
  parts: null,
  overlay: NO_OVERLAY,
  tombstones: NO_TOMBSTONES,
  coverage: 'partial',
  latest: 0,
});

/** One collection's step: what changed in the rows that are seen, and in those that are confirmed. */
export interface KeptStep {
  readonly state: CollectionState;
  readonly visible: ChangeSet;
  readonly confirmed: ChangeSet;
}

/** Everything about one collection that lives outside the state and follows it: where ids are, what happened lately. */
export class Keeper {
  readonly definition: CollectionDefinition;
  /** The fields that embed rows, each with the name of their collection. */
  readonly nested: readonly (readonly [field: string, collection: string])[];
  readonly removals = new TombstoneIndex();
  readonly history = new History();
  readonly slots: Replicas<Vector<Row>, Slots>;
  readonly trace: TraceSink<CollectionsEvent>;

  constructor(definition: CollectionDefinition, trace: TraceSink<CollectionsEvent>) {
    this.definition = definition;
    this.trace = trace;
    const nested: Readonly<Record<string, CollectionDefinition | undefined>> = definition.nested ?? {};
    this.nested = Object.entries(nested).flatMap(([field, rows]) =>
      rows === undefined ? [] : [[field, rows.name] as const],
    );
    this.slots = new Replicas<Vector<Row>, Slots>({
      build: (rows) => this.#index(rows),
      advance: (slots, from, to, asRecorded) =>
        !asRecorded && this.#reindex(slots, from, to) ? 'done' : 'unrelated',
    });
  }

  /** A state of before this collection was declared has none of its rows. */
  in(state: CollectionsState): CollectionState {
    return state[this.definition.name] ?? EMPTY;
  }

  confirmed(state: CollectionState, id: RowId): Row | undefined {
    const slot = this.slots.at(state.rows).get(id);
    return slot === undefined ? undefined : memberAt(state.rows, slot);
  }

  visible(state: CollectionState, id: RowId): Row | undefined {
    const shown = state.overlay === NO_OVERLAY ? undefined : overlaid(state.overlay, id);
    return shown === undefined ? this.confirmed(state, id) : (shown ?? undefined);
  }

  /** Begins to change confirmed rows together. */
  edit(state: CollectionState): TableEdit {
    return new TableEdit(this, state, this.slots.replicaAt(state.rows));
  }

  /** Ends an edit. */
  step(edit: TableEdit): KeptStep {
    const { before } = edit;
    const { state, changes: confirmed } = edit.done();
    if (state === before) return { state, visible: NO_CHANGES, confirmed: NO_CHANGES };
    const { overlay } = before;
    const visible =
      overlay === NO_OVERLAY ? confirmed : confirmed.filter(({ id }) => overlaid(overlay, id) === undefined);
    this.history.record(before, state, visible);
    return { state, visible, confirmed };
  }

  /** Shows other rows in place of confirmed ones; undefined shows the confirmed row again. */
  overlay(state: CollectionState, shown: ReadonlyMap<RowId, Row | null | undefined>): KeptStep {
    const entries = new Map<RowId, Row | null | undefined>();
    const visible: RowChange[] = [];
    for (const [id, row] of shown) {
      const confirmed = this.confirmed(state, id) ?? null;
      const before = overlaid(state.overlay, id);
      const entry = row === confirmed ? undefined : row;
      if (entry === before) continue;
      entries.set(id, entry);
      const from = before === undefined ? confirmed : before;
      const to = entry === undefined ? confirmed : entry;
      if (from !== to) visible.push({ collection: this.definition.name, id, from, to });
    }
    if (entries.size === 0) return { state, visible: NO_CHANGES, confirmed: NO_CHANGES };
    const next = { ...state, overlay: withEntries(state.overlay, entries) };
    this.history.record(state, next, visible);
    return { state: next, visible, confirmed: NO_CHANGES };
  }

  isPartial(state: CollectionState, id: RowId): boolean {
    if (state.parts === null) return false;
    const slot = this.slots.at(state.rows).get(id);
    return slot !== undefined && memberAt(state.parts, slot) === 1;
  }

  cover(state: CollectionState, coverage: Coverage): CollectionState {
    if (state.coverage === coverage) return state;
    const next = { ...state, coverage };
    this.history.record(state, next, NO_CHANGES);
    return next;
  }

  release(state: CollectionState, ids: ReadonlySet<RowId>): KeptStep {
    const edit = this.edit(state);
    for (const id of ids) {
      const slot = edit.find(id);
      if (slot !== undefined && overlaid(state.overlay, id) === undefined) edit.remove(slot, id);
    }
    return this.step(edit);
  }

  changesBetween(from: CollectionState, to: CollectionState): ChangeSet {
    if (from === to) return NO_CHANGES;
    const way = this.history.between(from, to);
    if (way === null || way === undefined) return this.compare(from, to, Infinity) ?? NO_CHANGES;
    return way.reduce<ChangeSet>(compose, NO_CHANGES);
  }

  visibleCount(state: CollectionState): number {
    let count = state.rows.n;
    for (const [id, row] of state.overlay) {
      if (row === null) count -= 1;
      else if (this.confirmed(state, id) === undefined) count += 1;
    }
    return count;
  }

  /** Every visible row once, in no promised order. */
  forEachVisible(state: CollectionState, visit: (row: Row) => void): void {
    const { overlay, rows } = state;
    if (overlay.length === 0) {
      forEachMember(rows, visit);
      return;
    }
    forEachMember(rows, (row) => {
      if (overlaid(overlay, this.definition.id(row)) === undefined) visit(row);
    });
    for (const [, row] of overlay) if (row !== null) visit(row);
  }

  /**
   * The change sets of visible rows that lead from one state to another: those that were recorded, else what
   * comparing finds. `far`: more changed than is worth following; `unrelated`: the same, and no way is known.
   */
  way(from: CollectionState, to: CollectionState, asRecorded: boolean): Way | 'far' | 'unrelated' {
    const recorded = this.history.between(from, to);
    if (recorded !== null && recorded !== undefined) return recorded;
    if (asRecorded) return 'unrelated';
    const budget = Math.max(256, Math.max(from.rows.n, to.rows.n) >>> 3);
    const changes = this.compare(from, to, budget);
    this.trace({
      kind: 'states-compared',
      collection: this.definition.name,
      changes: changes?.length ?? null,
    });
    if (changes === null) return recorded === null ? 'far' : 'unrelated';
    this.history.record(from, to, changes);
    return [changes];
  }

  /** What changed in the visible rows; null where more than `budget` places differ. */
  compare(from: CollectionState, to: CollectionState, budget: number): readonly RowChange[] | null {
    const { definition } = this;
    const touched = new Map<RowId, { from: Row | null; to: Row | null }>();
    const entry = (id: RowId): { from: Row | null; to: Row | null } => {
      let pair = touched.get(id);
      if (pair === undefined) touched.set(id, (pair = { from: null, to: null }));
      return pair;
    };
    const within = diffVectors(from.rows, to.rows, budget, (_, before, after) => {
      if (before !== undefined) entry(definition.id(before)).from = before;
      if (after !== undefined) entry(definition.id(after)).to = after;
    });
    if (!within) return null;
    for (const overlay of from.overlay === to.overlay ? [] : [from.overlay, to.overlay]) {
      for (const [id] of overlay) {
        if (touched.has(id)) continue;
        const row = this.confirmed(to, id) ?? null;
        touched.set(id, { from: row, to: row });
      }
    }
    const changes: RowChange[] = [];
    for (const [id, pair] of touched) {
      const before = shownOver(from, id, pair.from);
      const after = shownOver(to, id, pair.to);
      if (before !== after) changes.push({ collection: definition.name, id, from: before, to: after });
    }
    return changes;
  }

  #index(rows: Vector<Row>): Slots {
    const slots: Slots = new Map();
    forEachMember(rows, (row, slot) => slots.set(this.definition.id(row), slot));
    this.trace({ kind: 'index-built', collection: this.definition.name, rows: rows.n });
    return slots;
  }

  #reindex(slots: Slots, from: Vector<Row>, to: Vector<Row>): boolean {
    const gone: (readonly [RowId, number])[] = [];
    const here: (readonly [RowId, number])[] = [];
    const { definition } = this;
    const budget = Math.max(256, Math.max(from.n, to.n) >>> 3);
    const within = diffVectors(from, to, budget, (slot, before, after) => {
      if (before !== undefined) gone.push([definition.id(before), slot]);
      if (after !== undefined) here.push([definition.id(after), slot]);
    });
    if (!within) return false;
    for (const [id] of gone) slots.delete(id);
    for (const [id, slot] of here) slots.set(id, slot);
    return true;
  }
}

function shownOver({ overlay }: CollectionState, id: RowId, confirmed: Row | null): Row | null {
  const shown = overlay === NO_OVERLAY ? undefined : overlaid(overlay, id);
  return shown === undefined ? confirmed : shown;
}
