import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalJson } from '@lockstep/protocol';
import { Refusal } from './problems.ts';

/** Opaque, tamper-evident positions in a list. */
export interface Cursors {
  /** @param list What the cursor belongs to: a cursor of one list is refused by every other. */
  make(list: unknown, position: readonly string[]): string;
  /** Throws `bad-cursor` for whatever `make` did not make for the same list. */
  read(list: unknown, cursor: string): string[];
}

const macBytes = 16;

export function createCursors(key: Uint8Array): Cursors {
  const sign = (list: unknown, text: string) =>
    createHmac('sha256', key)
      .update(`${canonicalJson(list)}\n${text}`)
      .digest()
      .subarray(0, macBytes);
  return {
    make(list, position) {
      const text = JSON.stringify(position);
      return Buffer.concat([sign(list, text), Buffer.from(text)]).toString('base64url');
    },
    read(list, cursor) {
      const bytes = Buffer.from(cursor, 'base64url');
      const text = bytes.subarray(macBytes).toString();
      const mac = bytes.subarray(0, macBytes);
      if (mac.length !== macBytes || !timingSafeEqual(mac, sign(list, text))) throw new Refusal('bad-cursor');
      const position: unknown = JSON.parse(text);
      return Array.isArray(position) ? position.map(String) : [];
    },
  };
}
