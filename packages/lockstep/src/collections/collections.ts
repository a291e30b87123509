import { describe, LockstepError, NO_CHANGES } from '../core/index.ts';
import type { ChangeSet, CollectionDefinition, EntityKey, Row, RowId, TraceSink } from '../core/index.ts';
import { adapterOf } from './adapter.ts';
import type { Adapter } from './adapter.ts';
import { aggregateOf } from './aggregate.ts';
import { confirmWord } from './confirm.ts';
import { Keeper } from './keeper.ts';
import { NO_OVERLAY } from './overlay.ts';
import type { TableEdit } from './table.ts';
import type {
  Aggregate,
  AggregateSpec,
  CollectionsEvent,
  CollectionsSnapshot,
  CollectionsState,
  CollectionsStep,
  CollectionState,
  ConfirmedChange,
  ConfirmStep,
  Coverage,
  Order,
  OverlayChange,
  View,
  ViewSpec,
} from './types.ts';
import { Views } from './view.ts';
import { readWords, versionIn } from './words.ts';
import type { Word } from './words.ts';

/**
 * The rows of every collection. All functions are pure over the state; what makes them fast lives outside it, follows
 * it, and is rebuilt where it cannot follow. Call them with plain states, never with drafts.
 */
export interface Collections {
  readonly initial: CollectionsState;
  /**
   * Takes in what the server said. A known row gives way to a higher version only; without versions, to an answer
   * that was asked for later. Removals are remembered as tombstones. All changes or, on an error, none.
   * @throws LockstepError `collection-unknown`, `row-id`, `row-version`
   */
  confirm(state: CollectionsState, changes: readonly ConfirmedChange[]): ConfirmStep;
  /** Shows rows in place of confirmed ones, or hides them; undefined shows the confirmed row again. */
  overlay(state: CollectionsState, changes: readonly OverlayChange[]): CollectionsStep;
  /** The visible row. */
  get<R extends Row>(state: CollectionsState, collection: CollectionDefinition<R>, id: RowId): R | undefined;
  get(state: CollectionsState, collection: string, id: RowId): Row | undefined;
  /** The confirmed row, whatever is pending. */
  confirmed<R extends Row>(
    state: CollectionsState,
    collection: CollectionDefinition<R>,
    id: RowId,
  ): R | undefined;
  confirmed(state: CollectionsState, collection: string, id: RowId): Row | undefined;
  /** The confirmed row's version; null without a row or a version. */
  versionOf(state: CollectionsState, collection: string, id: RowId): number | null;
  /** Whether only a part of the confirmed row's fields is known. */
  isPartial(state: CollectionsState, collection: string, id: RowId): boolean;
  /** The order under which a removal of the row is remembered: a version, or when it was asked for; null where none is. */
  removedAt(state: CollectionsState, collection: string, id: RowId): number | null;
  coverage(state: CollectionsState, collection: string): Coverage;
  cover(state: CollectionsState, collection: string, coverage: Coverage): CollectionsState;
  /** Lets go of confirmed rows that nothing refers to; no removal is remembered, and rows with an overlay stay. */
  release(state: CollectionsState, rows: Iterable<EntityKey>): CollectionsStep;
  /** What changed in the visible rows from one state to another, whichever came first. */
  changesBetween(from: CollectionsState, to: CollectionsState): ChangeSet;
  view<R extends Row>(spec: ViewSpec<R>): View<R>;
  aggregate<R extends Row, Sums extends string = never, Spans extends string = never>(
    spec: AggregateSpec<R, Sums, Spans>,
  ): Aggregate<Sums, Spans>;
  /** @param order of what the selectors list; without it, in no promised order. */
  adapter<R extends Row>(collection: CollectionDefinition<R>, order?: Order<R>): Adapter<R>;
  /** The confirmed rows, for storage: shares everything with the state. */
  snapshot(state: CollectionsState): CollectionsSnapshot;
  /**
   * A state of a snapshot's rows. Collections that are not declared any more are left out.
   * @throws LockstepError `snapshot-format` for a snapshot of another format: drop it and read anew.
   */
  load(snapshot: CollectionsSnapshot): CollectionsState;
}

export interface CollectionsOptions {
  readonly trace?: TraceSink<CollectionsEvent>;
}

