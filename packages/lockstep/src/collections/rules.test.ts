import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collection, compose, LockstepError } from '../core/index.ts';
import type { LockstepErrorCode, Row } from '../core/index.ts';
import { printedSeed } from '../testing/index.ts';
import { createCollections } from './index.ts';
import type { CollectionsState, ConfirmedChange } from './index.ts';
import { TOMBSTONES_KEPT } from './tombstones.ts';

interface User {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly role?: string;
}

interface Note {
  readonly id: string;
  readonly text: string;
  readonly author?: { readonly id: string; readonly name: string; readonly version?: number } | null;
  readonly likedBy?: readonly { readonly id: string; readonly name: string }[];
}

const users = collection('users', { id: (user: User) => user.id, version: (user) => user.version });
const notes = collection('notes', { id: (note: Note) => note.id, nested: { author: users, likedBy: users } });
const collections = createCollections([users, notes]);

const user = (id: string, version: number, name = `${id} at ${version}`): User => ({ id, version, name });
const told = (row: Row, more: Partial<ConfirmedChange> = {}): ConfirmedChange => ({
  collection: 'users',
  row,
  ...more,
});
const gone = (id: string, version?: number): ConfirmedChange => ({
  collection: 'users',
  id,
  removed: true,
  ...(version === undefined ? {} : { version }),
});
const noted = (row: Note, startedAt?: number): ConfirmedChange => ({
  collection: 'notes',
  row,
  ...(startedAt === undefined ? {} : { startedAt }),
});
const after = (...changes: readonly ConfirmedChange[]): CollectionsState =>
  changes.reduce((state, change) => collections.confirm(state, [change]).state, collections.initial);
const shown = (state: CollectionsState, id: string): User | undefined => collections.get(state, users, id);

function codeOf(work: () => unknown): LockstepErrorCode | null {
  try {
    work();
  } catch (error) {
    if (error instanceof LockstepError) return error.code;
    throw error;
  }
  return null;
}

