import { CHANGE_OPS, PRESENCE_STATES, RESET_REASONS } from '../constants.ts';
import { INSTANT_PATTERN } from '../instant.ts';
import { isJsonObject } from '../json.ts';
import type { ServerFrame } from '../types.ts';
import { isUuidv7 } from '../uuid.ts';
import { has, id, listOf, maybe, name, offset, oneOf, read, text, topic, whole } from './checks.ts';
import type { Check, Read, Shape } from './checks.ts';

const instant: Check = (value) => typeof value === 'string' && INSTANT_PATTERN.test(value);

const isRowChange = has({
  entity: name,
  id,
  op: oneOf(CHANGE_OPS),
  version: whole(1),
  row: maybe(isJsonObject),
  before: maybe(isJsonObject),
  intent: maybe(isUuidv7),
  actor: (value) => value === null || id(value),
  at: instant,
});

const isChange: Check = (value) =>
  isJsonObject(value) &&
  (value.op === 'none' || (isRowChange(value) && (value.op === 'delete') === (value.row === undefined)));

const serverShapes = new Map<unknown, Shape>([
  ['HELLO', { offset, horizon: offset, protocol: whole(1), now: instant }],
  ['CHANGES', { offset, changes: listOf(isChange) }],
  ['RESET', { reason: oneOf(RESET_REASONS) }],
  [
    'PRESENCE',
    {
      topic,
      people: listOf(has({ id, name: text(Infinity, 0), state: oneOf(PRESENCE_STATES), field: maybe(name) })),
    },
  ],
  ['PING', {}],
  ['PONG', {}],
]);

/**
 * Reads what a server said. Members that this version does not know are let through. Never throws. The nesting of rows is
 * the server's to bound.
 */
export function readServerFrame(text: string): Read<ServerFrame> {
  return read<ServerFrame>(text, serverShapes, false);
}