/** Inside, rows are rows: each definition knows its own kind. */
type CollectionsOfRows = Omit<Collections, 'view' | 'aggregate' | 'adapter' | 'get' | 'confirmed'> & {
  view(spec: ViewSpec<Row>): View<Row>;
  aggregate(spec: AggregateSpec<Row, string, string>): Aggregate<string, string>;
  adapter(collection: CollectionDefinition, order?: Order<Row>): Adapter<Row>;
  get(state: CollectionsState, collection: CollectionDefinition | string, id: RowId): Row | undefined;
  confirmed(state: CollectionsState, collection: CollectionDefinition | string, id: RowId): Row | undefined;
};

const SNAPSHOT_FORMAT = 1;

/** @throws LockstepError `collection-twice` for two definitions of one name. */
export function createCollections(
  definitions: readonly CollectionDefinition[],
  options?: CollectionsOptions,
): Collections;
export function createCollections(
  definitions: readonly CollectionDefinition[],
  options: CollectionsOptions = {},
): CollectionsOfRows {
  const { trace = () => {} } = options;
  const shelves = new Map<string, Shelf>();
  for (const definition of definitions) {
    if (shelves.has(definition.name)) throw twice(definition.name);
    const keeper = new Keeper(definition, trace);
    shelves.set(definition.name, { keeper, views: new Views(keeper) });
  }
  const initial: CollectionsState = Object.freeze(
    Object.fromEntries([...shelves].map(([name, { keeper }]) => [name, keeper.in({})])),
  );

  const shelf = (name: string): Shelf => {
    const known = shelves.get(name);
    if (known === undefined) throw unknown(name, shelves);
    return known;
  };
  const keeperOf = (collection: string | { readonly name: string }): Keeper =>
    shelf(typeof collection === 'string' ? collection : collection.name).keeper;

  return {
    initial,

    confirm: (state, changes) => joinEdits(state, applyWords(state, readWords(changes, keeperOf))),

    overlay(state, changes) {
      let next = state;
      let changeSet = NO_CHANGES;
      const shown = new Map<Keeper, Map<RowId, Row | null | undefined>>();
      for (const { collection, id, row } of changes)
        ofKeeper(shown, keeperOf(collection), newMap).set(id, row);
      for (const [keeper, rows] of shown) {
        const step = keeper.overlay(keeper.in(next), rows);
        next = put(next, keeper, step.state);
        changeSet = joined(changeSet, step.visible);
      }
      return { state: next, changeSet };
    },

    get(state: CollectionsState, collection: string | CollectionDefinition, id: RowId) {
      const keeper = keeperOf(collection);
      return keeper.visible(keeper.in(state), id);
    },

    confirmed(state: CollectionsState, collection: string | CollectionDefinition, id: RowId) {
      const keeper = keeperOf(collection);
      return keeper.confirmed(keeper.in(state), id);
    },

    versionOf(state, collection, id) {
      const keeper = keeperOf(collection);
      const row = keeper.confirmed(keeper.in(state), id);
      const version = row === undefined ? -Infinity : versionIn(keeper.definition, row);
      return version === -Infinity ? null : version;
    },

    isPartial(state, collection, id) {
      const keeper = keeperOf(collection);
      return keeper.isPartial(keeper.in(state), id);
    },

    removedAt(state, collection, id) {
      const keeper = keeperOf(collection);
      return keeper.removals.orderOf(keeper.in(state).tombstones, id) ?? null;
    },

    coverage: (state, collection) => keeperOf(collection).in(state).coverage,

    cover(state, collection, coverage) {
      const keeper = keeperOf(collection);
      return put(state, keeper, keeper.cover(keeper.in(state), coverage));
    },

    release(state, rows) {
      let next = state;
      let changeSet = NO_CHANGES;
      const released = new Map<Keeper, Set<RowId>>();
      for (const { collection, id } of rows) ofKeeper(released, keeperOf(collection), newSet).add(id);
      for (const [keeper, ids] of released) {
        const step = keeper.release(keeper.in(next), ids);
        next = put(next, keeper, step.state);
        changeSet = joined(changeSet, step.visible);
      }
      return { state: next, changeSet };
    },

    changesBetween(from, to) {
      let changeSet = NO_CHANGES;
      for (const { keeper } of shelves.values()) {
        changeSet = joined(changeSet, keeper.changesBetween(keeper.in(from), keeper.in(to)));
      }
      return changeSet;
    },

    view: (spec) => shelf(spec.collection.name).views.view(spec),

    aggregate: (spec) => aggregateOf(keeperOf(spec.collection), spec),

    adapter(collection, order) {
      const { keeper, views } = shelf(collection.name);
      return adapterOf(keeper, views, order);
    },

    snapshot: (state) => ({
      format: SNAPSHOT_FORMAT,
      collections: Object.fromEntries(
        [...shelves].map(([name, { keeper }]) => {
          const { overlay: _, ...confirmed } = keeper.in(state);
          return [name, confirmed];
        }),
      ),
    }),

    load(snapshot) {
      if (snapshot.format !== SNAPSHOT_FORMAT) throw otherFormat(snapshot.format);
      return Object.fromEntries(
        [...shelves].map(([name, { keeper }]) => {
          const confirmed = Object.hasOwn(snapshot.collections, name)
            ? snapshot.collections[name]
            : undefined;
          return [name, confirmed === undefined ? keeper.in({}) : { ...confirmed, overlay: NO_OVERLAY }];
        }),
      );
    },
  };
}

