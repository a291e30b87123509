import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyMergePatch } from '@lockstep/protocol';
import { createCollections } from '../collections/index.ts';
import type { ConfirmedChange } from '../collections/index.ts';
import { collection } from '../core/index.ts';
import type { ChangeSet, EntityKey, Row } from '../core/index.ts';
import { createPending } from './index.ts';
import type { EffectTransaction, Intent, PendingStep, RowsAndIntents } from './index.ts';

interface Item {
  readonly id: string;
  readonly version: number;
  readonly n: number;
  readonly inner?: { readonly a?: number; readonly b?: number };
  readonly other?: string;
}
type Loose = Omit<Item, 'version'>;

const items = collection('items', { id: (item: Item) => item.id, version: (item) => item.version });
const loose = collection('loose', { id: (item: Loose) => item.id });
const definitions = [items, loose];
const IDS = ['a', 'b', 'c', 'toString'];

interface Argument {
  readonly id: string;
  readonly n: number;
}

const effects: Readonly<Record<string, (tx: EffectTransaction, argument: Argument) => void>> = {
  set: (tx, { id, n }) => tx.update(items, id, { n, inner: n % 2 === 0 ? { a: n } : { b: n } }),
  add: (tx, { id, n }) => tx.update(items, id, { n: (tx.get(items, id)?.n ?? 0) + n }),
  insert: (tx, { id, n }) => tx.insert(items, { id, version: 0, n }),
  remove: (tx, { id }) => tx.remove(items, id),
  // Which row it writes depends on another row.
  follow: (tx, { id, n }) => {
    const { other } = tx.get(items, id) ?? {};
    if (other !== undefined) tx.update(items, other, { n });
  },
  point: (tx, { id, n }) => tx.update(items, id, { other: IDS[n % IDS.length]! }),
  both: (tx, { id, n }) => {
    tx.update(loose, id, { n });
    tx.update(items, id, { n });
  },
  throws: (tx, { id, n }) => {
    tx.update(items, id, { n });
    if ((tx.get(items, id)?.n ?? 0) > 2) throw new Error('no');
  },
  loose: (tx, { id, n }) => (tx.get(loose, id) ? tx.update(loose, id, { n }) : tx.insert(loose, { id, n })),
};

const collections = createCollections(definitions);
const pending = createPending({
  collections,
  definitions,
  effects: (endpoint) => effects[endpoint],
});

type Visible = Map<string, Row>;
const nameOf = ({ collection, id }: EntityKey): string => `${collection}/${id}`;

/** What shows, by the definition: the confirmed rows, then every intent in order, on plain maps. */
function fromScratch(state: RowsAndIntents): Visible {
  const rows: Visible = new Map();
  for (const { name } of definitions) {
    for (const id of IDS) {
      const row = collections.confirmed(state.collections, name, id);
      if (row !== undefined) rows.set(`${name}/${id}`, row);
    }
  }
  for (const { endpoint, argument, status, told } of state.pending.intents) {
    if (status.kind === 'parked') continue;
    const draft = new Map(rows);
    const tx: EffectTransaction = {
      now: 0,
      id: () => '',
      get: (of, id) => draft.get(`${of.name}/${id}`) as never,
      insert: (of, row) =>
        void (draft.has(`${of.name}/${of.id(row)}`) || draft.set(`${of.name}/${of.id(row)}`, row)),
      update(of, id, patch) {
        const row = draft.get(`${of.name}/${id}`);
        if (row !== undefined) draft.set(`${of.name}/${id}`, applyMergePatch(row, patch as never));
      },
      remove: (of, id) => void draft.delete(`${of.name}/${id}`),
    };
    try {
      effects[endpoint]!(tx, argument as Argument);
    } catch {
      continue;
    }
    const skipped = new Set(told.map(nameOf));
    for (const name of new Set([...rows.keys(), ...draft.keys()])) {
      if (skipped.has(name)) continue;
      const row = draft.get(name);
      if (row === undefined) rows.delete(name);
      else rows.set(name, row);
    }
  }
  return rows;
}

function shown(state: RowsAndIntents): Visible {
  const rows: Visible = new Map();
  for (const { name } of definitions) {
    for (const id of IDS) {
      const row = collections.get(state.collections, name, id);
      if (row !== undefined) rows.set(`${name}/${id}`, row);
    }
  }
  return rows;
}

function applied(rows: Visible, changes: ChangeSet): Visible {
  const next = new Map(rows);
  for (const change of changes) {
    expect(next.get(nameOf(change)) ?? null).toBe(change.from);
    if (change.to === null) next.delete(nameOf(change));
    else next.set(nameOf(change), change.to);
  }
  return next;
}

type Operation =
  | { readonly do: 'begin'; readonly endpoint: string; readonly argument: Argument }
  | {
      readonly do: 'acknowledge';
      readonly at: number;
      readonly how: 'row' | 'version' | 'nothing' | 'refused';
    }
  | { readonly do: 'park' | 'retry' | 'settle' | 'replace' | 'echo'; readonly at: number }
  | { readonly do: 'confirm'; readonly changes: readonly ConfirmedChange[]; readonly intent: number | null }
  | { readonly do: 'jump'; readonly back: number };

