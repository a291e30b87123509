import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createUuidv7, isUuidv7, timeOfUuidv7, uuidv7 } from './uuid.ts';

const bytes = fc.uint8Array({ minLength: 10, maxLength: 16 });
const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const seeded = (fill: number) => (count: number) => new Uint8Array(count).fill(fill);

describe('uuidv7', () => {
  test('reproduces the example of RFC 9562, appendix A.6', () => {
    const random = Uint8Array.of(0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f);
    expect(uuidv7(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  test('gives back its time, and is always a version 7 UUID of the RFC variant', () => {
    fc.assert(
      fc.property(time, bytes, (now, random) => {
        const id = uuidv7(now, random);
        expect(isUuidv7(id)).toBe(true);
        expect(timeOfUuidv7(id)).toBe(now);
      }),
    );
  });

  test('sorts as text as its times sort', () => {
    fc.assert(
      fc.property(time, time, bytes, (one, other, random) => {
        fc.pre(one < other);
        expect(uuidv7(one, random) < uuidv7(other, random)).toBe(true);
      }),
    );
  });

  test('uses 74 bits of randomness: every one of them shows', () => {
    const none = uuidv7(0, new Uint8Array(10));
    const seen = new Set<string>();
    for (let bit = 0; bit < 80; bit += 1) {
      const random = new Uint8Array(10);
      random[bit >> 3] = 0x80 >> (bit & 7);
      const id = uuidv7(0, random);
      if (id !== none) seen.add(id);
    }
    expect(seen.size).toBe(74);
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 48])('refuses the time %s', (now) => {
    expect(() => uuidv7(now, new Uint8Array(10))).toThrow(RangeError);
  });

  test('refuses too few random bytes', () => {
    expect(() => uuidv7(0, new Uint8Array(9))).toThrow('at least 10 random bytes, received 9');
  });
});

describe('createUuidv7', () => {
  test('rises strictly, whatever the clock does and whatever the random bytes are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 255 })), {
          maxLength: 300,
        }),
        (steps) => {
          let clock = 0;
          let fill = 0;
          const next = createUuidv7(
            () => clock,
            (count) => seeded(fill)(count),
          );
          let last = '';
          for (const [now, byte] of steps) {
            clock = now;
            fill = byte;
            const id = next();
            expect(isUuidv7(id)).toBe(true);
            expect(id > last).toBe(true);
            last = id;
          }
        },
      ),
    );
  });

  test('borrows the next millisecond when 4,096 ids fall into one, and stays strictly rising', () => {
    const next = createUuidv7(() => 1000, seeded(0));
    const ids = Array.from({ length: 10_000 }, next);
    expect(new Set(ids).size).toBe(10_000);
    expect(ids.toSorted()).toEqual(ids);
    expect(timeOfUuidv7(ids.at(-1) ?? '')).toBe(1002);
  });
});

describe('isUuidv7', () => {
  test.each([
    ['upper case', '017F22E2-79B0-7CC3-98C4-DC0C0C07398F'],
    ['version 4', '017f22e2-79b0-4cc3-98c4-dc0c0c07398f'],
    ['another variant', '017f22e2-79b0-7cc3-78c4-dc0c0c07398f'],
    ['a line break at its end', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n'],
    ['a name of Object.prototype', '__proto__'],
    ['no text', 7],
  ])('refuses %s', (_, id) => {
    expect(isUuidv7(id)).toBe(false);
    expect(() => timeOfUuidv7(String(id))).toThrow(RangeError);
  });
});
