import { describe, expect, test } from 'vitest';
import { collection, createTrace, LockstepError } from '../core/index.ts';
import { createCollections } from './index.ts';
import type { CollectionsEvent, CollectionsState, Order } from './index.ts';

interface Person {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly role: string | null;
  readonly at: number;
}

/** How often the application's own functions were called: what an accidental walk over all rows would raise. */
const calls = { id: 0, key: 0, where: 0, text: 0, fold: 0, group: 0, time: 0 };

function callsOf(work: () => void): typeof calls {
  for (const name of Object.keys(calls) as (keyof typeof calls)[]) calls[name] = 0;
  work();
  return { ...calls };
}

const people = collection('people', {
  id(row: Person) {
    calls.id += 1;
    return row.id;
  },
  version: (row) => row.version,
});

const newest: Order<Person> = [
  {
    key(row) {
      calls.key += 1;
      return row.at;
    },
    direction: 'desc',
  },
];
const isHost = (row: Person): boolean => {
  calls.where += 1;
  return row.role === 'host';
};
const text = (row: Person): string => {
  calls.text += 1;
  return row.name;
};

const person = (at: number, more: Partial<Person> = {}): Person => ({
  id: `p${String(at).padStart(6, '0')}`,
  version: 1,
  name: `Person ${at}`,
  role: at % 10 === 0 ? 'host' : 'guest',
  at: (at * 7919) % 1_000_003,
  ...more,
});

const N = 20_000;
/** What a step may call for each view: a few, however many rows there are. */
const FEW = 60;

const events: CollectionsEvent[] = [];
const trace = createTrace<CollectionsEvent>();
trace.subscribe((event) => events.push(event));
const collections = createCollections([people], { trace: trace.emit });

const confirm = (state: CollectionsState, ...rows: readonly Person[]): CollectionsState =>
  collections.confirm(
    state,
    rows.map((row) => ({ collection: 'people', row })),
  ).state;

const full = confirm(collections.initial, ...Array.from({ length: N }, (_, at) => person(at)));

function eventsOf(work: () => void): readonly CollectionsEvent['kind'][] {
  events.length = 0;
  work();
  return events.map((event) => event.kind);
}

