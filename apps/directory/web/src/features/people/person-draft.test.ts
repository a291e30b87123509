// @vitest-environment node
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { aPerson } from '../../testing/fake-server.ts';
import { changedFields, changesOf, fieldErrors, rebase, settle, valuesOf } from './person-draft.ts';

const base = valuesOf(aPerson(1, { name: 'Ann' }));

test('G9 only what was changed is sent, and of the preferences only those that were', () => {
  expect(changesOf(base, base)).toEqual({});
  expect(changesOf(base, { ...base, theme: 'dark' })).toEqual({ preferences: { theme: 'dark' } });
  expect(
    changesOf(base, { ...base, name: 'Anna', role: 'admin', notifications: false, language: 'de' }),
  ).toEqual({
    name: 'Anna',
    role: 'admin',
    preferences: { language: 'de', notifications: false },
  });
});

test('F18 what others change elsewhere is followed silently', () => {
  const mine = { ...base, name: 'Anna' };
  const next = rebase(base, mine, { ...base, email: 'new@example.org' });
  expect(next.conflicts).toEqual([]);
  expect(next.values).toEqual({ ...mine, email: 'new@example.org' });
  expect(changesOf(next.base, next.values)).toEqual({ name: 'Anna' });
});

test('F18 the same field changed by both waits for a choice, and goes on waiting as others go on', () => {
  const mine = { ...base, name: 'Anna' };
  const first = rebase(base, mine, { ...base, name: 'Annie' });
  expect(first.conflicts).toEqual([{ field: 'name', theirs: 'Annie' }]);
  expect(first.values.name).toBe('Anna');
  const second = rebase(first.base, first.values, { ...base, name: 'Annabel', language: 'de' });
  expect(second.conflicts).toEqual([{ field: 'name', theirs: 'Annabel' }]);
  expect(second.values).toMatchObject({ name: 'Anna', language: 'de' });
});

test('both having changed a field to the same value is no conflict and nothing left to save', () => {
  const mine = { ...base, name: 'Anna' };
  const next = rebase(base, mine, mine);
  expect(next).toEqual({ base: mine, values: mine, conflicts: [] });
});

test('after a save the form rests on the answer, and keeps what was typed since', () => {
  const sent = { ...base, name: ' Anna ', email: 'anna@example.org' };
  const answer = { ...sent, name: 'Anna' };
  expect(settle(base, sent, sent, answer)).toEqual({ base: answer, values: answer });
  const since = { ...sent, name: ' Anna B', role: 'admin' as const };
  const settled = settle(base, since, sent, answer);
  expect(settled.values).toEqual({ ...answer, name: ' Anna B', role: 'admin' });
  expect(changedFields(settled.base, settled.values)).toEqual(['name', 'role']);
});

test('carrying over never loses an edit, never invents one, and ends where it began when nothing was typed', () => {
  const person = fc.record({
    name: fc.constantFrom('A', 'B', 'C'),
    email: fc.constantFrom('a', 'b', 'c'),
    role: fc.constantFrom('admin', 'moderator', 'user'),
    language: fc.constantFrom('en', 'de', 'ar'),
    theme: fc.constantFrom('light', 'dark'),
    notifications: fc.boolean(),
  });
  fc.assert(
    fc.property(person, person, person, (from, mine, latest) => {
      const { base: nextBase, values, conflicts } = rebase(from, mine, latest);
      const inConflict = new Set(conflicts.map(({ field }) => field));
      for (const field of changedFields(from, mine)) expect(values[field]).toBe(mine[field]);
      for (const field of changedFields(nextBase, values)) expect(changedFields(from, mine)).toContain(field);
      for (const field of changedFields(nextBase, latest)) expect(inConflict.has(field)).toBe(true);
      expect(rebase(from, from, latest)).toEqual({ base: latest, values: latest, conflicts: [] });
    }),
  );
});

test('complaints of the server stand beside their fields; the others are kept', () => {
  expect(
    fieldErrors([
      { path: '/name', message: 'too long' },
      { path: '/name', message: 'second' },
      { path: '/preferences/language', message: 'no tag' },
      { path: 'toString', message: 'odd' },
    ]),
  ).toEqual({ byField: { name: 'too long', language: 'no tag' }, others: ['odd'] });
});
