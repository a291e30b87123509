import { createEntityAdapter } from '@reduxjs/toolkit';
import type { EntityState } from '@reduxjs/toolkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collection } from '../core/index.ts';
import { printedSeed } from '../testing/index.ts';
import { createCollections } from './index.ts';
import type { Collections, CollectionsState, Order } from './index.ts';

interface Book {
  readonly id: string;
  readonly title: string;
  readonly year: number;
  readonly version: number;
}

const books = collection('books', { id: (book: Book) => book.id, version: (book) => book.version });
const byYear: Order<Book> = [{ key: (book) => book.year, direction: 'desc' }];

const theirs = createEntityAdapter<Book>({
  sortComparer: (a, b) => b.year - a.year || (a.id < b.id ? -1 : a.id === b.id ? 0 : 1),
});
const theirsUnsorted = createEntityAdapter<Book>();

const id = fc.constantFrom(...Array.from({ length: 12 }, (_, at) => `b${at}`));
const book: fc.Arbitrary<Book> = fc.record({
  id,
  title: fc.constantFrom('Emma', 'Ulysses', 'Dune'),
  year: fc.integer({ min: 1900, max: 1905 }),
  version: fc.integer({ min: 1, max: 3 }),
});
const some = { maxLength: 6 };
const changes = fc.record(
  { id, title: fc.constantFrom('Emma', 'Emma II'), year: fc.integer({ min: 1900, max: 1905 }) },
  { requiredKeys: [] },
);
const dictionary = (rows: readonly Book[]): Record<string, Book> =>
  Object.fromEntries(rows.map((row) => [row.id, row]));
const rows = fc.oneof(fc.array(book, some), fc.array(book, some).map(dictionary));

const operation = fc.oneof(
  fc.record({ verb: fc.constantFrom('addOne', 'setOne', 'upsertOne'), argument: book }),
  fc.record({ verb: fc.constantFrom('addMany', 'setMany', 'setAll', 'upsertMany'), argument: rows }),
  fc.record({ verb: fc.constant('removeOne'), argument: id }),
  fc.record({ verb: fc.constant('removeMany'), argument: fc.array(id, some) }),
  fc.record({
    verb: fc.constant('removeMany'),
    argument: fc.record({
      where: fc.record({ title: fc.constant('Emma'), year: fc.constant(1901) }, { requiredKeys: [] }),
    }),
  }),
  fc.record({ verb: fc.constant('removeAll'), argument: fc.constant(undefined) }),
  fc.record({ verb: fc.constant('updateOne'), argument: fc.record({ id, changes }) }),
  fc.record({ verb: fc.constant('updateMany'), argument: fc.array(fc.record({ id, changes }), some) }),
);

type Verbs = Readonly<Record<string, (state: unknown, argument: unknown) => unknown>>;

/** The verbs of an adapter by name, whatever they take. */
const verbsOf = (adapter: object): Verbs => adapter as Verbs;

interface Twins {
  readonly ours: CollectionsState;
  readonly sorted: EntityState<Book, string>;
  readonly unsorted: EntityState<Book, string>;
}

function step(made: Collections, twins: Twins, verb: string, argument: unknown, asAction: boolean): Twins {
  // Each its own: the peer changes rows that it is given, in place.
  const given = (): unknown => {
    const own = structuredClone(argument);
    return asAction ? { type: 'books/changed', payload: own } : own;
  };
  return {
    ours: verbsOf(made.adapter(books))[verb]!(twins.ours, given()) as CollectionsState,
    sorted: verbsOf(theirs)[verb]!(twins.sorted, given()) as EntityState<Book, string>,
    unsorted: verbsOf(theirsUnsorted)[verb]!(twins.unsorted, given()) as EntityState<Book, string>,
  };
}

