import { isJsonObject, setOwn } from './json.ts';
import type { Json, JsonObject } from './json.ts';

/** A JSON Merge Patch (RFC 7396) for an object: members replace, nested objects merge, null removes. */
export type MergePatch = JsonObject;

/** Values nested deeper than this are refused, so that hostile input cannot exhaust the stack. */
export const MAX_DEPTH = 64;

const NOTHING: JsonObject = Object.freeze({});

/**
 * Applies a JSON Merge Patch (RFC 7396). Pure: `target` stays as it is, members that the patch leaves alone keep their
 * identity, and where nothing changes `target` itself is returned. Only own members are read and written, so a member
 * named `__proto__` is plain data.
 * @throws RangeError where the patch is nested deeper than `MAX_DEPTH`.
 */
export function applyMergePatch<T extends object>(target: T, patch: MergePatch): T {
  return mergeInto(target as unknown as JsonObject, patch, 1) as unknown as T;
}

/**
 * The smallest merge patch that turns `from` into `to`. Arrays are replaced whole.
 *
 * A merge patch cannot say "null": it would remove the member. So `applyMergePatch(from, patch)` equals `to` up to members
 * that are null, which come out absent (null inside an array stays). Readers of a patched row treat both alike.
 * @throws RangeError where the values are nested deeper than `MAX_DEPTH`.
 */
export function mergePatchBetween(from: object, to: object): MergePatch {
  return difference(from as unknown as JsonObject, to as unknown as JsonObject, 1);
}

function mergeInto(target: JsonObject, patch: JsonObject, depth: number): JsonObject {
  guard(depth);
  let copy: Record<string, Json> | undefined;
  for (const key of Object.keys(patch)) {
    const change = patch[key] as Json;
    const old = Object.hasOwn(target, key) ? (target[key] as Json) : undefined;
    if (change === null) {
      if (old !== undefined) delete (copy ??= { ...target })[key];
      continue;
    }
    const next = isJsonObject(change)
      ? mergeInto(isJsonObject(old) ? old : NOTHING, change, depth + 1)
      : change;
    if (old === undefined || !same(old, next, depth)) {
      setOwn((copy ??= { ...target }), key, next === NOTHING ? {} : next);
    }
  }
  return copy ?? target;
}

function difference(from: JsonObject, to: JsonObject, depth: number): JsonObject {
  guard(depth);
  const patch: Record<string, Json> = {};
  for (const key of Object.keys(from)) {
    if (!Object.hasOwn(to, key) || to[key] === undefined) setOwn(patch, key, null);
  }
  for (const key of Object.keys(to)) {
    const next = to[key];
    const old = Object.hasOwn(from, key) ? from[key] : undefined;
    if (next === undefined || next === old || (next === null && old === undefined)) continue;
    if (isJsonObject(next) && isJsonObject(old)) {
      const inner = difference(old, next, depth + 1);
      if (Object.keys(inner).length > 0) setOwn(patch, key, inner);
    } else if (old === undefined || !same(old, next, depth)) {
      setOwn(patch, key, next);
    }
  }
  return patch;
}

/** Deep equality for JSON; objects that merging left alone are identical, so mostly arrays get past the first line. */
function same(a: Json, b: Json, depth: number): boolean {
  if (a === b) return true;
  guard(depth);
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, at) => same(item as Json, b[at] as Json, depth + 1));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key] as Json, b[key] as Json, depth + 1))
  );
}

function guard(depth: number): void {
  if (depth > MAX_DEPTH) throw new RangeError(`expected JSON nested at most ${MAX_DEPTH} deep`);
}
