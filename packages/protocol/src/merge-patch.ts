import { isJsonArray, isJsonObject, ownMember, setOwn } from './json.ts';
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
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- interfaces have no index signature; the caller says that T is JSON and that the patch keeps it a T
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
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above: rows are JSON, but their interfaces do not say so
  return difference(from as unknown as JsonObject, to as unknown as JsonObject, 1);
}

function mergeInto(target: JsonObject, patch: JsonObject, depth: number): JsonObject {
  guard(depth);
  let copy: Record<string, Json> | undefined;
  for (const key of Object.keys(patch)) {
    const change = ownMember(patch, key);
    const old = ownMember(target, key);
    if (change === undefined) continue;
    if (change === null) {
      if (Object.hasOwn(target, key)) delete (copy ??= { ...target })[key];
    } else if (isJsonObject(change)) {
      const next = mergeInto(isJsonObject(old) ? old : NOTHING, change, depth + 1);
      if (next !== old) setOwn((copy ??= { ...target }), key, next === NOTHING ? {} : next);
    } else if (!same(old, change, depth)) {
      setOwn((copy ??= { ...target }), key, change);
    }
  }
  return copy ?? target;
}

function difference(from: JsonObject, to: JsonObject, depth: number): JsonObject {
  guard(depth);
  const patch: Record<string, Json> = {};
  for (const key of Object.keys(from)) {
    if (ownMember(to, key) === undefined) setOwn(patch, key, null);
  }
  for (const key of Object.keys(to)) {
    const next = ownMember(to, key);
    const old = ownMember(from, key);
    if (next === undefined || (next === null && old === undefined)) continue;
    if (isJsonObject(next) && isJsonObject(old)) {
      const inner = next === old ? NOTHING : difference(old, next, depth + 1);
      if (Object.keys(inner).length > 0) setOwn(patch, key, inner);
    } else if (!same(old, next, depth)) {
      setOwn(patch, key, next);
    }
  }
  return patch;
}

function same(a: Json | undefined, b: Json | undefined, depth: number): boolean {
  if (a === b) return true;
  guard(depth);
  if (isJsonArray(a) && isJsonArray(b)) {
    return a.length === b.length && a.every((item, at) => same(item, b[at], depth + 1));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key], depth + 1))
  );
}

function guard(depth: number): void {
  if (depth > MAX_DEPTH) throw new RangeError(`expected JSON nested at most ${MAX_DEPTH} deep`);
}