describe('views', () => {
  test('S3.2 rows are ordered by each key, texts by code point, null last ascending, ties by ascending id', () => {
    const byRole: Order<Person> = [
      { key: (row) => row.role, direction: 'desc' },
      { key: (row) => row.name, direction: 'asc' },
    ];
    const rows = [
      person(1, { role: 'a', name: '\u{1F600}' }),
      person(2, { role: 'a', name: '\uFF5E' }),
      person(3, { role: null, name: 'z' }),
      person(5, { role: 'b', name: 'same' }),
      person(4, { role: 'b', name: 'same' }),
      person(6, { role: 'a', name: 'a' }),
    ];
    const state = confirm(collections.initial, ...rows);
    const listed = collections.view({ collection: people, order: byRole }).read(state).rows;
    expect(listed.map((row) => Number(row.id.slice(1)))).toEqual([3, 4, 5, 6, 2, 1]);
    const ascending: Order<Person> = [{ key: (row) => row.role, direction: 'asc' }];
    expect(
      collections.view({ collection: people, order: ascending }).read(state).rows.at(-1)?.role,
    ).toBeNull();
    const mixed: Order<Person> = [{ key: (row) => (row.role === 'a' ? row.at : row.name), direction: 'asc' }];
    const kinds = collections
      .view({ collection: people, order: mixed })
      .read(state)
      .rows.map((row) => row.role);
    expect(kinds).toEqual(['a', 'a', 'a', 'b', 'b', null]);
  });

  test('S3.4 the result is the same object until something in it changes', () => {
    const view = collections.view({
      collection: people,
      order: newest,
      where: isHost,
      window: { offset: 0, limit: 5 },
    });
    const first = view.read(full);
    const guest = full['people']!.rows.n;
    expect(guest).toBe(N);
    const elsewhere = confirm(full, { ...person(7), version: 2, name: 'renamed' });
    expect(view.read(elsewhere)).toBe(first);
    const below = first.rows.at(-1)!.at - 1;
    const behind = confirm(elsewhere, { ...person(8), version: 2, role: 'host', at: below });
    const counted = view.read(behind);
    expect(counted.total).toBe(first.total + 1);
    expect(counted.rows).toBe(first.rows);
    const renamed = confirm(behind, { ...first.rows[2]!, version: 9, name: 'renamed' });
    const changed = view.read(renamed);
    expect(changed.rows.map((row, at) => row === first.rows[at])).toEqual([true, true, false, true, true]);
  });

  test('S3.5 a step costs a few calls, whatever the number of rows, and rebuilds nothing', () => {
    const view = collections.view({
      collection: people,
      order: newest,
      where: isHost,
      window: { offset: 0, limit: 20 },
    });
    const search = collections.view({
      collection: people,
      order: newest,
      search: { text, query: '99' },
      window: { offset: 0, limit: 20 },
    });
    let state = full;
    view.read(state);
    search.read(state);
    const kinds = eventsOf(() => {
      const steps = [
        () => confirm(state, { ...person(10), version: 2, name: 'edited' }),
        () => confirm(state, { ...person(10), version: 3, at: 5 }),
        () => confirm(state, person(N + 10)),
        () => collections.confirm(state, [{ collection: 'people', id: person(20).id, removed: true }]).state,
        () =>
          collections.overlay(state, [
            { collection: 'people', id: person(30).id, row: { ...person(30), at: 6 } },
          ]).state,
        () => collections.overlay(state, [{ collection: 'people', id: person(30).id, row: undefined }]).state,
      ];
      for (const make of steps) {
        const spent = callsOf(() => {
          state = make();
          view.read(state);
          search.read(state);
        });
        for (const count of Object.values(spent)) expect(count).toBeLessThanOrEqual(FEW);
      }
    });
    expect(kinds).toEqual([]);
  });

  test('S3.6 views of one order and rule share a list, whatever their windows', () => {
    let built = 0;
    const pages = [0, 20, 40].map((offset) =>
      collections.view({ collection: people, order: newest, where: isHost, window: { offset, limit: 20 } }),
    );
    built += eventsOf(() => pages.forEach((page) => page.read(full))).length;
    expect(built).toBeLessThanOrEqual(1);
    const whole = collections.view({ collection: people, order: newest, where: isHost }).read(full).rows;
    expect(pages.flatMap((page) => page.read(full).rows)).toEqual(whole.slice(0, 60));
  });

  test('S3.7 texts are folded once a row, and again for rows that changed', () => {
    const fold = (given: string): string => {
      calls.fold += 1;
      return given.toUpperCase();
    };
    const find = (state: CollectionsState, query: string): number =>
      collections
        .view({
          collection: people,
          order: newest,
          search: { text, query, fold },
          window: { offset: 0, limit: 3 },
        })
        .read(state).total;
    expect(callsOf(() => find(full, 'person 1')).fold).toBe(N + 1);
    expect(find(full, 'PERSON 12')).toBe(1111 + (N > 12_999 ? 0 : -1000));
    expect(callsOf(() => find(full, 'person 123')).fold).toBe(1);
    const changed = confirm(full, { ...person(3), version: 2, name: 'Somebody' });
    expect(callsOf(() => find(changed, 'some')).fold).toBeLessThanOrEqual(2);
    expect(find(changed, 'some')).toBe(1);
    expect(find(changed, '')).toBe(N);
  });

  test('S3.8 a rule that asks the time is asked again when the time is another, once a row', () => {
    const recent = (row: Person, now: number): boolean => {
      calls.where += 1;
      return row.at > now;
    };
    const view = collections.view({ collection: people, order: newest, where: recent });
    expect(() => view.read(full)).toThrow(LockstepError);
    expect(view.read(full, 999_990).total).toBe(view.read(full, 999_990).rows.length);
    const before = view.read(full, 999_000);
    expect(callsOf(() => view.read(full, 999_000)).where).toBe(0);
    const ticked = callsOf(() => view.read(full, 999_001));
    expect(ticked.where).toBeLessThanOrEqual(2 * N + FEW);
    expect(callsOf(() => view.read(full, 999_001)).where).toBe(0);
    expect(view.read(full, 999_000)).toEqual(before);
  });

  test('S3.12 steps that were not read, and jumps, are followed without building anew; far ones build once', () => {
    const view = collections.view({ collection: people, order: newest, window: { offset: 0, limit: 9 } });
    view.read(full);
    let state = full;
    for (let step = 0; step < 200; step += 1)
      state = confirm(state, { ...person(step), version: 2, at: step });
    expect(eventsOf(() => view.read(state))).toEqual(['states-compared']);
    expect(eventsOf(() => view.read(full))).toEqual([]);
    const few = confirm(confirm(full, person(N + 1)), person(N + 2));
    expect(eventsOf(() => view.read(few))).toEqual([]);
    const cleared = collections.adapter(people).removeAll(few);
    expect(eventsOf(() => view.read(cleared))).toContain('view-built');
    expect(view.read(cleared).total).toBe(0);
  });

  test('S3.14 two lines of states in one process are followed side by side', () => {
    const view = collections.view({ collection: people, order: newest, window: { offset: 0, limit: 9 } });
    let one = confirm(full, { ...person(1), version: 2 });
    let other = confirm(
      collections.initial,
      ...Array.from({ length: 5000 }, (_, at) => person(at, { name: 'other' })),
    );
    view.read(one);
    view.read(other);
    const kinds = eventsOf(() => {
      for (let step = 0; step < 50; step += 1) {
        one = confirm(one, { ...person(step), version: 3 });
        view.read(one);
        other = confirm(other, { ...person(step), version: 4 });
        view.read(other);
      }
    });
    expect(kinds).toEqual([]);
    expect(view.read(one).rows).not.toEqual(view.read(other).rows);
  });

  test('S3.15 a row knows its rank', () => {
    const view = collections.view({ collection: people, order: newest, where: isHost });
    const { rows } = view.read(full);
    expect(view.rankOf(full, rows[77]!)).toBe(77);
    expect(view.rankOf(full, person(7))).toBe(-1);
  });

  test('S3.13 a key that cannot be ordered is an error', () => {
    const wrong = [
      { key: (row: Person) => ({ at: row.at }) as unknown as number, direction: 'asc' as const },
    ];
    expect(() => collections.view({ collection: people, order: wrong }).read(full)).toThrow(/order-key/);
  });
});

