import type { Collections, ConfirmedChange, OverlayChange } from '../collections/index.ts';
import { compose, NO_CHANGES } from '../core/index.ts';
import type { CollectionDefinition, EntityKey, Row, RowChange } from '../core/index.ts';
import { intentFor, merge, restamp } from './intent.ts';
import { sameJson } from './json.ts';
import { rebase, replay } from './rebase.ts';
import type { EffectOf } from './rebase.ts';
import { keyOf } from './transaction.ts';
import type { ReadRow } from './transaction.ts';
import type {
  Acknowledgement,
  IntentStatus,
  Pending,
  PendingIntent,
  PendingState,
  PendingStep,
  RowsAndIntents,
  ToldChange,
} from './types.ts';

export interface PendingOptions {
  readonly collections: Collections;
  /** The definitions that `collections` was made from. */
  readonly definitions: readonly CollectionDefinition[];
  /** Asked at every replay, so that effects may be declared at any time. */
  readonly effects: EffectOf;
}

const RUNGS: Readonly<Record<Exclude<IntentStatus['kind'], 'parked'>, number>> = {
  local: 0,
  durable: 1,
  sent: 2,
  acknowledged: 3,
};

export function createPending({ collections, definitions, effects }: PendingOptions): Pending {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  // An unknown name never gets here: reading or confirming its rows has thrown `collection-unknown`.
  const definitionOf = (name: string): CollectionDefinition => byName.get(name)!;
  const visibleIn =
    ({ collections: state }: RowsAndIntents): ReadRow =>
    (key) =>
      collections.get(state, key.collection, key.id);
  const confirmedIn =
    ({ collections: state }: RowsAndIntents): ReadRow =>
    (key) =>
      collections.confirmed(state, key.collection, key.id);

  /** What the overlay must hold for a row that came out of a replay. */
  function overlaid(state: RowsAndIntents, key: EntityKey, row: Row | null | undefined): OverlayChange {
    const confirmed = confirmedIn(state)(key);
    if (row === undefined || row === (confirmed ?? null)) return { ...key, row: undefined };
    const shown = visibleIn(state)(key);
    return { ...key, row: shown !== undefined && sameJson(shown, row) ? shown : row };
  }

  /** The step to a log in which the intents that touched `dirty` rows may have changed. */
  function rebased(
    state: RowsAndIntents,
    intents: readonly PendingIntent[],
    dirty: readonly EntityKey[],
  ): PendingStep {
    const replayed = rebase(intents, dirty, confirmedIn(state), effects);
    const overlay: OverlayChange[] = [];
    for (const [name, key] of replayed.scope) overlay.push(overlaid(state, key, replayed.rows.get(name)));
    const step = collections.overlay(state.collections, overlay);
    return {
      state: { ...state, collections: step.state, pending: { intents: replayed.intents } },
      changeSet: step.changeSet,
      confirmed: NO_CHANGES,
      settled: [],
    };
  }

  /** Lets changes in. `dirty` are rows whose intents changed in this same step. */
  function take(state: RowsAndIntents, changes: readonly ToldChange[], dirty: EntityKey[]): PendingStep {
    const step = collections.confirm(state.collections, changes);
    const after = step.state === state.collections ? state : { ...state, collections: step.state };
    const quiet: PendingStep = {
      state: after,
      changeSet: step.changeSet,
      confirmed: step.confirmed,
      settled: [],
    };
    if (state.pending.intents.length === 0) return quiet;
    for (const { collection, id } of step.confirmed) dirty.push({ collection, id });
    const told = tell(state.pending.intents, changes, dirty);
    const settled = told.filter((intent) => isSettled(after, intent, changes));
    if (dirty.length === 0 && settled.length === 0) return quiet;
    for (const intent of settled) dirty.push(...intent.touched);
    const left = settled.length === 0 ? told : told.filter((intent) => !settled.includes(intent));
    const shown = rebased(after, left, dirty);
    return {
      state: shown.state,
      changeSet: compose(step.changeSet, shown.changeSet),
      confirmed: step.confirmed,
      settled: settled.map(({ id }) => id),
    };
  }

  /** Marks the rows that came with the name of the intent that made them so. */
  function tell(
    intents: readonly PendingIntent[],
    changes: readonly ToldChange[],
    dirty: EntityKey[],
  ): readonly PendingIntent[] {
    const named = changes.filter((change) => change.intent !== undefined);
    if (named.length === 0) return intents;
    return intents.map((intent) => {
      const keys = named.filter((change) => change.intent === intent.id).map(keyOfChange);
      if (keys.length === 0) return intent;
      dirty.push(...keys);
      return { ...intent, told: [...intent.told, ...keys] };
    });
  }

  function keyOfChange(change: ConfirmedChange): EntityKey {
    const { collection } = change;
    return { collection, id: 'removed' in change ? change.id : definitionOf(collection).id(change.row) };
  }

  /** True where everything that the server acknowledged is confirmed, or is gone since. */
  function isSettled(
    state: RowsAndIntents,
    { status, targets }: PendingIntent,
    changes: readonly ToldChange[],
  ): boolean {
    if (status.kind !== 'acknowledged') return false;
    return targets.every((target, at) => {
      const awaited = status.awaits[at] ?? null;
      if (awaited === null) return true;
      const version = collections.versionOf(state.collections, target.collection, target.id);
      if (version !== null) return version >= awaited;
      return (
        visibleIn(state)(target) === undefined || changes.some((change) => isRemoval(change, target, awaited))
      );
    });
  }

  /** What an answer without rows still proves: removals, and whatever happens in collections without versions. */
  function implied(
    state: RowsAndIntents,
    intent: PendingIntent,
    { changes, versions = [], refused = [] }: Acknowledgement,
  ): readonly ToldChange[] {
    const brought = new Set([...changes.map(keyOfChange), ...refused].map(keyOf));
    const rows = new Map<string, Row | null>();
    replay({ ...intent, told: [] }, rows, confirmedIn(state), effects);
    return intent.targets.flatMap(({ collection, id }): ToldChange[] => {
      const row = rows.get(keyOf({ collection, id }));
      if (row === undefined || brought.has(keyOf({ collection, id }))) return [];
      const version = versions.find((known) => known.collection === collection && known.id === id)?.version;
      if (row === null) {
        return confirmedIn(state)({ collection, id }) === undefined
          ? []
          : [{ collection, id, removed: true, ...(version === undefined ? {} : { version }) }];
      }
      return definitionOf(collection).version === undefined ? [{ collection, row }] : [];
    });
  }

  function acknowledge(state: RowsAndIntents, id: string, acknowledgement: Acknowledgement): PendingStep {
    const intent = state.pending.intents.find((known) => known.id === id);
    if (intent === undefined) return take(state, acknowledgement.changes, []);
    const { versions = [], refused = [] } = acknowledgement;
    const changes = [...acknowledgement.changes, ...implied(state, intent, acknowledgement)];
    // What the answer brought is known at its version or above as soon as it is taken: there is nothing to await.
    const known = new Set([...changes.map(keyOfChange), ...refused].map(keyOf));
    const awaits = intent.targets.map((target) => {
      const { collection, id } = target;
      if (known.has(keyOf(target)) || definitionOf(collection).version === undefined) return null;
      const told = versions.find((version) => version.collection === collection && version.id === id);
      return told?.version ?? (collections.versionOf(state.collections, collection, id) ?? -1) + 1;
    });
    const told = [...intent.told, ...refused];
    const acknowledged: PendingIntent = { ...intent, told, status: { kind: 'acknowledged', awaits } };
    const intents = state.pending.intents.map((other) => (other === intent ? acknowledged : other));
    // A parked intent shows again from here on.
    const dirty = intent.status.kind === 'parked' ? intent.touched : refused;
    return take({ ...state, pending: { intents } }, changes, [...dirty]);
  }

  function mark(state: RowsAndIntents, id: string, status: IntentStatus): PendingStep {
    const { intents } = state.pending;
    const intent = intents.find((known) => known.id === id);
    if (intent === undefined || !leadsUp(intent.status, status)) return unchanged(state);
    const next = intents.map((known) => (known === intent ? { ...intent, status } : known));
    if (intent.status.kind === 'parked' || status.kind === 'parked')
      return rebased(state, next, intent.touched);
    return { ...unchanged(state), state: { ...state, pending: { intents: next } } };
  }

  return {
    initial,
    confirm: (state, changes) => take(state, changes, []),
    acknowledge,
    mark,
    intentFor: (state, draft) =>
      intentFor(draft, visibleIn(state), confirmedIn(state), effects, definitionOf),
    begin(state, intent, status = { kind: 'local' }) {
      const { intents } = state.pending;
      if (intents.some(({ id }) => id === intent.id)) return unchanged(state);
      const fresh: PendingIntent = { ...intent, status, touched: [], told: [] };
      const rows = new Map<string, Row | null>();
      const begun = replay(fresh, rows, visibleIn(state), effects);
      const overlay = begun.touched.flatMap((key) => {
        const row = rows.get(keyOf(key));
        return row === undefined ? [] : [overlaid(state, key, row)];
      });
      const step =
        status.kind === 'parked'
          ? { state: state.collections, changeSet: NO_CHANGES }
          : collections.overlay(state.collections, overlay);
      return {
        state: { ...state, collections: step.state, pending: { intents: [...intents, begun] } },
        changeSet: step.changeSet,
        confirmed: NO_CHANGES,
        settled: [],
      };
    },
    adopt(state, rows) {
      const { intents } = state.pending;
      const touched = new Map(intents.flatMap((intent) => intent.touched.map((key) => [keyOf(key), key])));
      const changed = collections.changesBetween(state.collections, rows);
      const confirmed: RowChange[] = changed.filter((change) => !touched.has(keyOf(change)));
      for (const { collection, id } of touched.values()) {
        const [from, to] = [state.collections, rows].map(
          (of) => collections.confirmed(of, collection, id) ?? null,
        );
        if (from !== to) confirmed.push({ collection, id, from: from!, to: to! });
      }
      const step = rebased({ ...state, collections: rows }, intents, confirmed);
      return { ...step, changeSet: compose(changed, step.changeSet), confirmed };
    },
    settle(state, id, successor) {
      const { intents } = state.pending;
      const intent = intents.find((known) => known.id === id);
      if (intent === undefined) return unchanged(state);
      const next = intents.flatMap((known): readonly PendingIntent[] => {
        if (known !== intent) return [known];
        if (successor === undefined) return [];
        const kept = successor.id === id ? intent : { status: { kind: 'durable' } as const, told: [] };
        return [
          {
            ...successor,
            status: kept.status,
            told: kept.told,
            touched: [...intent.touched, ...successor.targets],
          },
        ];
      });
      return rebased(state, next, [...intent.touched, ...(successor?.targets ?? [])]);
    },
    merge: (state, intent, current, successor) =>
      merge(intent, current, successor, visibleIn(state), effects, definitionOf),
    restamp: (intent, current) => restamp(intent, current, definitionOf),
  };
}

const initial: PendingState = Object.freeze({ intents: Object.freeze([]) });

function unchanged(state: RowsAndIntents): PendingStep {
  return { state, changeSet: NO_CHANGES, confirmed: NO_CHANGES, settled: [] };
}

function isRemoval(change: ToldChange, { collection, id }: EntityKey, version: number): boolean {
  if (!('removed' in change) || change.collection !== collection || change.id !== id) return false;
  return change.version === undefined || change.version >= version;
}

function leadsUp(from: IntentStatus, to: IntentStatus): boolean {
  if (from.kind === 'acknowledged') return false;
  return from.kind === 'parked' || to.kind === 'parked' || RUNGS[to.kind] > RUNGS[from.kind];
}
