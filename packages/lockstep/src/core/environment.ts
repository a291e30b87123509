/**
 * True outside production. Bundlers replace `process.env.NODE_ENV` by a literal; a browser without a bundler has no
 * `process` and runs as in production.
 */
export const development: boolean = (() => {
  try {
    return process.env.NODE_ENV !== 'production';
  } catch {
    return false;
  }
})();

/** Freezes a value and everything in it: in development a change in place is an error at its line. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}
