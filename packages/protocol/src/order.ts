/**
 * Orders two strings by code point, as `COLLATE "C"` orders UTF-8 text. JavaScript's own `<` orders UTF-16 units, which
 * puts characters beyond U+FFFF (stored as surrogates, U+D800 to U+DFFF) before U+E000 to U+FFFF.
 * @returns a negative number, zero, or a positive number.
 */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Moves surrogates above the rest of the basic plane, which is where their code points are. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
