// @vitest-environment node
import { expect, test } from 'vitest';
import { initialsOf, TINTS, tintOf } from './initials.ts';

test.each([
  ['Ada Lovelace', 'AL'],
  ['ada', 'A'],
  ['Jean-Luc de la Tour', 'JT'],
  ['Ольга Смирнова', 'ОС'],
  ['Ώρα Νίκου', 'ΏΝ'],
  ['田中 美咲', '田'],
  ['محمد الفاسي', 'م'],
  ['김서연', '김'],
  ['क्षमा शर्मा', 'क्ष'],
  ['  (Dr.)  Øyvind   Ås ', 'DÅ'],
  ['<img onerror=alert(1)>', 'IO'],
  ["Samuel O'Brien", 'SO'],
  ['🎉 Party', 'P'],
  ['42', ''],
  ['', ''],
])('the initials of %o are %o', (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});

test('a combined letter is kept whole', () => {
  expect(initialsOf('e\u0301lodie')).toBe('E\u0301');
});

test('a person keeps one tint, and many people use them all', () => {
  expect(tintOf('abc')).toBe(tintOf('abc'));
  const tints = new Set(Array.from({ length: 200 }, (_, number) => tintOf(`person-${number}`)));
  expect(tints.size).toBe(TINTS);
});