interface Shelf {
  readonly keeper: Keeper;
  readonly views: Views;
}

/**
 * One open edit for each collection that the words speak of. The loop has a function of its own: compiled while it runs
 * over a first load, code behind it would be compiled without having run, and thrown away again and again afterwards.
 */
function applyWords(state: CollectionsState, words: readonly Word[]): readonly TableEdit[] {
  const [first] = words;
  if (first === undefined) return [];
  let edit = first.keeper.edit(first.keeper.in(state));
  const edits = [edit];
  for (const word of words) {
    if (edit.keeper !== word.keeper) edit = editOf(word.keeper, edits, state);
    confirmWord(word, edit);
  }
  return edits;
}

function editOf(keeper: Keeper, edits: TableEdit[], state: CollectionsState): TableEdit {
  const known = edits.find((edit) => edit.keeper === keeper);
  if (known !== undefined) return known;
  const edit = keeper.edit(keeper.in(state));
  edits.push(edit);
  return edit;
}

function joinEdits(state: CollectionsState, edits: readonly TableEdit[]): ConfirmStep {
  let next = state;
  let changeSet = NO_CHANGES;
  let confirmed = NO_CHANGES;
  for (const edit of edits) {
    const step = edit.keeper.step(edit);
    next = put(next, edit.keeper, step.state);
    changeSet = joined(changeSet, step.visible);
    confirmed = joined(confirmed, step.confirmed);
  }
  return { state: next, changeSet, confirmed };
}

const newMap = (): Map<RowId, Row | null | undefined> => new Map();
const newSet = (): Set<RowId> => new Set();

function ofKeeper<Members>(groups: Map<Keeper, Members>, keeper: Keeper, make: () => Members): Members {
  let members = groups.get(keeper);
  if (members === undefined) groups.set(keeper, (members = make()));
  return members;
}

/** Speaks of other collections than `first` does. */
function joined(first: ChangeSet, second: ChangeSet): ChangeSet {
  if (first.length === 0) return second;
  return second.length === 0 ? first : [...first, ...second];
}

function put(state: CollectionsState, keeper: Keeper, next: CollectionState): CollectionsState {
  const { name } = keeper.definition;
  return state[name] === next ? state : { ...state, [name]: next };
}

function twice(name: string): LockstepError {
  return new LockstepError('collection-twice', {
    subject: 'The collections',
    expected: 'one definition a name',
    received: `two named ${describe(name)}`,
    remedy: 'Rename one of them, or import the same definition in both places.',
  });
}

function unknown(name: string, shelves: ReadonlyMap<string, unknown>): LockstepError {
  return new LockstepError('collection-unknown', {
    subject: 'A collection',
    expected: `one of those that were given: ${[...shelves.keys()].join(', ')}`,
    received: describe(name),
    remedy: 'Add its definition to `collections`.',
  });
}

function otherFormat(format: unknown): LockstepError {
  return new LockstepError('snapshot-format', {
    subject: 'A snapshot of the collections',
    expected: `format ${SNAPSHOT_FORMAT}`,
    received: describe(format),
    remedy: 'Drop it and read the rows anew.',
  });
}
