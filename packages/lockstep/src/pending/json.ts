import { isJsonObject } from '@lockstep/protocol';
import type { Json, JsonObject } from '@lockstep/protocol';

/** True where both say the same in JSON; a member that is undefined is as good as absent. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [present(a), present(b)];
  return (
    left.length === right.length &&
    left.every(([name, value]) => Object.hasOwn(b, name) && sameJson(value, member(b, name)))
  );
}

/** The path to the first value that JSON cannot carry, null where there is none. */
export function notJson(value: unknown, path = ''): string | null {
  if (value === null || value === undefined || typeof value === 'boolean' || typeof value === 'string')
    return null;
  if (typeof value === 'number') return Number.isFinite(value) ? null : path;
  if (typeof value !== 'object') return path;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return path;
  for (const [name, inner] of Object.entries(value)) {
    const found = notJson(inner, `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

/** What `value` holds at the leaves of `shape`, null where it holds nothing. */
export function project(value: unknown, shape: JsonObject): JsonObject {
  const held: [string, Json][] = [];
  for (const [name, inner] of Object.entries(shape)) {
    const own = member(value, name);
    held.push([name, isJsonObject(inner) && isJsonObject(own) ? project(own, inner) : toJson(own)]);
  }
  // Made from entries, because assigning a field named __proto__ would not make a field.
  return Object.fromEntries(held);
}

/** The leaves of a patch, each with the names that lead to it. */
export function leaves(
  patch: JsonObject,
  path: readonly string[] = [],
): readonly (readonly [readonly string[], Json])[] {
  return Object.entries(patch).flatMap(([name, value]) =>
    isJsonObject(value) && Object.keys(value).length > 0
      ? leaves(value, [...path, name])
      : [[[...path, name], value]],
  );
}

export function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(member, value) ?? null;
}

function member(value: unknown, name: string): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- own members of any object may be asked for by name
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as JsonObject)[name]
    : undefined;
}

function present(value: object): readonly [string, unknown][] {
  return Object.entries(value).filter(([, inner]) => inner !== undefined);
}

function toJson(value: unknown): Json {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a row is JSON; `undefined` is the one thing more that it may hold
  return (value ?? null) as Json;
}
