import type { Entry } from './entry.ts';

/** What happens to an entry at this moment. */
export type Turn =
  | { readonly kind: 'ready' }
  /** It is being sent, or its answer is being recorded. */
  | { readonly kind: 'in-flight' }
  /** It was tried `failures` times and rests until `until`, in milliseconds since 1970. */
  | { readonly kind: 'waiting'; readonly until: number; readonly failures: number }
  /** Its status tells why. */
  | { readonly kind: 'parked' }
  /** Stored in the form of another version of the application: an older one is upgraded first, a newer one must send it. */
  | { readonly kind: 'foreign' }
  /** `by` are the ids right before it; `stuck`: one of those, or one before them, waits or is parked. */
  | { readonly kind: 'blocked'; readonly by: readonly string[]; readonly stuck: boolean };

export interface EntryView<Payload> {
  readonly entry: Entry<Payload>;
  readonly turn: Turn;
}

export interface Attempt {
  readonly failures: number;
  readonly until: number;
}

export interface Surroundings {
  readonly flights: ReadonlyMap<number, unknown>;
  readonly attempts: ReadonlyMap<number, Attempt>;
  readonly now: number;
  readonly schema: number;
}

interface Place {
  readonly id: string;
  stuck: boolean;
}

/** True where nothing but time or a person moves the entry on. */
export function isStuck(turn: Turn): boolean {
  return turn.kind === 'blocked' ? turn.stuck : turn.kind !== 'ready' && turn.kind !== 'in-flight';
}

/** Tells every entry's turn. `entries` are all that are stored, by position. */
export function survey<Payload>(
  entries: readonly Entry<Payload>[],
  around: Surroundings,
): EntryView<Payload>[] {
  const lanes = new Map<string, Place>();
  const names = new Map<string, Place>();
  const anyNamed = entries.some((entry) => entry.after.length > 0);
  return entries.map((entry) => {
    const { id, key } = entry;
    const own: Place = { id, stuck: false };
    const before: Place[] = [];
    const note = (place: Place | undefined): void => {
      if (place && !before.includes(place)) before.push(place);
    };
    for (const lane of entry.lanes) {
      note(lanes.get(lane));
      lanes.set(lane, own);
    }
    for (const name of entry.after) note(names.get(name));
    if (anyNamed) names.set(id, own).set(key, own);
    const turn: Turn =
      before.length > 0 && entry.status.kind !== 'parked' && !around.flights.has(entry.position)
        ? { kind: 'blocked', by: before.map((place) => place.id), stuck: before.some(({ stuck }) => stuck) }
        : turnOf(entry, around);
    own.stuck = isStuck(turn);
    return { entry, turn };
  });
}

/** The turn of an entry that nothing is before. */
function turnOf<Payload>({ position, schema, status }: Entry<Payload>, around: Surroundings): Turn {
  if (status.kind === 'parked') return { kind: 'parked' };
  if (around.flights.has(position)) return { kind: 'in-flight' };
  if (schema !== around.schema) return { kind: 'foreign' };
  const attempt = around.attempts.get(position);
  return attempt && attempt.until > around.now ? { kind: 'waiting', ...attempt } : { kind: 'ready' };
}

/**
 * The entries that nothing is before, with their turns: the first of every lane. Stops where all lanes have been seen,
 * or so many are ready.
 * @param lanes how many lanes have entries.
 */
export function heads<Payload>(
  { entries, lanes, find }: Heads<Payload>,
  around: Surroundings,
  most: number,
): EntryView<Payload>[] {
  const seen = new Set<string>();
  const found: EntryView<Payload>[] = [];
  let ready = 0;
  for (const entry of entries()) {
    if (ready >= most || seen.size >= lanes) break;
    const first = entry.lanes.filter((lane) => !seen.has(lane));
    for (const lane of first) seen.add(lane);
    const free =
      first.length === entry.lanes.length &&
      entry.after.every((name) => (find(name)?.position ?? Infinity) > entry.position);
    if (!free) continue;
    const turn = turnOf(entry, around);
    if (turn.kind === 'ready') ready += 1;
    found.push({ entry, turn });
  }
  return found;
}

interface Heads<Payload> {
  entries(): readonly Entry<Payload>[];
  readonly lanes: number;
  find(name: string): Entry<Payload> | undefined;
}
