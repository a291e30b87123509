import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { PROTOCOL_VERSION } from '../constants.ts';
import * as door from './index.ts';

const LOCK = new URL('../../schema.lock.json', import.meta.url);
const UPDATE = 'LOCKSTEP_UPDATE_LOCK=1 npx vitest run --project protocol lock';

interface Lock {
  protocol: number;
  schemas: Record<string, string>;
}

function current(): Lock {
  const schemas: Record<string, string> = {};
  for (const [name, schema] of Object.entries(door).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (schema instanceof z.ZodType) {
      schemas[name] = createHash('sha256')
        .update(door.schemaText(schema, 'input'))
        .digest('hex')
        .slice(0, 32);
    }
  }
  return { protocol: PROTOCOL_VERSION, schemas };
}

/** What to tell whoever changed the wire; empty where nothing that others depend on changed. */
function complaints(locked: Lock, now: Lock): string[] {
  const found: string[] = [];
  for (const [name, hash] of Object.entries(now.schemas)) {
    if (locked.schemas[name] === undefined) {
      found.push(`"${name}" is new and not in schema.lock.json. Adding is free: run ${UPDATE}`);
    } else if (locked.schemas[name] !== hash && locked.protocol === now.protocol) {
      found.push(
        `the schema "${name}" changed, but PROTOCOL_VERSION is still ${now.protocol}. Peers that are already deployed speak the old one: ` +
          `undo the change, or write a decision record, raise PROTOCOL_VERSION in constants.ts and run ${UPDATE}`,
      );
    }
  }
  for (const name of Object.keys(locked.schemas)) {
    if (now.schemas[name] === undefined && locked.protocol === now.protocol) {
      found.push(
        `the schema "${name}" is gone, but PROTOCOL_VERSION is still ${now.protocol}: bring it back, or raise the version`,
      );
    }
  }
  if (locked.protocol !== now.protocol) {
    found.push(`PROTOCOL_VERSION is ${now.protocol}, the lock is of ${locked.protocol}: run ${UPDATE}`);
  }
  return found;
}

function readLock(): Lock {
  return JSON.parse(readFileSync(LOCK, 'utf8')) as Lock;
}

describe('the lock of the wire', () => {
  test('every schema is as it was when this protocol version was locked', () => {
    const now = current();
    if (process.env['LOCKSTEP_UPDATE_LOCK'] === '1') {
      const locked = readLock();
      const merged = { ...now.schemas, ...(locked.protocol === now.protocol ? locked.schemas : {}) };
      writeFileSync(LOCK, `${JSON.stringify({ protocol: now.protocol, schemas: merged }, null, 2)}\n`);
    }
    expect(complaints(readLock(), now)).toEqual([]);
  });

  const locked = { protocol: 1, schemas: { a: '1', b: '2' } };

  test('a changed schema under the same version is refused, with what to do', () => {
    expect(complaints(locked, { protocol: 1, schemas: { a: '1', b: '3' } })).toEqual([
      expect.stringMatching(/schema "b" changed.*raise PROTOCOL_VERSION in constants\.ts/),
    ]);
  });

  test('a schema that is gone is refused; a new one is only to be added', () => {
    expect(complaints(locked, { protocol: 1, schemas: { a: '1', c: '4' } })).toEqual([
      expect.stringMatching(/"c" is new.*Adding is free/),
      expect.stringMatching(/"b" is gone/),
    ]);
  });

  test('a raised version asks for a new lock only', () => {
    expect(complaints(locked, { protocol: 2, schemas: { a: '9' } })).toEqual([
      expect.stringMatching(/PROTOCOL_VERSION is 2, the lock is of 1/),
    ]);
  });
});

describe('schemaText', () => {
  test('tells apart what decides and leaves out what explains', () => {
    const base = z.object({ title: z.string() });
    expect(door.schemaText(base.describe('words'), 'input')).toBe(door.schemaText(base, 'input'));
    expect(door.schemaText(base, 'input')).not.toBe(door.schemaText(z.object({}), 'input'));
    expect(door.schemaText(base, 'input')).not.toBe(door.schemaText(z.object({ title: z.int() }), 'input'));
  });
});
