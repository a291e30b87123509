import { describe, expect, test } from 'vitest';
import { isGuessedFirst } from './weak-passwords.ts';

const owner = { name: 'Grace Brewster Hopper', email: 'amazing.grace@navy.example' };

describe('what is guessed first', () => {
  test.each([
    'password1234',
    'Passw0rd!2026',
    'P@$$w0rd!!!!',
    'letmeinletmein',
    'qwertyuiop12',
    'poiuytrewq99',
    '1qaz2wsx3edc',
    'abcdefghijkl',
    '123456789012',
    '493817260581',
    'aaaaaaaaaaaa',
    'ababababababab',
    'abcdWXYZabcd',
    'hopper-hopper-1906',
    'GraceHopper1906!',
    'Amazing.Grace1',
    'amazing.grace@navy.example',
    'Directory2026!',
    'Summer2026!!x',
    'ｐａｓｓｗｏｒｄ１２３４',
    'welcomeadmin1',
  ])('%s', (password) => {
    expect(isGuessedFirst(password, owner)).toBe(true);
  });

  test.each([
    'correct horse battery staple',
    'zebra-lamp-quilt-42',
    'hq7wd-mmcxy-2trbz-9pk4e',
    'grace is not enough for this',
    'ein sehr langer satz',
    'пароль из многих слов',
    '山川草木花鳥風月雪月花見',
    'x'.repeat(64).replaceAll(/x/g, (_, at: number) => 'kbvmjtgwzq'[at % 7] ?? 'x'),
  ])('not %s', (password) => {
    expect(isGuessedFirst(password, owner)).toBe(false);
  });

  test('is decided at once for the longest password, whatever it repeats', () => {
    for (const text of ['ab'.repeat(128), 'a'.repeat(255) + 'b', 'qwer'.repeat(64), 'abcabd'.repeat(42)]) {
      const long = { name: 'a b c d '.repeat(25), email: `${'ab.'.repeat(80)}x@b.example` };
      expect(isGuessedFirst(text, long)).toBe(true);
    }
  });
});