describe('confirmed rows', () => {
  test('S2.3 a row gives way to a higher version only, and keeps its identity otherwise', () => {
    const state = after(told(user('a', 3)));
    const row = shown(state, 'a');
    for (const late of [user('a', 3, 'other'), user('a', 2)]) {
      const step = collections.confirm(state, [told(late)]);
      expect(step.state).toBe(state);
      expect(step.changeSet).toEqual([]);
    }
    const next = collections.confirm(state, [told(user('a', 4))]);
    expect(next.changeSet).toEqual([{ collection: 'users', id: 'a', from: row, to: user('a', 4) }]);
    expect(collections.versionOf(next.state, 'users', 'a')).toBe(4);
    expect(collections.versionOf(next.state, 'users', 'b')).toBeNull();
  });

  test('S2.4 a removed row comes back under a higher version only, and a removal that is late does nothing', () => {
    const removed = after(told(user('a', 3)), gone('a', 4));
    expect(shown(removed, 'a')).toBeUndefined();
    expect(shown(collections.confirm(removed, [told(user('a', 4))]).state, 'a')).toBeUndefined();
    expect(shown(collections.confirm(removed, [told(user('a', 5))]).state, 'a')).toEqual(user('a', 5));
    const newer = after(told(user('a', 7)));
    expect(collections.confirm(newer, [gone('a', 6)]).state).toBe(newer);
    const early = after(gone('b', 4));
    expect(shown(collections.confirm(early, [told(user('b', 3))]).state, 'b')).toBeUndefined();
    const unversioned = after(told(user('c', 3)), gone('c'));
    expect(shown(collections.confirm(unversioned, [told(user('c', 3))]).state, 'c')).toBeUndefined();
    expect(shown(collections.confirm(unversioned, [told(user('c', 4))]).state, 'c')).toBeDefined();
  });

  test('S2.5 the removals of late are remembered, a bounded number of them', () => {
    let state = after(told(user('first', 1)), gone('first', 2));
    const remove = (count: number, name: string): void => {
      for (let at = 0; at < count; at += 1)
        state = collections.confirm(state, [gone(`${name}${at}`, 2)]).state;
    };
    const isRemembered = (id: string): boolean =>
      shown(collections.confirm(state, [told(user(id, 1))]).state, id) === undefined;
    remove(TOMBSTONES_KEPT - 1, 'some');
    expect(isRemembered('first')).toBe(true);
    remove(100, 'more');
    expect(isRemembered('first')).toBe(false);
    expect(isRemembered('some100')).toBe(true);
    const { older, recent } = state['users']!.tombstones;
    expect(older.flat().length + recent.length).toBeLessThanOrEqual(TOMBSTONES_KEPT + 32);
    state = JSON.parse(JSON.stringify(state)) as CollectionsState;
    expect(isRemembered('some100')).toBe(true);
    expect(isRemembered('first')).toBe(false);
  });

  test('S2.3 S2.4 any words in any order leave what the rule of versions leaves', () => {
    const id = fc.constantFrom('a', 'b', 'c', '__proto__');
    const version = fc.integer({ min: 1, max: 9 });
    const word = fc.oneof(
      fc.record({ id, version, gone: fc.constant(false) }),
      fc.record({ id, version, gone: fc.constant(true) }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(word, { maxLength: 4 }), { maxLength: 12 }), (batches) => {
        let state = collections.initial;
        const rows = new Map<string, number>();
        const graves = new Map<string, number>();
        for (const batch of batches) {
          const changes = batch.map((each) =>
            each.gone ? gone(each.id, each.version) : told(user(each.id, each.version)),
          );
          state = collections.confirm(state, changes).state;
          for (const each of batch) {
            const known = rows.get(each.id) ?? graves.get(each.id) ?? 0;
            if (each.gone && each.version >= (rows.get(each.id) ?? 0)) {
              rows.delete(each.id);
              graves.set(each.id, Math.max(each.version, graves.get(each.id) ?? 0));
            } else if (!each.gone && each.version > known) rows.set(each.id, each.version);
          }
          for (const name of ['a', 'b', 'c', '__proto__']) {
            expect(collections.versionOf(state, 'users', name)).toBe(rows.get(name) ?? null);
          }
        }
      }),
      { seed: printedSeed('the rule of versions'), numRuns: 2000 },
    );
  });

  test('S2.6 without versions the answer that was asked for last wins, and an equal row keeps its identity', () => {
    const first = { id: 'n', text: 'first' };
    const state = after(noted(first, 5));
    const late = collections.confirm(state, [noted({ id: 'n', text: 'late' }, 4)]);
    expect(late.state).toBe(state);
    const equal = collections.confirm(state, [noted({ id: 'n', text: 'first' }, 6)]);
    expect(collections.get(equal.state, notes, 'n')).toBe(collections.get(state, notes, 'n'));
    expect(equal.changeSet).toEqual([]);
    expect(collections.confirm(equal.state, [noted({ id: 'n', text: 'asked for before' }, 5)]).state).toBe(
      equal.state,
    );
    const event = collections.confirm(equal.state, [noted({ id: 'n', text: 'event' })]).state;
    expect(collections.get(event, notes, 'n')?.text).toBe('event');
    const removed = collections.confirm(event, [
      { collection: 'notes', id: 'n', removed: true, startedAt: 8 },
    ]).state;
    expect(
      collections.get(collections.confirm(removed, [noted(first, 7)]).state, notes, 'n'),
    ).toBeUndefined();
    expect(collections.get(collections.confirm(removed, [noted(first, 9)]).state, notes, 'n')).toEqual(first);
    expect(collections.get(collections.confirm(removed, [noted(first)]).state, notes, 'n')).toEqual(first);
    expect(
      collections.confirm(state, [{ collection: 'notes', id: 'n', removed: true, startedAt: 4 }]).state,
    ).toBe(state);
  });

  test('S2.7 a part of a row fills gaps, and replaces fields under a higher version only', () => {
    const part = after(told({ id: 'a', name: 'Part' }, { partial: true }));
    expect(shown(part, 'a')).toEqual({ id: 'a', name: 'Part' });
    expect(collections.isPartial(part, 'users', 'a')).toBe(true);
    const more = collections.confirm(part, [
      told({ id: 'a', name: 'Other', role: 'host' }, { partial: true }),
    ]).state;
    expect(shown(more, 'a')).toEqual({ id: 'a', name: 'Part', role: 'host' });
    const whole = collections.confirm(more, [told(user('a', 2, 'Whole'))]).state;
    expect(shown(whole, 'a')).toEqual(user('a', 2, 'Whole'));
    expect(collections.isPartial(whole, 'users', 'a')).toBe(false);
    for (const stale of [
      { id: 'a', name: 'x', extra: 1 },
      { id: 'a', name: 'x', version: 2 },
    ]) {
      expect(collections.confirm(whole, [told(stale, { partial: true })]).state).toBe(whole);
    }
    const newer = collections.confirm(whole, [
      told({ id: 'a', name: 'Newer', version: 3 }, { partial: true }),
    ]).state;
    expect(shown(newer, 'a')).toEqual({ id: 'a', name: 'Newer', version: 3 });
    expect(collections.isPartial(newer, 'users', 'a')).toBe(true);
    expect(shown(collections.confirm(newer, [told(user('a', 3, 'Same'))]).state, 'a')).toEqual(
      user('a', 3, 'Same'),
    );
    const older = collections.confirm(newer, [told({ ...user('a', 2), role: 'host' })]).state;
    expect(shown(older, 'a')).toEqual({ id: 'a', name: 'Newer', version: 3, role: 'host' });
    const byEnvelope = collections.confirm(whole, [
      told({ id: 'a', name: 'E' }, { partial: true, version: 9 }),
    ]).state;
    expect(shown(byEnvelope, 'a')).toEqual({ id: 'a', name: 'E', version: 2 });
  });

  test('S2.7 parts stay with their rows when rows move into holes', () => {
    let state = after(
      told({ id: 'part', name: 'p' }, { partial: true }),
      told(user('whole', 1)),
      told(user('x', 1)),
    );
    state = collections.confirm(state, [gone('whole', 2)]).state;
    expect(['part', 'x'].map((id) => collections.isPartial(state, 'users', id))).toEqual([true, false]);
    state = collections.confirm(state, [gone('part', 2)]).state;
    expect(collections.isPartial(state, 'users', 'x')).toBe(false);
  });

  test('S2.8 rows embedded in other rows are taken out, as parts', () => {
    const note: Note = {
      id: 'n',
      text: 't',
      author: { id: 'a', name: 'Ada' },
      likedBy: [{ id: 'b', name: 'Ben' }],
    };
    const step = collections.confirm(collections.initial, [noted(note, 1)]);
    expect(shown(step.state, 'a')).toEqual({ id: 'a', name: 'Ada' });
    expect(shown(step.state, 'b')).toEqual({ id: 'b', name: 'Ben' });
    expect(collections.isPartial(step.state, 'users', 'a')).toBe(true);
    expect(step.changeSet.map((change) => change.id)).toEqual(['n', 'a', 'b']);
    const known = after(told(user('a', 5, 'Ada Lovelace')));
    const again = collections.confirm(known, [
      noted({ ...note, author: { id: 'a', name: 'Old', version: 4 } }),
    ]).state;
    expect(shown(again, 'a')?.name).toBe('Ada Lovelace');
    const newer = collections.confirm(known, [
      noted({ ...note, author: { id: 'a', name: 'New', version: 6 } }),
    ]).state;
    expect(shown(newer, 'a')?.name).toBe('New');
    expect(shown(collections.confirm(known, [noted({ ...note, author: null })]).state, 'a')?.name).toBe(
      'Ada Lovelace',
    );
  });

  test('S2.11 a step that fails leaves no trace', () => {
    const state = after(told(user('a', 1)), told(user('b', 1)));
    const view = collections.view({ collection: users });
    const before = view.read(state);
    expect(() => collections.confirm(state, [told(user('c', 1)), gone('a', 2), told({ id: 7 })])).toThrow(
      LockstepError,
    );
    expect(view.read(state)).toBe(before);
    expect(shown(state, 'c')).toBeUndefined();
    expect(shown(state, 'a')).toEqual(user('a', 1));
    const throwing = collection('users', {
      id: (row: User) => row.id,
      version(row) {
        if (row.name === 'bad') throw new Error('bad row');
        return row.version;
      },
    });
    const others = createCollections([throwing]);
    const loaded = others.load({
      format: 1,
      collections: { users: { ...after(told(user('a', 1, 'bad')))['users']! } },
    });
    expect(() => others.confirm(loaded, [told(user('z', 1)), told(user('a', 2))])).toThrow('bad row');
    expect(others.get(loaded, throwing, 'z')).toBeUndefined();
    expect(others.view({ collection: throwing }).read(loaded).total).toBe(1);
  });

  test('S2.12 rows that are released go without a tombstone, those with an overlay stay', () => {
    const state = collections.overlay(after(told(user('a', 1)), told(user('b', 1))), [
      { collection: 'users', id: 'b', row: user('b', 1, 'mine') },
    ]).state;
    const keys = ['a', 'b', 'unknown'].map((id) => ({ collection: 'users', id }));
    const released = collections.release(state, keys);
    expect(released.changeSet).toEqual([{ collection: 'users', id: 'a', from: user('a', 1), to: null }]);
    expect(shown(released.state, 'b')?.name).toBe('mine');
    expect(shown(collections.confirm(released.state, [told(user('a', 1))]).state, 'a')).toEqual(user('a', 1));
  });

  test('S2.13 a snapshot holds what is confirmed and brings it back', () => {
    const confirmed = after(told(user('a', 1)), told(user('b', 2)), gone('b', 3));
    const state = collections.overlay(confirmed, [{ collection: 'users', id: 'a', row: null }]).state;
    const snapshot = JSON.parse(JSON.stringify(collections.snapshot(state))) as ReturnType<
      typeof collections.snapshot
    >;
    const loaded = collections.load(snapshot);
    expect(loaded).toEqual(confirmed);
    expect(shown(loaded, 'a')).toEqual(user('a', 1));
    expect(shown(collections.confirm(loaded, [told(user('b', 3))]).state, 'b')).toBeUndefined();
    const fewer = createCollections([notes, users]).load({
      format: 1,
      collections: { users: snapshot.collections['users']!, gone: snapshot.collections['users']! },
    });
    expect(Object.keys(fewer).toSorted()).toEqual(['notes', 'users']);
    expect(fewer['notes']).toEqual(collections.initial['notes']);
    expect(codeOf(() => collections.load({ ...snapshot, format: 2 as 1 }))).toBe('snapshot-format');
  });

  test('S2.13 a state of before a collection was declared has none of its rows', () => {
    const { notes: _, ...older } = after(told(user('a', 1)));
    expect(collections.get(older, notes, 'n')).toBeUndefined();
    expect(collections.view({ collection: notes }).read(older).total).toBe(0);
    expect(
      collections.get(collections.confirm(older, [noted({ id: 'n', text: '' })]).state, notes, 'n'),
    ).toBeDefined();
  });

  test('S2.14 ids are hostile and mean nothing but themselves', () => {
    const hostile = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', ' ', '\u0000'];
    expect(hostile.map((id) => shown(collections.initial, id))).toEqual(hostile.map(() => undefined));
    let state = after(...hostile.map((id) => told(user(id, 1))));
    expect(hostile.map((id) => shown(state, id)?.id)).toEqual(hostile);
    state = collections.overlay(state, [
      { collection: 'users', id: '__proto__', row: user('__proto__', 1, 'mine') },
    ]).state;
    expect(shown(state, '__proto__')?.name).toBe('mine');
    state = collections.confirm(
      state,
      hostile.map((id) => gone(id)),
    ).state;
    expect(hostile.map((id) => collections.confirmed(state, users, id))).toEqual(
      hostile.map(() => undefined),
    );
    expect(({} as Record<string, unknown>)['name']).toBeUndefined();
    const polluting = JSON.parse('{"id":"p","version":1,"name":"n","__proto__":{"role":"admin"}}') as User;
    expect(shown(after(told(polluting)), 'p')?.role).toBeUndefined();
  });

  test.each<[LockstepErrorCode, () => unknown]>([
    ['collection-name', () => collection('__proto__', { id: (row: User) => row.id })],
    ['collection-name', () => collection('', { id: (row: User) => row.id })],
    [
      'collection-twice',
      () => createCollections([users, collection('users', { id: (row: User) => row.id })]),
    ],
    [
      'collection-unknown',
      () => collections.confirm(collections.initial, [{ collection: 'posts', row: { id: 'a' } }]),
    ],
    ['collection-unknown', () => collections.get(collections.initial, 'constructor', 'a')],
    ['row-id', () => after(told({ version: 1 }))],
    ['row-id', () => after(told({ id: 5, version: 1 }))],
    ['row-id', () => after(told({ id: '', version: 1 }))],
    ['row-version', () => after(told({ id: 'a' }))],
    ['row-version', () => after(told({ id: 'a', version: '7' }))],
    ['row-version', () => after(told({ id: 'a', version: NaN }))],
  ])('S2.15 misuse is an error that tells the remedy: %s', (code, work) => {
    expect(codeOf(work)).toBe(code);
    expect(work).toThrow(/expected .+; received .+\. .+\. \([a-z-]+\)$/);
  });

  test('S2.19 in development rows are frozen through and through', () => {
    const state = after(told({ ...user('a', 1), preferences: { theme: 'dark' } }));
    const row = shown(state, 'a') as User & { preferences: { theme: string } };
    expect(() => Object.assign(row, { name: 'x' })).toThrow(TypeError);
    expect(() => Object.assign(row.preferences, { theme: 'x' })).toThrow(TypeError);
  });

  test('S2.20 coverage is partial until it is said to be complete', () => {
    const state = after(told(user('a', 1)));
    expect(collections.coverage(state, 'users')).toBe('partial');
    const complete = collections.cover(state, 'users', 'complete');
    expect(collections.coverage(complete, 'users')).toBe('complete');
    expect(collections.coverage(complete, 'notes')).toBe('partial');
    expect(collections.cover(complete, 'users', 'complete')).toBe(complete);
    expect(collections.confirm(complete, [told(user('b', 1))]).state['users']!.coverage).toBe('complete');
  });
});

