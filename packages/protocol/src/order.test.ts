import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareText } from './order.ts';

const text = fc.string({ unit: 'binary' });

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}

test('D10: orders well-formed text as its UTF-8 bytes are ordered', () => {
  fc.assert(
    fc.property(text, text, text, (shared, a, b) => {
      expect(Math.sign(compareText(shared + a, shared + b))).toBe(compareBytes(shared + a, shared + b));
    }),
    { numRuns: 5000 },
  );
});

test('D10: puts U+1F600 after U+FF5E, where UTF-16 units put it before', () => {
  expect(['～', '😀'].toSorted()).toEqual(['😀', '～']);
  expect(compareText('😀', '～')).toBeGreaterThan(0);
});

test('is a total order on any strings, lone surrogates included', () => {
  const units = fc.string({ unit: fc.constantFrom('a', '\ud800', '\udc00', '\ue000', '\uffff', 'é') });
  fc.assert(
    fc.property(units, units, units, (a, b, c) => {
      expect(Math.sign(compareText(a, b))).toBe(-Math.sign(compareText(b, a)) + 0);
      expect(compareText(a, b) === 0).toBe(a === b);
      if (compareText(a, b) <= 0 && compareText(b, c) <= 0) expect(compareText(a, c)).toBeLessThanOrEqual(0);
    }),
  );
});
