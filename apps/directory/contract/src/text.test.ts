import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emailKey, likePattern, normalise, tidyName } from './text.ts';

/** Text with everything that makes normalising hard, in any order. */
const awkward = fc.string({
  unit: fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...Array.from('ßẞİıIiſﬁﬀŉǰΐΰΣσςΆᾳÅΩKéñøŁđÆœþÐĦŧ한각각ﾞｶ𝒜😀᾽'),
      ...Array.from('\u0301\u0307\u0345\u034f\u093c\u093f\u0e38\u0e48\u094d\u3099\u309a\u0651\u0640\u05b0'),
      ...Array.from('\u200c\u200d\u200f\u00ad\ufe0f\u{e0100} \t\u00a0\u3000\u2028\0\u0085\ufeff'),
      '\ud800',
      '\udc00',
    ),
  }),
});

describe('D10: normalise', () => {
  test('changes nothing the second time, on any text', () => {
    fc.assert(
      fc.property(awkward, (text) => {
        expect(normalise(normalise(text))).toBe(normalise(text));
      }),
      { numRuns: 20_000 },
    );
  }, 60_000);

  test('changes nothing the second time, on each of the 1,114,112 code points', () => {
    const unstable: string[] = [];
    for (let point = 0; point <= 0x10ffff; point += 1) {
      const once = normalise(`a${String.fromCodePoint(point)}b`);
      if (normalise(once) !== once) unstable.push(point.toString(16));
    }
    expect(unstable).toEqual([]);
  }, 60_000);

  test('brings marks into their order after what stood between them is gone', () => {
    const [joined, plain] = ['\u0915\u094d\u034f\u093c', '\u0915\u093c\u094d'];
    expect([normalise(joined), normalise(plain)]).toEqual([plain, plain]);
  });

  test('gives one result for lower case, upper case and every composition of a text', () => {
    const varying = new Set<string>();
    for (let point = 0; point <= 0xffff; point += 1) {
      const char = String.fromCodePoint(point);
      const wanted = normalise(char);
      for (const variant of [
        char.toLowerCase(),
        char.toUpperCase(),
        char.normalize('NFC'),
        char.normalize('NFKD'),
      ]) {
        if (normalise(variant) !== wanted) varying.add(point.toString(16));
      }
    }
    expect([...varying]).toEqual([]);
  }, 60_000);

  test('gives text that a database can keep: well-formed, no NUL, no line break, single spaces', () => {
    fc.assert(
      fc.property(awkward, (text) => {
        const key = normalise(text);
        expect(key.isWellFormed()).toBe(true);
        expect(key).not.toMatch(/[\p{Cc}\u2028\u2029]| {2}|^ | $/u);
      }),
      { numRuns: 5000 },
    );
  });

  test('the short way for plain ASCII is the long way', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        // The soft hyphen is invisible, but takes the text off the short way.
        expect(normalise(text)).toBe(normalise(`\u00ad${text}`));
      }),
    );
  });

  test('finds a typed part of a name wherever it stands in it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-composite' }),
        fc.string({ unit: 'grapheme-composite' }),
        (head, tail) => {
          expect(normalise(`${head} ${tail}`)).toContain(normalise(tail));
          expect(normalise(`${head} ${tail}`)).toContain(normalise(head));
        },
      ),
    );
  });

  test.each([
    ['case, fully folded', 'Straße', 'STRASSE', 'strasse'],
    ['the capital sharp s', 'GROẞ', 'groß', 'gross'],
    ['ligatures', 'ﬁnn', 'FINN', 'finn'],
    ['the final sigma', 'Σίσυφος', 'ΣΙΣΥΦΟΣ', 'σισυφοσ'],
    ['Turkish capital i with dot', 'İstanbul', 'istanbul', 'istanbul'],
    ['Turkish i without dot', 'Işık', 'ISIK', 'isik'],
    ['accents, composed or not', 'José', 'Jose\u0301', 'jose'],
    ['Vietnamese', 'Nguyễn Đức', 'nguyen duc', 'nguyen duc'],
    ['letters with a stroke', 'Łukasz Øster', 'lukasz oster', 'lukasz oster'],
    ['joined letters', 'Æsa Œuvrard', 'aesa oeuvrard', 'aesa oeuvrard'],
    ['Icelandic', 'Þóra', 'thora', 'thora'],
    ['Greek accents', 'Ἀθηνᾶ', 'Αθηνα', 'αθηνα'],
    ['Cyrillic ё and й', 'Фёдор Андрей', 'федор андреи', 'федор андреи'],
    ['Hebrew points', 'שָׁלוֹם', 'שלום', 'שלום'],
    ['Arabic vowel signs', 'مُحَمَّد', 'محمد', 'محمد'],
    ['the Arabic stretcher', 'محمـــد', 'محمد', 'محمد'],
    ['Arabic alef with hamza', 'أحمد', 'احمد', 'احمد'],
    ['full-width letters', 'Ｔａｎａｋａ', 'tanaka', 'tanaka'],
    ['half-width kana', 'ﾀﾅｶ', 'タナカ', 'タナカ'],
    ['joiners and direction marks', 'a\u200d\u200fb', 'ab', 'ab'],
    ['white space', '  Ada\u00a0\t Lovelace\u3000', 'ada lovelace', 'ada lovelace'],
    ['an emoji with or without its variation selector', '☺\ufe0f', '☺', '☺'],
  ])('folds %s', (_, one, other, key) => {
    expect([normalise(one), normalise(other)]).toEqual([key, key]);
  });

  test.each([
    ['Hindi vowel signs', 'किरण', 'करण'],
    ['Hindi vowel signs of two lengths', 'दिन', 'दीन'],
    ['Bengali letters with a dot', 'পাড়া', 'পাডা'],
    ['Tamil vowel signs', 'கண்ணன்', 'கணணன'],
    ['Thai vowels', 'กิ่ง', 'กุ้ง'],
    ['Thai tones', 'ใหม่', 'ไหม'],
    ['Thaana vowels', 'މަރިޔަމް', 'މރޔމ'],
    ['voiced and unvoiced kana', 'かとう', 'がとう'],
    ['Korean syllables', '김', '감'],
  ])('keeps apart %s', (_, one, other) => {
    expect(normalise(one)).not.toBe(normalise(other));
  });

  test('finds Korean by its first letters, as people type', () => {
    expect(normalise('김민준')).toContain(normalise('김미'));
    expect(normalise('각')).toContain(normalise('가'));
  });
});

describe('emailKey', () => {
  test('folds case and keeps accents: two people may differ by one', () => {
    expect(emailKey('Ada@Example.ORG')).toBe('ada@example.org');
    expect(emailKey('JOSÉ@example.org')).toBe(emailKey('jose\u0301@example.org'));
    expect(emailKey('jose@example.org')).not.toBe(emailKey('josé@example.org'));
  });

  test('changes nothing the second time', () => {
    fc.assert(
      fc.property(awkward, (text) => {
        expect(emailKey(emailKey(text))).toBe(emailKey(text));
      }),
      { numRuns: 5000 },
    );
  });
});

test('tidyName composes and folds white space, and changes neither order nor search', () => {
  expect(tidyName(' Jose\u0301 \t Díaz ')).toBe('José Díaz');
  fc.assert(
    fc.property(awkward, (text) => {
      expect(normalise(tidyName(text))).toBe(normalise(text));
    }),
  );
});

test('likePattern takes the wildcards of LIKE literally, and is null where there is nothing to look for', () => {
  expect(likePattern('100%_\\')).toBe('%100\\%\\_\\\\%');
  expect(likePattern(' \t\u200b')).toBeNull();
});