describe('the overlay', () => {
  const confirmed = after(told(user('a', 1)), told(user('b', 1)));
  const overlay = (
    state: CollectionsState,
    id: string,
    row: User | null | undefined,
  ): ReturnType<typeof collections.overlay> => collections.overlay(state, [{ collection: 'users', id, row }]);

  test('S2.9 stands in front of the confirmed row, which comes back by reference', () => {
    const row = shown(confirmed, 'a');
    const mine = overlay(confirmed, 'a', user('a', 1, 'mine'));
    expect(shown(mine.state, 'a')?.name).toBe('mine');
    expect(collections.confirmed(mine.state, users, 'a')).toBe(row);
    const hidden = overlay(mine.state, 'a', null);
    expect(shown(hidden.state, 'a')).toBeUndefined();
    const added = overlay(hidden.state, 'new', user('new', 0));
    expect(shown(added.state, 'new')).toEqual(user('new', 0));
    const back = overlay(overlay(added.state, 'a', undefined).state, 'new', undefined);
    expect(shown(back.state, 'a')).toBe(row);
    expect(back.state['users']!.overlay).toBe(collections.initial['users']!.overlay);
    expect(back.state['users']!.rows).toBe(confirmed['users']!.rows);
  });

  test('S2.9 an entry that differs in nothing is none', () => {
    expect(overlay(confirmed, 'a', shown(confirmed, 'a')).state).toBe(confirmed);
    expect(overlay(confirmed, 'unknown', undefined).state).toBe(confirmed);
    expect(overlay(confirmed, 'unknown', null).changeSet).toEqual([]);
  });

  test('S2.10 change sets speak of visible rows, and compose', () => {
    const mine = user('a', 1, 'mine');
    const first = overlay(confirmed, 'a', mine);
    expect(first.changeSet).toEqual([{ collection: 'users', id: 'a', from: user('a', 1), to: mine }]);
    const theirs = collections.confirm(first.state, [told(user('a', 2)), told(user('b', 2))]);
    expect(theirs.changeSet).toEqual([
      { collection: 'users', id: 'b', from: user('b', 1), to: user('b', 2) },
    ]);
    expect(theirs.confirmed.map((change) => change.id)).toEqual(['a', 'b']);
    const last = overlay(theirs.state, 'a', undefined);
    const composed = compose(compose(first.changeSet, theirs.changeSet), last.changeSet);
    expect(composed.find((change) => change.id === 'a')).toEqual({
      collection: 'users',
      id: 'a',
      from: user('a', 1),
      to: user('a', 2),
    });
  });
});
