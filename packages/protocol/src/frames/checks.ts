import { isJsonObject } from '../json.ts';

/**
 * Why a text is no frame. `unknown-type` may be ignored (a newer peer said something this version does not know); the
 * others are a fault of the peer.
 */
export type FrameFault = 'not-json' | 'unknown-type' | 'malformed';

export type Read<Frame> =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly reason: FrameFault };

export type Check = (value: unknown) => boolean;
export type Shape = Record<string, Check>;

export const text =
  (most = Infinity, least = 1): Check =>
  (value) =>
    typeof value === 'string' && value.length >= least && value.length <= most;
export const whole =
  (least: number): Check =>
  (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least;
export const oneOf =
  (values: readonly string[]): Check =>
  (value) =>
    values.some((one) => one === value);
export const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
export const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
export const has =
  (shape: Shape): Check =>
  (value) =>
    isJsonObject(value) && Object.keys(shape).every((key) => shape[key]?.(value[key]));

export const offset = /* @__PURE__ */ whole(0);
export const name = /* @__PURE__ */ text(100);
export const id = /* @__PURE__ */ text(200);
export const topic = /* @__PURE__ */ text(300);

export function read<Frame>(text: string, shapes: Map<unknown, Shape>, strict: boolean): Read<Frame> {
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
