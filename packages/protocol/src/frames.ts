import { CHANGE_OPS, PRESENCE_STATES, RESET_REASONS } from './constants.ts';
import { INSTANT_PATTERN } from './instant.ts';
import { isJsonObject } from './json.ts';
import type { ClientFrame, ServerFrame } from './types.ts';
import { isUuidv7 } from './uuid.ts';

/**
 * Why a text is no frame. `unknown-type` may be ignored (a newer peer said something this version does not know); the
 * others are a fault of the peer.
 */
export type FrameFault = 'not-json' | 'unknown-type' | 'malformed';

export type Read<Frame> =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly reason: FrameFault };

type Check = (value: unknown) => boolean;
type Shape = Record<string, Check>;

const text =
  (most = Infinity, least = 1): Check =>
  (value) =>
    typeof value === 'string' && value.length >= least && value.length <= most;
const whole =
  (least: number): Check =>
  (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least;
const oneOf =
  (values: readonly string[]): Check =>
  (value) =>
    values.some((one) => one === value);
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const has =
  (shape: Shape): Check =>
  (value) =>
    isJsonObject(value) && Object.keys(shape).every((key) => shape[key]?.(value[key]));

const offset = whole(0);
const instant: Check = (value) => typeof value === 'string' && INSTANT_PATTERN.test(value);
const name = text(100);
const id = text(200);
const topic = text(300);

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

const clientShapes = new Map<unknown, Shape>([
  ['AUTH', { token: text(8192) }],
  ['RESUME', { since: offset }],
  ['SUBSCRIBE', { topic }],
  ['UNSUBSCRIBE', { topic }],
  ['PRESENCE', { topic, state: oneOf([...PRESENCE_STATES, 'gone']), field: maybe(name) }],
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

/** Reads what a client said. Unknown members are a fault. Never throws; the caller bounds the text's length. */
export function readClientFrame(text: string): Read<ClientFrame> {
  return read<ClientFrame>(text, clientShapes, true);
}

function read<Frame>(text: string, shapes: Map<unknown, Shape>, strict: boolean): Read<Frame> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'not-json' };
  }
  if (!isJsonObject(value) || typeof value.type !== 'string') return { ok: false, reason: 'malformed' };
  const shape = shapes.get(value.type);
  if (shape === undefined) return { ok: false, reason: 'unknown-type' };
  const known = !strict || Object.keys(value).every((key) => key === 'type' || Object.hasOwn(shape, key));
  if (!known || !has(shape)(value)) return { ok: false, reason: 'malformed' };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shapes checked it, and a property test holds them to the schemas
  return { ok: true, frame: value as unknown as Frame };
}
