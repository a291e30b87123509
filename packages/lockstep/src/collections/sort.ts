import type { Row } from '../core/index.ts';
import type { RowOrder, SortKey } from './order.ts';
import type { OrderKey } from './types.ts';

/** Rows in order, each with its key. */
export interface Sorted {
  readonly keys: readonly SortKey[];
  readonly rows: readonly Row[];
}

/**
 * Puts rows in order; the key of each is made once. Comparing texts is what sorting many rows spends its time on, so
 * rows are compared by a number that stands for the beginning of their first key, and by their keys where that is equal.
 */
export function sortRows({ key, compare, leading, sign }: RowOrder, rows: readonly Row[]): Sorted {
  const keys = rows.map(key);
  const weights = weigh(keys.map(leading));
  const places = mergeSort(rows.length, (a, b) => {
    const difference = weights[a]! - weights[b]!;
    return difference === 0 ? compare(keys[a]!, rows[a]!, keys[b]!, rows[b]!) : sign * difference;
  });
  return {
    keys: Array.from(places, (place) => keys[place]!),
    rows: Array.from(places, (place) => rows[place]!),
  };
}

/** A number for each key that is nowhere in another order than the keys; equal numbers decide nothing. */
export function weigh(keys: readonly OrderKey[]): Float64Array {
  const weights = new Float64Array(keys.length);
  const present = keys.filter((key) => key !== null);
  if (present.every((key) => typeof key === 'number')) {
    for (const [at, key] of keys.entries()) weights[at] = typeof key === 'number' ? clamped(key) : MOST;
  } else if (present.every((key) => typeof key === 'string')) {
    weighTexts(keys, weights);
  }
  return weights;
}

/** Nulls come last. Finite, as all weights are: a difference of two infinities would be no number. */
const MOST = Number.MAX_VALUE;

function clamped(key: number): number {
  return Math.max(-MOST, Math.min(MOST, key));
}

/**
 * Reads texts as numbers whose digits are their characters, each place with just as many values as occur between the
 * least and the greatest character there: places where all agree take no room, and 53 bits hold a whole time of day
 * and date. Source: mixed radix, Knuth, The Art of Computer Programming 2, 4.1.
 */
function weighTexts(keys: readonly OrderKey[], weights: Float64Array): void {
  let room = 1;
  for (let place = 0; ; place += 1) {
    const { least, greatest, ended } = unitsAt(keys, place);
    if (greatest < 0) break;
    const values = greatest - least + 1 + ended;
    room *= values;
    if (room > Number.MAX_SAFE_INTEGER) break;
    for (let at = 0; at < keys.length; at += 1) {
      const key = keys[at]!;
      const digit = typeof key === 'string' && place < key.length ? key.charCodeAt(place) - least + ended : 0;
      weights[at] = weights[at]! * values + digit;
    }
  }
  for (const [at, key] of keys.entries()) if (key === null) weights[at] = MOST;
}

/** The least and greatest UTF-16 unit at a place, -1 where no text reaches it; `ended` is 1 where some do not. */
function unitsAt(
  keys: readonly OrderKey[],
  place: number,
): { least: number; greatest: number; ended: 0 | 1 } {
  let least = Infinity;
  let greatest = -1;
  let ended: 0 | 1 = 0;
  for (const key of keys) {
    if (typeof key !== 'string') continue;
    if (place >= key.length) {
      ended = 1;
      continue;
    }
    const unit = key.charCodeAt(place);
    if (unit < least) least = unit;
    if (unit > greatest) greatest = unit;
  }
  return { least, greatest, ended };
}

const RUN = 8;

/** The places from 0 to `count - 1` in order. By hand: V8's own sort spends more on calls than on comparisons. */
function mergeSort(count: number, compare: (a: number, b: number) => number): Uint32Array {
  let places = new Uint32Array(count);
  let merged = new Uint32Array(count);
  for (let at = 0; at < count; at += 1) places[at] = at;
  for (let start = 0; start < count; start += RUN)
    insertionSort(places, start, Math.min(count, start + RUN), compare);
  for (let width = RUN; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      merge(
        places,
        merged,
        start,
        Math.min(count, start + width),
        Math.min(count, start + 2 * width),
        compare,
      );
    }
    [places, merged] = [merged, places];
  }
  return places;
}

function insertionSort(
  places: Uint32Array,
  start: number,
  end: number,
  compare: (a: number, b: number) => number,
): void {
  for (let next = start + 1; next < end; next += 1) {
    const place = places[next]!;
    let at = next;
    for (; at > start && compare(places[at - 1]!, place) > 0; at -= 1) places[at] = places[at - 1]!;
    places[at] = place;
  }
}

function merge(
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  middle: number,
  end: number,
  compare: (a: number, b: number) => number,
): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at += 1) {
    const takesLeft = right >= end || (left < middle && compare(from[left]!, from[right]!) <= 0);
    to[at] = takesLeft ? from[left++]! : from[right++]!;
  }
}
