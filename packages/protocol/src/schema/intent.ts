import { z } from 'zod';
import { entityName, instant, json, jsonObject, rowId, uuidv7Text, version } from './primitives.ts';

/** A row that an intent writes to, and what its writer saw: the three-way merge needs both. */
export const intentTarget = z.strictObject({
  entity: entityName,
  id: rowId,
  /** The version that was confirmed when the intent was made; null for a new row or a collection without versions. */
  version: version.nullable(),
  /** The confirmed values of the fields that the intent touches; null for a new row. */
  base: jsonObject.nullable(),
});

/** A write that a person asked for, as data: it can be stored, replayed by another tab, and sent tomorrow. */
export const intent = z.strictObject({
  /** Also the idempotency key. */
  id: uuidv7Text,
  endpoint: z.string().min(1).max(200),
  /** The endpoint's argument, as JSON. */
  argument: json,
  targets: z.array(intentTarget),
  at: instant,
  /** The id of the person who asked; null before anyone is signed in. */
  user: rowId.nullable(),
});
