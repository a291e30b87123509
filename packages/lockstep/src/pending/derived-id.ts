/**
 * The n-th id of an intent: a version 7 UUID with the intent's time, and 74 bits hashed from its id and n. Two intents
 * never share ids for the same reason that their own ids differ.
 * @param seed a version 7 UUID.
 */
export function derivedId(seed: string, n: number): string {
  const text = `${seed}#${n}`;
  const [a, b, c] = [hash(text, 0x811c9dc5), hash(text, 0x01000193), hash(text, 0x9e3779b9)];
  const variant = ((b >>> 16) & 0x3fff) | 0x8000;
  return `${seed.slice(0, 13)}-7${hex(a & 0xfff, 3)}-${hex(variant, 4)}-${hex(c, 8)}${hex(b & 0xffff, 4)}`;
}

/** FNV-1a over the text's units, finished by MurmurHash3's mixer (both public domain). */
function hash(text: string, start: number): number {
  let bits = start;
  for (let at = 0; at < text.length; at += 1) bits = Math.imul(bits ^ text.charCodeAt(at), 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
