import { PRESENCE_STATES } from '../constants.ts';
import type { ClientFrame } from '../types.ts';
import { maybe, name, offset, oneOf, read, text, topic } from './checks.ts';
import type { Read, Shape } from './checks.ts';

const clientShapes = new Map<unknown, Shape>([
  ['AUTH', { token: text(8192) }],
  ['RESUME', { since: offset }],
  ['SUBSCRIBE', { topic }],
  ['UNSUBSCRIBE', { topic }],
  ['PRESENCE', { topic, state: oneOf([...PRESENCE_STATES, 'gone']), field: maybe(name) }],
  ['PING', {}],
  ['PONG', {}],
]);

/** Reads what a client said. Unknown members are a fault. Never throws; the caller bounds the text's length. */
export function readClientFrame(text: string): Read<ClientFrame> {
  return read<ClientFrame>(text, clientShapes, true);
}
