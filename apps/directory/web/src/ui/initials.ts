const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const LETTER = /\p{L}/u;

/** How many tints avatars have; `avatar.module.css` has as many. */
export const TINTS = 8;

/**
 * What stands for a name where there is no picture: two letters in scripts that have capitals, one in those that have none
 * (two unjoined Arabic letters or two Han characters would read as a word). Empty for a name without a letter.
 */
export function initialsOf(name: string): string {
  const words = name
    .split(/[\s\p{Pd}_.]+/u)
    .map(firstLetter)
    .filter((letter) => letter !== '');
  const first = words[0] ?? '';
  const last = words.length > 1 ? (words.at(-1) ?? '') : '';
  const capital = first.toLocaleUpperCase();
  return hasCapitals(first) ? capital + (hasCapitals(last) ? last.toLocaleUpperCase() : '') : first;
}

/** The tint of an avatar: the same for the same person, whatever the name becomes. */
export function tintOf(id: string): number {
  let hash = 0;
  for (let index = 0; index < id.length; index += 1) hash = (Math.imul(hash, 31) + id.charCodeAt(index)) | 0;
  return Math.abs(hash) % TINTS;
}

function firstLetter(word: string): string {
  for (const { segment } of graphemes.segment(word)) if (LETTER.test(segment)) return segment;
  return '';
}

function hasCapitals(letter: string): boolean {
  return letter.toLocaleUpperCase() !== letter.toLocaleLowerCase();
}
