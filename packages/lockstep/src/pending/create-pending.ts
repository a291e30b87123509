import type { Collections, ConfirmedChange, OverlayChange } from '../collections/index.ts';
import { compose, NO_CHANGES } from '../core/index.ts';
import type { EntityKey, Row } from '../core/index.ts';
import { intentFor, merge, restamp } from './intent.ts';
import { sameJson } from './json.ts';
import { rebase, replay } from './rebase.ts';
import type { EffectOf } from './rebase.ts';
import { keyOf } from './transaction.ts';
import type { ReadRow } from './transaction.ts';
import type {
  Acknowledgement,
  Intent,
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
  /** Asked at every replay, so that effects may be declared at any time. */
  readonly effects: EffectOf;
}

const RUNGS: Readonly<Record<Exclude<IntentStatus['kind'], 'parked'>, number>> = {
  local: 0,
  durable: 1,
  sent: 2,
  acknowledged: 3,
};

export function createPending({ collections, effects }: PendingOptions): Pending {
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
    settled: readonly string[] = [],
  ): PendingStep {
    const replayed = rebase(intents, dirty, confirmedIn(state), effects);
    const overlay: OverlayChange[] = [];
    for (const [name, key] of replayed.scope) overlay.push(overlaid(state, key, replayed.rows.get(name)));
    const step = collections.overlay(state.collections, overlay);
    return {
      state: { ...state, collections: step.state, pending: { intents: replayed.intents } },
      changeSet: step.changeSet,
      confirmed: NO_CHANGES,
      settled,
    };
  }

  function confirm(state: RowsAndIntents, changes: readonly ToldChange[]): PendingStep {
    const step = collections.confirm(state.collections, changes);
    const { intents } = state.pending;
    const confirmed = { ...state, collections: step.state };
    if (intents.length === 0) {
      return { state: step.state === state.collections ? state : confirmed, changeSet: step.changeSet, confirmed: step.confirmed, settled: [] };
    }
    const dirty: EntityKey[] = step.confirmed.map(({ collection, id }) => ({ collection, id }));
    const told = tell(intents, changes, dirty);
    const settled = told.filter((intent) => isSettled(confirmed, intent));
    for (const intent of settled) dirty.push(...intent.touched);
    const left = settled.length === 0 ? told : told.filter((intent) => !settled.includes(intent));
    if (dirty.length === 0 && left === intents) return { ...unchanged(state), confirmed: step.confirmed };
    const shown = rebased(confirmed, left, dirty, settled.map(({ id }) => id));
    return { ...shown, changeSet: compose(step.changeSet, shown.changeSet), confirmed: step.confirmed };
  }

  /** Marks the rows that came with the name of the intent that made them so. */
  function tell(intents: readonly PendingIntent[], changes: readonly ToldChange[], dirty: EntityKey[]): readonly PendingIntent[] {
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
    return { collection, id: 'removed' in change ? change.id : collections.definition(collection).id(change.row) };
  }

  /** True where everything that the server acknowledged is confirmed, or cannot show either way. */
  function isSettled(state: RowsAndIntents, intent: PendingIntent): boolean {
    const { status } = intent;
    if (status.kind !== 'acknowledged') return false;
    return intent.targets.every((target, at) => {
      const awaited = status.awaits[at] ?? null;
      if (awaited === null) return true;
      const version = collections.versionOf(state.collections, target.collection, target.id);
      return version === undefined ? visibleIn(state)(target) === undefined : version >= awaited;
    });
  }

  /** What an answer without rows still proves: removals, and whatever happens in collections without versions. */
  function implied(state: RowsAndIntents, intent: PendingIntent, { changes, versions = [] }: Acknowledgement): readonly ToldChange[] {
    const brought = new Set(changes.map((change) => keyOf(keyOfChange(change))));
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
      return collections.definition(collection).version === undefined ? [{ collection, row }] : [];
    });
  }

  function acknowledge(state: RowsAndIntents, id: string, acknowledgement: Acknowledgement): PendingStep {
    const intent = state.pending.intents.find((known) => known.id === id);
    if (intent === undefined) return confirm(state, acknowledgement.changes);
    const changes = [...acknowledgement.changes, ...implied(state, intent, acknowledgement)];
    const versions = new Map<string, number | undefined>(
      acknowledgement.versions?.map((known) => [keyOf(known), known.version]),
    );
    for (const change of changes) {
      const { version } = collections.definition(change.collection);
      versions.set(keyOf(keyOfChange(change)), 'removed' in change ? change.version : (change.version ?? version?.(change.row)));
    }
    const awaits = intent.targets.map((target) => {
      if (collections.definition(target.collection).version === undefined) return null;
      if (versions.has(keyOf(target))) return versions.get(keyOf(target)) ?? null;
      return (collections.versionOf(state.collections, target.collection, target.id) ?? -1) + 1;
    });
    const acknowledged: PendingIntent = { ...intent, status: { kind: 'acknowledged', awaits } };
    const intents = state.pending.intents.map((known) => (known === intent ? acknowledged : known));
    return confirm({ ...state, pending: { intents } }, changes);
  }

  function mark(state: RowsAndIntents, id: string, status: IntentStatus): PendingStep {
    const { intents } = state.pending;
    const intent = intents.find((known) => known.id === id);
    if (intent === undefined || !leadsUp(intent.status, status)) return unchanged(state);
    const next = intents.map((known) => (known === intent ? { ...intent, status } : known));
    if (intent.status.kind === 'parked' || status.kind === 'parked') return rebased(state, next, intent.touched);
    return { ...unchanged(state), state: { ...state, pending: { intents: next } } };
  }

  return {
    initial,
    confirm,
    acknowledge,
    mark,
    intentFor: (state, draft) => intentFor(draft, visibleIn(state), confirmedIn(state), effects, collections.definition),
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
        status.kind === 'parked' ? { state: state.collections, changeSet: NO_CHANGES } : collections.overlay(state.collections, overlay);
      return {
        state: { ...state, collections: step.state, pending: { intents: [...intents, begun] } },
        changeSet: step.changeSet,
        confirmed: NO_CHANGES,
        settled: [],
      };
    },
    settle(state, id, successor) {
      const { intents } = state.pending;
      const intent = intents.find((known) => known.id === id);
      if (intent === undefined) return unchanged(state);
      const next = intents.flatMap((known): readonly PendingIntent[] => {
        if (known !== intent) return [known];
        if (successor === undefined) return [];
        return [{ ...successor, status: { kind: 'durable' }, touched: [...intent.touched, ...successor.targets], told: [] }];
      });
      return rebased(state, next, [...intent.touched, ...(successor?.targets ?? [])]);
    },
    merge: (state, intent, current, successor) =>
      merge(intent, current, successor, visibleIn(state), effects, collections.definition),
    restamp: (intent, current) => restamp(intent, current, collections.definition),
  };
}

const initial: PendingState = Object.freeze({ intents: Object.freeze([]) });

function unchanged(state: RowsAndIntents): PendingStep {
  return { state, changeSet: NO_CHANGES, confirmed: NO_CHANGES, settled: [] };
}

function leadsUp(from: IntentStatus, to: IntentStatus): boolean {
  if (from.kind === 'acknowledged') return false;
  return from.kind === 'parked' || to.kind === 'parked' || RUNGS[to.kind] > RUNGS[from.kind];
}
