/** Any object may be asked for members that it may not have. */
export type Members = Readonly<Record<PropertyKey, unknown>>;

const NONE: Members = Object.freeze({});

/** The members of an object, none of anything else. */
export function membersOf(value: unknown): Members {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- reading any member of any object is safe, and says unknown
  return typeof value === 'object' && value !== null ? (value as Members) : NONE;
}

/** True where both are one value, or arrays or plain objects that hold the same members. */
export function areSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, at) => item === b[at]);
  if (Array.isArray(a) || Array.isArray(b) || typeof a !== 'object' || typeof b !== 'object') return false;
  if (a === null || b === null) return false;
  const [left, right] = [membersOf(a), membersOf(b)];
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => left[key] === right[key] && Object.hasOwn(right, key));
}

/** `value`, or the first of the others that holds the same. What is new is frozen, as RTK Query's data is. */
export function same<T>(known: unknown, value: T, other?: unknown): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what holds the same members is as good
  if (areSame(known, value)) return known as T;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  if (areSame(other, value)) return other as T;
  return Object.freeze(value);
}

/** Sets an own member, whatever its name. */
export function setOwn<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[key] = value;
  }
}