describe('aggregates', () => {
  const DAY = 86_400_000;
  const aggregate = collections.aggregate({
    collection: people,
    groupBy(row) {
      calls.group += 1;
      return row.role ?? 'none';
    },
    sums: { at: (row) => row.at },
    recent: {
      at(row) {
        calls.time += 1;
        return row.at * 1000;
      },
      within: { day: DAY, week: 7 * DAY },
    },
  });

  test('S3.9 the result is the same object until a figure changes', () => {
    const now = 1_000_000_000;
    const first = aggregate.read(full, now);
    expect(first.count).toBe(N);
    expect(first.groups.get('host')).toBe(N / 10);
    const renamed = confirm(full, { ...person(4), version: 2, name: 'renamed' });
    expect(aggregate.read(renamed, now)).toBe(first);
    const promoted = aggregate.read(confirm(renamed, { ...person(4), version: 3, role: 'host' }), now);
    expect(promoted.groups.get('host')).toBe(N / 10 + 1);
    expect(promoted.sums).toEqual(first.sums);
  });

  test('S3.9 a figure that is no number counts as none, then and afterwards', () => {
    const some = confirm(collections.initial, person(1), person(2, { at: NaN }));
    const figures = collections.aggregate({
      collection: people,
      sums: { at: (row) => row.at },
      recent: { at: (row) => row.at, within: { ever: Infinity } },
    });
    expect(figures.read(some, 0)).toMatchObject({ count: 2, sums: { at: 7919 }, recent: { ever: 1 } });
    expect(figures.read(confirm(some, { ...person(2), version: 2, at: 1 }), 0)).toMatchObject({
      sums: { at: 7920 },
      recent: { ever: 2 },
    });
  });

  test('S3.10 a tick of the clock counts by rank: it asks no row', () => {
    aggregate.read(full, 1_000_000_000);
    const spent = callsOf(() => {
      const { recent } = aggregate.read(full, 900_000_000);
      expect(recent.day).toBeGreaterThan(0);
      expect(recent.week).toBeGreaterThan(recent.day);
    });
    expect(spent).toEqual({ id: 0, key: 0, where: 0, text: 0, fold: 0, group: 0, time: 0 });
    const before = confirm(full, { ...person(4), version: 2, at: 78 });
    aggregate.read(before, 900_000_000);
    const step = callsOf(() =>
      aggregate.read(confirm(before, { ...person(4), version: 3, at: 77 }), 900_000_000),
    );
    for (const count of Object.values(step)) expect(count).toBeLessThanOrEqual(FEW);
  });

  test('S3.13 counts of recent rows need the time', () => {
    const fresh = collections.aggregate({
      collection: people,
      recent: { at: (row) => row.at, within: { day: DAY } },
    });
    expect(() => fresh.read(full)).toThrow(/clock-missing/);
  });
});