const id = fc.constantFrom(...IDS);
const small = fc.integer({ min: 0, max: 4 });
const at = fc.integer({ min: 0, max: 5 });
const row = fc
  .record(
    { id, version: small, n: small, inner: fc.record({ a: small, b: small }), other: id },
    { requiredKeys: ['id', 'version', 'n'] },
  )
  .map((item): ConfirmedChange => ({ collection: 'items', row: item }));
const looseRow = fc
  .record({ id, n: small })
  .map((item): ConfirmedChange => ({ collection: 'loose', row: item }));
const removal = fc
  .record({ id, version: small })
  .map((gone): ConfirmedChange => ({ collection: 'items', removed: true, ...gone }));

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('begin' as const),
      endpoint: fc.constantFrom(...Object.keys(effects)),
      argument: fc.record({ id, n: small }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('acknowledge' as const),
      at,
      how: fc.constantFrom('row', 'version', 'nothing', 'refused'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('park', 'retry', 'settle', 'replace', 'echo'), at }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('confirm' as const),
      changes: fc.array(fc.oneof(row, looseRow, removal), { maxLength: 3 }),
      intent: fc.option(at),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('jump' as const), back: at }) },
);

function perform(state: RowsAndIntents, operation: Operation, number: number): PendingStep | null {
  const { intents } = state.pending;
  const newId = `0199a000-0000-7000-8000-${String(number).padStart(12, '0')}`;
  const picked = 'at' in operation ? intents[operation.at % Math.max(1, intents.length)] : undefined;
  switch (operation.do) {
    case 'begin': {
      const draft = {
        id: newId,
        at: number,
        user: null,
        endpoint: operation.endpoint,
        argument: operation.argument,
      };
      let intent: Intent;
      try {
        intent = pending.intentFor(state, draft);
      } catch {
        intent = {
          ...draft,
          targets: [{ collection: 'items', id: operation.argument.id, version: null, base: null }],
        };
      }
      return pending.begin(state, intent);
    }
    case 'acknowledge': {
      if (picked === undefined) return null;
      const of = picked.targets.filter(({ collection }) => collection === 'items');
      const versions = of.map(({ id }) => ({
        collection: 'items',
        id,
        version: (collections.versionOf(state.collections, 'items', id) ?? 0) + 1,
      }));
      const changes = versions.map(({ id, version }) => ({
        collection: 'items',
        row: { id, version, n: 9 },
      }));
      if (operation.how === 'row') return pending.acknowledge(state, picked.id, { changes });
      if (operation.how === 'version')
        return pending.acknowledge(state, picked.id, { changes: [], versions });
      return pending.acknowledge(
        state,
        picked.id,
        operation.how === 'refused' ? { changes: [], refused: of } : { changes: [] },
      );
    }
    case 'park':
      return picked ? pending.mark(state, picked.id, { kind: 'parked', reason: null }) : null;
    case 'retry':
      return picked ? pending.mark(state, picked.id, { kind: 'durable' }) : null;
    case 'settle':
      return picked ? pending.settle(state, picked.id) : null;
    case 'replace':
      return picked
        ? pending.settle(state, picked.id, { ...picked, id: newId, argument: { id: 'a', n: 3 } })
        : null;
    case 'echo': {
      const target = picked?.targets.find(({ collection }) => collection === 'items');
      if (picked === undefined || target === undefined) return null;
      const echo = { collection: 'items', row: { id: target.id, version: 5, n: 7 }, intent: picked.id };
      return pending.confirm(state, [echo]);
    }
    case 'confirm': {
      const intent = operation.intent === null ? undefined : intents[operation.intent]?.id;
      return pending.confirm(
        state,
        operation.changes.map((change) => (intent === undefined ? change : { ...change, intent })),
      );
    }
    case 'jump':
      return null;
  }
}

test('S4.1 G7 G23 F17 whatever happens in whatever order, what shows is the confirmed rows with the pending intents replayed', () => {
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 30 }), (operations) => {
      let state: RowsAndIntents = { collections: collections.initial, pending: pending.initial };
      const history = [state];
      for (const [number, operation] of operations.entries()) {
        if (operation.do === 'jump') {
          state = history[Math.max(0, history.length - 1 - operation.back)]!;
        } else {
          const step = perform(state, operation, number);
          if (step === null) continue;
          expect(applied(shown(state), step.changeSet)).toEqual(shown(step.state));
          ({ state } = step);
        }
        history.push(state);
        expect(shown(state)).toEqual(fromScratch(state));
      }
      for (const { id } of state.pending.intents) ({ state } = pending.settle(state, id));
      expect(shown(state)).toEqual(fromScratch(state));
      for (const { overlay } of Object.values(state.collections)) expect(overlay).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});
