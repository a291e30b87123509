import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collection, invert } from '../core/index.ts';
import type { ChangeSet } from '../core/index.ts';
import { printedSeed } from '../testing/index.ts';
import { createCollections } from './index.ts';
import type {
  Aggregate,
  Collections,
  CollectionsState,
  CollectionsStep,
  ConfirmedChange,
  Order,
  View,
} from './index.ts';

interface Person {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly role: string;
  readonly at: number;
}

const people = collection('people', { id: (row: Person) => row.id, version: (row) => row.version });

// ── The twin: what every view should show, worked out from the plain state each time. ────────────────────────────────

function visibleIn(state: CollectionsState): Person[] {
  const { rows, overlay } = state['people']!;
  const confirmed = (rows.depth === 0 ? rows.root : rows.root.flat(rows.depth as 1)) as Person[];
  const shown = new Map(confirmed.map((row) => [row.id, row]));
  for (const [id, row] of overlay) {
    if (row === null) shown.delete(id);
    else shown.set(id, row as Person);
  }
  return [...shown.values()];
}

function byCodePoint(a: string, b: string): number {
  const [left, right] = [
    Array.from(a, (sign) => sign.codePointAt(0)!),
    Array.from(b, (sign) => sign.codePointAt(0)!),
  ];
  const at = left.findIndex((code, place) => code !== right[place]);
  if (at < 0) return left.length - right.length;
  return at < right.length ? left[at]! - right[at]! : 1;
}

interface Case {
  readonly name: string;
  readonly make: (collections: Collections) => View<Person>;
  readonly belongs: (row: Person, now: number) => boolean;
  readonly compare: (a: Person, b: Person) => number;
  readonly window: { readonly offset: number; readonly limit: number };
}

const newest: Order<Person> = [{ key: (row) => row.at, direction: 'desc' }];
const roles: Order<Person> = [
  { key: (row) => row.role, direction: 'asc' },
  { key: (row) => (row.name === '' ? null : row.name), direction: 'desc' },
];
const names: Order<Person> = [{ key: (row) => row.name, direction: 'asc' }];
const isGuest = (row: Person): boolean => row.role === 'guest';
const isRecent = (row: Person, now: number): boolean => row.at > now - 40;
const text = (row: Person): string => `${row.name}\n${row.role}`;

const byId = (a: Person, b: Person): number => byCodePoint(a.id, b.id);
const byNewest = (a: Person, b: Person): number => b.at - a.at || byId(a, b);
const byName = (a: Person, b: Person): number => byCodePoint(a.name, b.name) || byId(a, b);
const byRole = (a: Person, b: Person): number => {
  if (a.role !== b.role) return byCodePoint(a.role, b.role);
  if (a.name === '' || b.name === '') return a.name === b.name ? byId(a, b) : a.name === '' ? -1 : 1;
  return byCodePoint(b.name, a.name) || byId(a, b);
};
const all = { offset: 0, limit: Infinity };

const cases: readonly Case[] = [
  {
    name: 'a window of a filtered, descending list',
    make: (made) =>
      made.view({ collection: people, order: newest, where: isGuest, window: { offset: 2, limit: 5 } }),
    belongs: isGuest,
    compare: byNewest,
    window: { offset: 2, limit: 5 },
  },
  {
    name: 'everybody by two keys',
    make: (made) => made.view({ collection: people, order: roles }),
    belongs: () => true,
    compare: byRole,
    window: all,
  },
  {
    name: 'everybody by id',
    make: (made) => made.view({ collection: people, window: { offset: 1, limit: 100 } }),
    belongs: () => true,
    compare: byId,
    window: { offset: 1, limit: 100 },
  },
  {
    name: 'a searched and filtered list',
    make: (made) =>
      made.view({ collection: people, order: names, where: isGuest, search: { text, query: 'A' } }),
    belongs: (row) => isGuest(row) && text(row).toLowerCase().includes('a'),
    compare: byName,
    window: all,
  },
  {
    name: 'a search whose query holds the line break between texts',
    make: (made) => made.view({ collection: people, order: names, search: { text, query: 'b\ng' } }),
    belongs: (row) => text(row).toLowerCase().includes('b\ng'),
    compare: byName,
    window: all,
  },
  {
    name: 'a search whose query would reach from one text into the next',
    make: (made) => made.view({ collection: people, order: names, search: { text, query: 't\na' } }),
    belongs: (row) => text(row).toLowerCase().includes('t\na'),
    compare: byName,
    window: all,
  },
  {
    name: 'a rule that asks the time',
    make: (made) => made.view({ collection: people, order: newest, where: isRecent }),
    belongs: isRecent,
    compare: byNewest,
    window: all,
  },
];

const spans = { short: 10, long: 40 };

