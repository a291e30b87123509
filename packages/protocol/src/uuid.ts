const LAST_TIME = 2 ** 48 - 1;

/** Any UUID in its canonical lower-case form. */
export const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A version 7 UUID (RFC 9562, section 5.7) in its canonical lower-case form. */
export const UUIDV7_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** True for a version 7 UUID in lower case; only these may be idempotency keys. */
export function isUuidv7(value: unknown): value is string {
  return typeof value === 'string' && UUIDV7_PATTERN.test(value);
}

/**
 * The time inside a version 7 UUID, in milliseconds since 1970.
 * @throws RangeError where `id` is no version 7 UUID.
 */
export function timeOfUuidv7(id: string): number {
  if (!isUuidv7(id))
    throw new RangeError(`expected a version 7 UUID in lower case, received ${JSON.stringify(id)}`);
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/**
 * One version 7 UUID (RFC 9562): 48 bits of time, 74 random bits. Two calls within a millisecond are not ordered;
 * a maker of many ids uses `createUuidv7`.
 * @param nowMs milliseconds since 1970, below 2^48.
 * @param random at least ten random bytes; the first ten are used.
 * @throws RangeError where the time or the bytes are out of range.
 */
export function uuidv7(nowMs: number, random: Uint8Array): string {
  const [a = 0, b = 0, ...rest] = checked(nowMs, random);
  return format(nowMs, ((a & 0x0f) << 8) | b, rest);
}

/**
 * Makes version 7 UUIDs that strictly rise, also within one millisecond and when the clock steps back: the twelve bits
 * after the time are a counter that starts random in its lower half (RFC 9562, section 6.2, method 1), and a counter
 * that runs over borrows the next millisecond.
 * @param now milliseconds since 1970.
 * @param randomBytes gives that many random bytes (in browsers by `crypto.getRandomValues`).
 */
export function createUuidv7(now: () => number, randomBytes: (count: number) => Uint8Array): () => string {
  let time = -1;
  let counter = 0;
  return () => {
    const clock = now();
    const random = randomBytes(10);
    const [a = 0, b = 0, ...rest] = checked(clock, random);
    const seed = ((a & 0x07) << 8) | b;
    if (clock > time) {
      time = clock;
      counter = seed;
    } else if (counter === 0xfff) {
      time += 1;
      counter = seed;
    } else {
      counter += 1;
    }
    return format(time, counter, rest);
  };
}

function checked(nowMs: number, random: Uint8Array): Uint8Array {
  if (!Number.isInteger(nowMs) || nowMs < 0 || nowMs > LAST_TIME) {
    throw new RangeError(`expected whole milliseconds since 1970 below 2^48, received ${nowMs}`);
  }
  if (random.length < 10)
    throw new RangeError(`expected at least 10 random bytes, received ${random.length}`);
  return random;
}

function format(time: number, counter: number, tail: readonly number[]): string {
  const stamp = hex(time, 12);
  const [first = 0] = tail;
  const rest = tail.slice(1, 8).reduce((text, byte) => text + hex(byte, 2), hex((first & 0x3f) | 0x80, 2));
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${hex(counter, 3)}-${rest.slice(0, 4)}-${rest.slice(4)}`;
}

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, '0');
}
