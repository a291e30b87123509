import { hkdfSync } from 'node:crypto';
import type { Database } from '@lockstep/server';
import type { World } from '../ports.ts';
import type { Tables } from './tables.ts';

/** Secrets that every node of one database shares. Each purpose has a key of its own. */
export interface Keys {
  readonly accessTokens: Uint8Array;
  readonly cursors: Uint8Array;
  readonly invitations: Uint8Array;
}

/** Reads the database's root secret, or makes it on the first start; two nodes that start at once agree on one. */
export async function loadKeys(database: Database<Tables>, world: World): Promise<Keys> {
  await database.db
    .insertInto('settings')
    .values({ name: 'root-secret', value: Buffer.from(world.randomBytes(32)).toString('base64url') })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { value } = await database.db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', 'root-secret')
    .executeTakeFirstOrThrow();
  const root = Buffer.from(value, 'base64url');
  const derive = (purpose: string) =>
    new Uint8Array(hkdfSync('sha256', root, '', `directory ${purpose}`, 32));
  return {
    accessTokens: derive('access tokens'),
    cursors: derive('cursors'),
    invitations: derive('invitations'),
  };
}
