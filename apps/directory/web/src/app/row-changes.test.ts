// @vitest-environment node
import { expect, test } from 'vitest';
import { aPerson } from '../testing/fake-server.ts';
import type { PersonChange } from './row-changes.ts';
import { answeredChange, changeList, readChanges } from './row-changes.ts';
import type { Person, UsersPage } from './types.ts';

const NOW = Date.parse('2026-01-02T12:00:00.000Z');

const page = (users: readonly Person[], more: Partial<UsersPage> = {}): UsersPage => ({
  users,
  total: users.length,
  hasMore: false,
  nextCursor: null,
  offset: 10,
  arrivals: [],
  ...more,
});

const change = (after: Person | null, before: Person | null | undefined, offset = 11): PersonChange => ({
  id: (after ?? before)?.id ?? '',
  version: after?.version ?? (before?.version ?? 0) + 1,
  after,
  before,
  offset,
});

const edited = (person: Person, more: Partial<Person>): Person => ({
  ...person,
  ...more,
  version: person.version + 1,
});

const ann = aPerson(1, { name: 'Ann' });
const bob = aPerson(2, { name: 'Bob' });
const eve = aPerson(3, { name: 'Eve', role: 'admin' });

test('G10 a changed row is replaced where it stands; all other rows and pages keep their identity', () => {
  const pages = [page([ann, bob]), page([eve], { total: 3 })];
  const bobNow = edited(bob, { name: 'Robert' });
  const next = changeList(pages, {}, [change(bobNow, bob)], NOW);
  expect(next[0]?.users).toEqual([ann, bobNow]);
  expect(next[0]?.users[0]).toBe(ann);
  expect(next[1]?.users).toBe(pages[1]?.users);
});

test('G42 an older change does nothing, and the very same pages come back', () => {
  const pages = [page([edited(bob, { name: 'Newer' })])];
  expect(changeList(pages, {}, [change({ ...bob, name: 'Older' }, bob)], NOW)).toBe(pages);
});

test('G28 a deletion moves the total by one, whether or not the row is loaded, and its echo does not', () => {
  const pages = [page([ann, bob], { total: 50 })];
  const gone = change(null, bob, 11);
  const once = changeList(pages, {}, [gone], NOW);
  expect(once[0]).toMatchObject({ users: [ann], total: 49 });
  expect(changeList(once, {}, [gone], NOW)).toBe(once);
  expect(changeList(pages, {}, [change(null, eve)], NOW)[0]).toMatchObject({ users: [ann, bob], total: 49 });
});

test('a person who leaves the filter leaves the list; one who comes into it is announced and does not push rows', () => {
  const pages = [page([bob], { total: 1 })];
  const left = changeList(pages, { role: 'user' }, [change(edited(bob, { role: 'admin' }), bob)], NOW);
  expect(left[0]).toMatchObject({ users: [], total: 0 });
  const came = changeList(pages, { role: 'user' }, [change(edited(eve, { role: 'user' }), eve)], NOW);
  expect(came[0]).toMatchObject({ users: [bob], total: 2, arrivals: [eve.id] });
});

test('somebody announced who leaves again is not announced any more, on whichever page that was noted', () => {
  const pages = [page([bob], { arrivals: [eve.id] }), page([ann], { total: 3 })];
  const next = changeList(pages, {}, [change(null, eve)], NOW);
  expect(next.map(({ arrivals }) => arrivals)).toEqual([[], []]);
  expect(next[1]?.total).toBe(2);
});

test('changes that the answer has already seen move neither total nor arrivals', () => {
  const pages = [page([bob], { offset: 20, total: 7 })];
  expect(changeList(pages, {}, [change(eve, null, 20)], NOW)).toBe(pages);
});

test('where the server does not say what was before, the row changes and the total stays', () => {
  const bobNow = edited(bob, { name: 'Robert' });
  const next = changeList([page([bob], { total: 9 })], {}, [change(bobNow, undefined)], NOW);
  expect(next[0]).toMatchObject({ users: [bobNow], total: 9 });
});

test('F6 an answer before its echo: the row stays under the eye, and leaves with the echo if it no longer belongs', () => {
  const promoted = edited(bob, { role: 'admin' });
  const answered = changeList([page([bob], { total: 1 })], { role: 'user' }, [answeredChange(promoted)], NOW);
  expect(answered[0]).toMatchObject({ users: [promoted], total: 1, offset: 10 });
  const echoed = changeList(answered, { role: 'user' }, [change(promoted, bob)], NOW);
  expect(echoed[0]).toMatchObject({ users: [], total: 0 });
});

test('F6 the echo of a version that is held already leaves the very same pages, so nothing is drawn again', () => {
  const now = edited(bob, { name: 'Robert' });
  const answered = changeList([page([bob])], {}, [answeredChange(now)], NOW);
  expect(changeList(answered, {}, [change({ ...now }, bob)], NOW)).toBe(answered);
});

test('two changes of one row in one batch end in the later one', () => {
  const first = edited(bob, { name: 'First' });
  const second = edited(first, { name: 'Second' });
  const next = changeList([page([bob])], {}, [change(first, bob, 11), change(second, first, 12)], NOW);
  expect(next[0]).toMatchObject({ users: [second], total: 1, offset: 12 });
});

test('the feed is read with a position for each change, gaps of unreadable ones included, and the row as it was before', () => {
  const at = '2026-01-02T12:00:00.000Z';
  const now = edited(bob, { name: 'Robert' });
  const common = { entity: 'user', actor: null, at };
  const read = readChanges(
    [
      { op: 'none' },
      {
        ...common,
        id: bob.id,
        op: 'update',
        version: 2,
        row: { ...now },
        before: { name: 'Bob', version: 1 },
      },
      { ...common, entity: 'session', id: 'x', op: 'insert', version: 1, row: {} },
      { ...common, id: eve.id, op: 'delete', version: 2, before: { ...eve } },
    ] as Parameters<typeof readChanges>[0],
    40,
  );
  expect(read).toEqual([
    { id: bob.id, version: 2, after: now, before: bob, offset: 38 },
    { id: eve.id, version: 2, after: null, before: eve, offset: 40 },
  ]);
});

test('hostile ids are ids like all others', () => {
  const odd = aPerson(4, { id: '__proto__' });
  const next = changeList(
    [page([odd, aPerson(5, { id: 'toString' })])],
    {},
    [change(edited(odd, { name: 'Odd' }), odd)],
    NOW,
  );
  expect(next[0]?.users.map(({ name }) => name)).toEqual(['Odd', 'Person 5']);
});
