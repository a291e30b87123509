import { z } from 'zod';
import { isJsonObject } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { UUIDV7_PATTERN } from '../uuid.ts';
import { INSTANT_PATTERN } from '../instant.ts';

/** A position in the change feed. Zero stands before the first change. */
export const offset = z.int().min(0);

/** A row's version: 1 when it is created, one more at each commit. */
export const version = z.int().min(1);

/** A point in time as `Date#toISOString` prints it, so that the order of the texts is the order of the times. */
export const instant = z
  .string()
  .regex(INSTANT_PATTERN, 'expected a time such as 2026-01-31T09:30:00.000Z')
  .meta({ format: 'date-time' });

export const uuidv7Text = z.string().regex(UUIDV7_PATTERN, 'expected a version 7 UUID in lower case');

/** The name of a kind of row, such as `user`. */
export const entityName = z.string().min(1).max(100);

/** A row's id. Servers choose the form; it may be any text, `__proto__` included. */
export const rowId = z.string().min(1).max(200);

/** What a socket may subscribe to, such as `user/<id>`. */
export const topic = z.string().min(1).max(300);

export const jsonObject = z
  .custom<JsonObject>(isJsonObject, 'expected a JSON object')
  .meta({ type: 'object', additionalProperties: true });

/** Any JSON. The text it was parsed from has proved that it is; its nesting is not looked into. */
export const json = z.custom<Json>((value) => value !== undefined, 'expected a JSON value').meta({});