const makeAggregate = (collections: Collections): Aggregate<'at', 'short' | 'long'> =>
  collections.aggregate({
    collection: people,
    where: (row) => row.name !== 'z',
    groupBy: (row) => row.role,
    sums: { at: (row) => row.at },
    recent: { at: (row) => row.at, within: spans },
  });

function expectFigures(
  aggregate: Aggregate<'at', 'short' | 'long'>,
  state: CollectionsState,
  now: number,
): void {
  const rows = visibleIn(state).filter((row) => row.name !== 'z');
  const result = aggregate.read(state, now);
  expect(result).toEqual({
    count: rows.length,
    groups: new Map([...Map.groupBy(rows, (row) => row.role)].map(([role, group]) => [role, group.length])),
    sums: { at: rows.reduce((sum, row) => sum + row.at, 0) },
    recent: {
      short: rows.filter((row) => row.at > now - spans.short).length,
      long: rows.filter((row) => row.at > now - spans.long).length,
    },
  });
  expect(aggregate.read(state, now)).toBe(result);
}

function isSame(a: readonly Person[], b: readonly Person[]): boolean {
  return a.length === b.length && a.every((row, at) => row === b[at]);
}

function expectView(
  view: View<Person>,
  { belongs, compare, window }: Case,
  state: CollectionsState,
  now: number,
): void {
  const matching = visibleIn(state)
    .filter((row) => belongs(row, now))
    .toSorted(compare);
  const rows = matching.slice(window.offset, window.offset + window.limit);
  const result = view.read(state, now);
  if (!isSame(result.rows, rows)) expect(result.rows).toEqual(rows);
  expect(isSame(result.rows, rows)).toBe(true);
  expect(result.total).toBe(matching.length);
  expect(view.read(state, now)).toBe(result);
  const middle = matching[matching.length >> 1];
  if (middle !== undefined) expect(view.rankOf(state, middle, now)).toBe(matching.length >> 1);
}

/** What a step says it changed is what differs between the states; so it is when asked for later, and on the way back. */
function expectChanges(
  collections: Collections,
  before: CollectionsState,
  { state: after, changeSet }: CollectionsStep,
): void {
  const from = new Map(visibleIn(before).map((row) => [row.id, row]));
  const to = new Map(visibleIn(after).map((row) => [row.id, row]));
  const expected = [...new Set([...from.keys(), ...to.keys()])]
    .filter((id) => from.get(id) !== to.get(id))
    .map((id) => ({ collection: 'people', id, from: from.get(id) ?? null, to: to.get(id) ?? null }));
  const sorted = (changes: ChangeSet): ChangeSet => changes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  expect(sorted(changeSet)).toEqual(sorted(expected));
  expect(sorted(collections.changesBetween(before, after))).toEqual(sorted(expected));
  expect(sorted(collections.changesBetween(after, before))).toEqual(sorted(invert(expected)));
}

// ── What happens to the state. ───────────────────────────────────────────────────────────────────────────────────────

const id = fc
  .integer({ min: 0, max: 150 })
  .map((number) => ['__proto__', 'toString', 'é'][number] ?? `p${number}`);
const fields = fc.record({
  name: fc.constantFrom('', 'a', 'ab', 'B', 'ba', 'z', '\u{1F600}', '\uE000', '\uFF21', 'a\u{10000}', 'b\n'),
  role: fc.constantFrom('guest', 'host', '__proto__'),
  at: fc.integer({ min: 0, max: 100 }),
});
const told = fc.record({ id, fields, older: fc.boolean() });
const many = { maxLength: 12, size: 'max' } as const;

type Command =
  | {
      readonly kind: 'confirm';
      readonly told: readonly { id: string; fields: Omit<Person, 'id' | 'version'>; older: boolean }[];
    }
  | { readonly kind: 'load'; readonly count: number; readonly at: number }
  | { readonly kind: 'remove'; readonly ids: readonly string[]; readonly back: boolean }
  | {
      readonly kind: 'overlay';
      readonly shown: readonly { id: string; fields: Omit<Person, 'id' | 'version'> | null | undefined }[];
    }
  | { readonly kind: 'release'; readonly ids: readonly string[] }
  | { readonly kind: 'jump'; readonly to: number }
  | { readonly kind: 'json' }
  | { readonly kind: 'reload' }
  | { readonly kind: 'otherStore' }
  | { readonly kind: 'tick'; readonly by: number }
  | { readonly kind: 'read'; readonly which: number };

const COME_BACK = { name: 'back', role: 'guest', at: 77 };

