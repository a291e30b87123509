/**
 * How text is compared: one function on client and server, because the sort keys and search keys that the server stores
 * must be those that a client computes. Nothing here depends on a locale or on collation data.
 */

/**
 * Marks that readers of a script treat as optional or as an accent on a letter: they are removed. Marks that spell
 * (vowel signs and tones of the Indic and South-East Asian scripts, Thaana, the voicing marks of Japanese) stay: without
 * them different names would become one. Written as ranges, not as a property, so that every engine agrees on them.
 */
const ACCENTS =
  '\\u0300-\\u0344\\u0346-\\u036f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f' + // combining diacritical marks, save the small iota, which is a letter (it folds to ι)
  '\\u0483-\\u0489\\u2de0-\\u2dff\\ua66f-\\ua672\\ua674-\\ua67d\\ua69e\\ua69f' + // Cyrillic titlo and letters above
  '\\u0591-\\u05bd\\u05bf\\u05c1\\u05c2\\u05c4\\u05c5\\u05c7\\ufb1e' + // Hebrew points and cantillation
  '\\u0610-\\u061a\\u064b-\\u065f\\u0670\\u06d6-\\u06dc\\u06df-\\u06e4\\u06e7\\u06e8\\u06ea-\\u06ed' + // Arabic
  '\\u0897-\\u089f\\u08ca-\\u08e1\\u08e3-\\u08ff' + // Arabic, extended
  '\\u0711\\u0730-\\u074a'; // Syriac

/** Characters that nobody sees: joiners, direction marks, variation selectors, soft hyphen, the Arabic stretcher. */
const INVISIBLE =
  '\\u00ad\\u0640\\u061c\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufe00-\\ufe0f\\ufeff' +
  '\\u{e0000}-\\u{e0fff}';

const DROPPED = new RegExp(`[${ACCENTS}${INVISIBLE}]`, 'gu');

/** Letters with a stroke or joined from two: Unicode does not decompose them, and people type them plain. */
const PLAIN_LETTERS: ReadonlyMap<string, string> = new Map([
  ['ł', 'l'],
  ['ø', 'o'],
  ['đ', 'd'],
  ['ð', 'd'],
  ['ħ', 'h'],
  ['ŧ', 't'],
  ['æ', 'ae'],
  ['œ', 'oe'],
  ['þ', 'th'],
  // The other form of sigma, which lower-casing picks by the letter's place in the word.
  ['ς', 'σ'],
]);

const FOLDED_LETTERS = new RegExp(`[${[...PLAIN_LETTERS.keys()].join('')}]`, 'gu');

const BLANKS = /[\p{Z}\p{Cc}]+/gu;

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/**
 * The form of a text by which it is sorted, searched and compared. In order: lone surrogates replaced, compatibility
 * decomposition (NFKD), accents and invisible characters removed, full case folding, letters with a stroke made plain,
 * white space folded to single spaces and trimmed.
 *
 * `normalise(normalise(x)) === normalise(x)` for every `x`. Characters newer than an engine's Unicode data are left as they
 * are by that engine.
 */
export function normalise(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text.toLowerCase().replace(/ +/g, ' ').trim();
  const plain = fold(text.toWellFormed().normalize('NFKD').replace(DROPPED, ''))
    .normalize('NFKD')
    .replace(FOLDED_LETTERS, (letter) => PLAIN_LETTERS.get(letter) ?? letter);
  return plain.replace(BLANKS, ' ').trim();
}

/**
 * Full case folding from the two mappings that JavaScript has. Upper case first expands what has no single capital (ß to
 * SS); the lower case before it is for the capital ẞ, which is its own upper case; dotless ı becomes i through I.
 */
function fold(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase();
}

/** The form of an address by which it must be unique and by which people are sorted: case is folded, accents stay. */
export function emailKey(email: string): string {
  return fold(email.toWellFormed().normalize('NFC')).replaceAll('ς', 'σ').normalize('NFC');
}

/** A name as a form hands it over: composed (NFC), white space folded and trimmed. */
export function tidyName(text: string): string {
  return text.normalize('NFC').replace(BLANKS, ' ').trim();
}

/**
 * The pattern for `search_key LIKE $1` (with its default escape character, the backslash) that finds what a search box
 * holds, taken literally. Null where the box holds nothing to search for.
 */
export function likePattern(search: string): string | null {
  const wanted = normalise(search);
  return wanted === '' ? null : `%${wanted.replace(/[\\%_]/g, '\\$&')}%`;
}
