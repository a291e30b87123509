import { z } from 'zod';
import { CHANGE_OPS } from '../constants.ts';
import { entityName, instant, jsonObject, rowId, uuidv7Text, version } from './primitives.ts';

/**
 * One row's change. `row` is the whole row after it, as far as the receiver may read it; a delete has none. `before` is the
 * merge patch of the old values of the changed fields (for a delete the whole old row), again as far as they may be read.
 * `intent` is the idempotency key of the write that caused it; `actor` the person, null for the server itself.
 */
export const rowChange = z
  .looseObject({
    entity: entityName,
    id: rowId,
    op: z.enum(CHANGE_OPS),
    version,
    row: jsonObject.exactOptional(),
    before: jsonObject.exactOptional(),
    intent: uuidv7Text.exactOptional(),
    actor: rowId.nullable(),
    at: instant,
  })
  .refine((change) => (change.op === 'delete') !== (change.row !== undefined), {
    error: 'expected a row with an insert or update and none with a delete',
    path: ['row'],
  });

/** Stands for a change that the receiver may not read, so that offsets stay dense. */
export const emptyChange = z.looseObject({ op: z.literal('none') });

export const change = z.union([rowChange, emptyChange]);