describe('the verbs and selectors of createEntityAdapter', () => {
  test('S2.16 mean the same, in any sequence', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(operation, fc.boolean()), { maxLength: 25, size: 'max' }), (sequence) => {
        const made = createCollections([books]);
        const select = made.adapter(books).getSelectors();
        const selectSorted = made.adapter(books, byYear).getSelectors((state: Twins) => state.ours);
        const selectTheirs = theirs.getSelectors((state: Twins) => state.sorted);
        let twins: Twins = {
          ours: made.initial,
          sorted: theirs.getInitialState(),
          unsorted: theirsUnsorted.getInitialState(),
        };
        for (const [{ verb, argument }, asAction] of sequence) {
          twins = step(made, twins, verb, argument, asAction);
          expect(selectSorted.selectAll(twins)).toEqual(selectTheirs.selectAll(twins));
          expect(selectSorted.selectIds(twins)).toEqual(selectTheirs.selectIds(twins));
          expect({ ...select.selectEntities(twins.ours) }).toEqual(twins.unsorted.entities);
          expect(select.selectIds(twins.ours).toSorted()).toEqual(twins.unsorted.ids.toSorted());
          expect(select.selectTotal(twins.ours)).toBe(twins.unsorted.ids.length);
          for (const each of ['b0', 'b5', 'nobody']) {
            expect(select.selectById(twins.ours, each)).toEqual(selectTheirs.selectById(twins, each));
          }
          const wanted = ['b3', 'nobody', 'b1', 'b3'];
          expect(selectSorted.selectByIds(twins, wanted)).toEqual(selectTheirs.selectByIds(twins, wanted));
        }
      }),
      { seed: printedSeed('verbs against createEntityAdapter'), numRuns: 1500 },
    );
  });

  const made = createCollections([books]);
  const adapter = made.adapter(books);
  const select = adapter.getSelectors();
  const emma: Book = { id: 'emma', title: 'Emma', year: 1815, version: 3 };

  test('S2.16 a verb compares no versions and leaves no tombstone', () => {
    const state = adapter.setOne(adapter.addOne(made.initial, emma), { ...emma, version: 1, title: 'older' });
    expect(select.selectById(state, 'emma')?.title).toBe('older');
    const back = made.confirm(adapter.removeAll(state), [{ collection: 'books', row: emma }]).state;
    expect(select.selectById(back, 'emma')).toBe(emma);
    const buried = made.confirm(back, [{ collection: 'books', id: 'emma', removed: true }]).state;
    expect(select.selectById(adapter.addOne(buried, emma), 'emma')).toBe(emma);
  });

  test('S2.16 a verb that changes nothing returns the state it was given', () => {
    const state = adapter.addOne(made.initial, emma);
    expect(adapter.addOne(state, { ...emma, title: 'again' })).toBe(state);
    expect(adapter.updateOne(state, { id: 'emma', changes: { title: 'Emma' } })).toBe(state);
    expect(adapter.updateOne(state, { id: 'nobody', changes: { title: 'x' } })).toBe(state);
    expect(adapter.upsertOne(state, { ...emma })).toBe(state);
    expect(adapter.setAll(state, [emma])).toBe(state);
    expect(adapter.removeMany(state, ['nobody'])).toBe(state);
    expect(adapter.removeMany(state, { where: {} })).toBe(state);
  });

  test('S2.14 hostile ids are ids: a verb on "toString" touches no prototype', () => {
    const hostile = ['toString', '__proto__', 'constructor'];
    expect(
      adapter.updateMany(
        made.initial,
        hostile.map((each) => ({ id: each, changes: { title: 'x' } })),
      ),
    ).toBe(made.initial);
    const state = adapter.addMany(
      made.initial,
      hostile.map((each) => ({ ...emma, id: each })),
    );
    expect(select.selectIds(state)).toEqual(hostile);
    expect(Object.keys(select.selectEntities(state))).toEqual(hostile);
    expect(select.selectEntities(made.initial)['toString']).toBeUndefined();
    expect(select.selectById(made.initial, 'constructor')).toBeUndefined();
    expect('title' in Object.prototype).toBe(false);
    expect('title' in Object.prototype.toString).toBe(false);
  });

  test('S2.17 a selector gives the same object while nothing in it changed', () => {
    const other = { ...emma, id: 'other' };
    const state = adapter.addMany(made.initial, [emma, other]);
    const same = made.confirm(made.cover(state, 'books', 'complete'), [
      { collection: 'books', id: 'x', removed: true, version: 1 },
    ]).state;
    expect(same).not.toBe(state);
    for (const read of [select.selectAll, select.selectIds, select.selectEntities]) {
      const before = read(state);
      expect(read(state)).toBe(before);
      expect(read(same)).toBe(before);
    }
    const titled = adapter.updateOne(state, { id: 'emma', changes: { title: 'Emma II' } });
    expect(select.selectIds(titled)).toBe(select.selectIds(state));
    const both = select.selectByIds(state, ['other']);
    expect(select.selectByIds(titled, ['other'])).toBe(both);
    expect(select.selectById(titled, 'other')).toBe(other);
  });

  test('S2.17 selectors show what is visible', () => {
    const state = made.overlay(adapter.addOne(made.initial, emma), [
      { collection: 'books', id: 'emma', row: null },
      { collection: 'books', id: 'new', row: { ...emma, id: 'new' } },
      { collection: 'books', id: 'newer', row: { ...emma, id: 'newer' } },
    ]).state;
    expect(select.selectTotal(state)).toBe(2);
    expect(select.selectIds(state)).toEqual(['new', 'newer']);
    expect(select.selectById(state, 'emma')).toBeUndefined();
  });
});
