import { z } from 'zod';
import { PRESENCE_STATES, RESET_REASONS } from '../constants.ts';
import { change } from './change.ts';
import { instant, offset, rowId, topic } from './primitives.ts';

const field = z.string().min(1).max(100);

export const presencePerson = z.looseObject({
  id: rowId,
  name: z.string(),
  state: z.enum(PRESENCE_STATES),
  /** The field that is being edited. */
  field: field.exactOptional(),
});

/** What a server says. Unknown members are let through, so that a newer server can add some. */
export const serverFrame = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('HELLO'),
    offset,
    horizon: offset,
    protocol: z.int().min(1),
    now: instant,
  }),
  z.looseObject({ type: z.literal('CHANGES'), offset, changes: z.array(change) }),
  z.looseObject({ type: z.literal('RESET'), reason: z.enum(RESET_REASONS) }),
  z.looseObject({ type: z.literal('PRESENCE'), topic, people: z.array(presencePerson) }),
  z.looseObject({ type: z.literal('PING') }),
  z.looseObject({ type: z.literal('PONG') }),
]);

/** What a client says. Unknown members are refused. */
export const clientFrame = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('AUTH'), token: z.string().min(1).max(8192) }),
  z.strictObject({ type: z.literal('RESUME'), since: offset }),
  z.strictObject({ type: z.literal('SUBSCRIBE'), topic }),
  z.strictObject({ type: z.literal('UNSUBSCRIBE'), topic }),
  z.strictObject({
    type: z.literal('PRESENCE'),
    topic,
    state: z.enum([...PRESENCE_STATES, 'gone']),
    field: field.exactOptional(),
  }),
  z.strictObject({ type: z.literal('PING') }),
  z.strictObject({ type: z.literal('PONG') }),
]);