const just = <Kind extends string>(kind: Kind): fc.Arbitrary<Kind> => fc.constant(kind);

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: just('confirm'), told: fc.array(told, many) }) },
  { weight: 3, arbitrary: fc.record({ kind: just('remove'), ids: fc.array(id, many), back: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: just('overlay'),
      shown: fc.array(
        fc.record({ id, fields: fc.oneof(fields, fc.constant(null), fc.constant(undefined)) }),
        many,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: just('load'), count: fc.integer({ min: 50, max: 600 }), at: fc.nat(100) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: just('release'), ids: fc.array(id, many) }) },
  { weight: 2, arbitrary: fc.record({ kind: just('jump'), to: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: just('json') }) },
  { weight: 1, arbitrary: fc.record({ kind: just('reload') }) },
  { weight: 1, arbitrary: fc.record({ kind: just('otherStore') }) },
  { weight: 1, arbitrary: fc.record({ kind: just('tick'), by: fc.integer({ min: -5, max: 20 }) }) },
  { weight: 5, arbitrary: fc.record({ kind: just('read'), which: fc.nat() }) },
);

/** Stores in one process that share one set of collections, as modules do, each with its own line of states. */
class World {
  collections = createCollections([people]);
  views = cases.map((each) => each.make(this.collections));
  aggregate = makeAggregate(this.collections);
  now = 50;
  readonly #stores = [{ states: [this.collections.initial] }, { states: [this.collections.initial] }];
  #store = 0;

  get state(): CollectionsState {
    return this.#stores[this.#store]!.states.at(-1)!;
  }

  run(command: Command): void {
    switch (command.kind) {
      case 'confirm':
        return this.#confirm(command.told.map((each) => this.#changeOf(each)));
      case 'load':
        return this.#confirm(
          Array.from({ length: command.count }, (_, at) => {
            const fields = {
              name: 'ab'.slice(at % 3),
              role: at % 2 === 0 ? 'guest' : 'host',
              at: (at * 7 + command.at) % 100,
            };
            return { collection: 'people', row: { id: `p${at}`, version: 1, ...fields } };
          }),
        );
      case 'remove': {
        const gone = command.ids.map((id): ConfirmedChange => ({ collection: 'people', id, removed: true }));
        const back = command.ids.map((id) => this.#changeOf({ id, fields: COME_BACK, older: false }));
        return this.#confirm(command.back ? [...gone, ...back] : gone);
      }
      case 'overlay': {
        const changes = command.shown.map(({ id, fields }) => ({
          collection: 'people',
          id,
          row: fields === null || fields === undefined ? fields : { id, version: 0, ...fields },
        }));
        return this.#take(this.collections.overlay(this.state, changes));
      }
      case 'release': {
        return this.#take(
          this.collections.release(
            this.state,
            command.ids.map((id) => ({ collection: 'people', id })),
          ),
        );
      }
      case 'jump': {
        const { states } = this.#stores[this.#store]!;
        return this.#push(states[command.to % states.length]!);
      }
      case 'json':
        return this.#push(JSON.parse(JSON.stringify(this.state)) as CollectionsState);
      case 'reload':
        this.collections = createCollections([people]);
        this.views = cases.map((each) => each.make(this.collections));
        this.aggregate = makeAggregate(this.collections);
        return;
      case 'otherStore':
        this.#store = 1 - this.#store;
        return;
      case 'tick':
        this.now += command.by;
        return;
      case 'read': {
        const which = command.which % (cases.length + 1);
        if (which < cases.length) expectView(this.views[which]!, cases[which]!, this.state, this.now);
        else expectFigures(this.aggregate, this.state, this.now);
      }
    }
  }

  /** @returns how many results were compared. */
  readAll(): number {
    for (const [at, each] of cases.entries()) expectView(this.views[at]!, each, this.state, this.now);
    expectFigures(this.aggregate, this.state, this.now);
    return cases.length + 1;
  }

  #changeOf({
    id,
    fields,
    older,
  }: {
    id: string;
    fields: Omit<Person, 'id' | 'version'>;
    older: boolean;
  }): ConfirmedChange {
    const known = this.collections.versionOf(this.state, 'people', id) ?? 0;
    return { collection: 'people', row: { id, version: older ? known : known + 1, ...fields } };
  }

  #confirm(changes: readonly ConfirmedChange[]): void {
    this.#take(this.collections.confirm(this.state, changes));
  }

  #take(step: CollectionsStep): void {
    expectChanges(this.collections, this.state, step);
    this.#push(step.state);
  }

  #push(state: CollectionsState): void {
    this.#stores[this.#store]!.states.push(state);
  }
}

const RUNS = Number(process.env['LOCKSTEP_RUNS'] ?? 1000);

test('S2.18 S3.1 S3.9 S3.11 S3.12 views and figures equal a twin worked out from scratch: through any steps, time travel, forks, replaced state, hot reload and two stores', () => {
  const seed = printedSeed('collections against their twins');
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40, size: 'max' }), (commands) => {
      const world = new World();
      for (const each of commands) world.run(each);
      expect(world.readAll()).toBe(cases.length + 1);
    }),
    { seed, numRuns: RUNS },
  );
}, 300_000);
