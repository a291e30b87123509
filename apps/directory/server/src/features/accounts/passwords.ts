import { hash, verify } from '@node-rs/argon2';
import type { World } from '../../ports.ts';

/** argon2id with the parameters that OWASP gives as its floor: 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

export const hashPassword = (password: string): Promise<string> =>
  hash(password.normalize('NFC'), parameters);

/** Wrong passwords and unreadable hashes are both false. */
export async function checkPassword(hashed: string, password: string): Promise<boolean> {
  try {
    return await verify(hashed, password.normalize('NFC'));
  } catch {
    return false;
  }
}

// Without letters and digits that are taken for one another when read aloud or copied by hand.
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Four groups of five: 99 bits. */
export function generatePassword(world: World): string {
  const letters: string[] = [];
  while (letters.length < 20) {
    for (const byte of world.randomBytes(32)) {
      // Bytes past the last whole multiple of the alphabet would favour its first letters.
      if (byte < alphabet.length * 8) letters.push(alphabet[byte % alphabet.length] ?? '');
    }
  }
  return [0, 5, 10, 15].map((at) => letters.slice(at, at + 5).join('')).join('-');
}
