import { normalise } from '@directory/contract';

/** Words that lists of leaked passwords are full of. */
const common =
  'password passwort passw0rd motdepasse contrasena qwerty qwertz azerty letmein welcome iloveyou admin administrator ' +
  'monkey dragon sunshine princess football baseball superman batman trustno1 master shadow michael jennifer login ' +
  'abc123 hello secret changeme default guest root user test temp starwars pokemon freedom whatever summer winter ' +
  'spring autumn monday january directory';

/** Rows of keys, letters and digits, forwards; backwards they are found too. */
const runs = [
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  '1qaz2wsx3edc4rfv',
];
const rows = [...runs, ...runs.map(backwards)];

const leet: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** So many different characters must be left of a password when everything guessable is taken out. */
const leastLeft = 6;
const leastDistinct = 5;
/** A year or a number is what everybody adds. */
const mostForDigits = 3;

/**
 * Whether a password is among those that are tried first: common words, rows of keys, repetitions, and the name or address
 * of its owner, with digits and signs around them or for letters. Length is judged by the contract.
 */
export function isGuessedFirst(password: string, owner: { name: string; email: string }): boolean {
  const text = normalise(password);
  if (new Set(text).size < leastDistinct) return true;
  const parts = [...common.split(' '), ...wordsOf(owner.name), ...wordsOf(owner.email)];
  return leftOf(text, parts) < leastLeft || leftOf(plain(text), parts) < leastLeft;
}

function leftOf(text: string, parts: readonly string[]): number {
  let rest = text;
  for (const part of parts.toSorted((a, b) => b.length - a.length)) rest = rest.replaceAll(part, ' ');
  rest = withoutRows(rest)
    // The same piece again and again is one piece.
    .replace(/(.{1,12}?)\1+/gu, '$1')
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
  const letters = new Set(rest.replaceAll(/\d/g, ''));
  const digits = new Set(rest.replaceAll(/\D/g, ''));
  return letters.size + Math.min(mostForDigits, digits.size);
}

/** Four and more neighbours of a row of keys. */
function withoutRows(text: string): string {
  let rest = '';
  for (let at = 0; at < text.length;) {
    let length = 0;
    for (const row of rows) {
      let run = 0;
      const from = row.indexOf(text.slice(at, at + 4));
      if (from === -1 || at + 4 > text.length) continue;
      while (at + run < text.length && from + run < row.length && row[from + run] === text[at + run])
        run += 1;
      length = Math.max(length, run);
    }
    if (length >= 4) at += length;
    else {
      rest += text.charAt(at);
      at += 1;
    }
  }
  return rest;
}

const plain = (text: string): string => text.replace(/[0134578@$!]/g, (sign) => leet[sign] ?? sign);

function backwards(run: string): string {
  let text = '';
  for (const letter of run) text = letter + text;
  return text;
}

function wordsOf(text: string): string[] {
  return normalise(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length >= 3);
}
