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
  readonly stuck: boolean;
}

/** True where nothing but time or a person moves the entry on. */
export function isStuck(turn: Turn): boolean {
  return turn.kind === 'blocked' ? turn.stuck : turn.kind !== 'ready' && turn.kind !== 'in-flight';
}

/** Tells every entry's turn. `entries` are all that are stored, by position. */
export function survey<Payload>(
  entries: Iterable<Entry<Payload>>,
  around: Surroundings,
): EntryView<Payload>[] {
  const lanes = new Map<string, Place>();
  const names = new Map<string, Place>();
  const views: EntryView<Payload>[] = [];
  for (const entry of entries) {
    const before = new Set<Place>();
    for (const lane of entry.lanes) note(before, lanes.get(lane));
    for (const name of entry.after) note(before, names.get(name));
    const turn = turnOf(entry, before, around);
    const place = { id: entry.id, stuck: isStuck(turn) };
    for (const lane of entry.lanes) lanes.set(lane, place);
    names.set(entry.id, place).set(entry.key, place);
    views.push({ entry, turn });
  }
  return views;
}

function turnOf<Payload>(entry: Entry<Payload>, before: ReadonlySet<Place>, around: Surroundings): Turn {
  if (entry.status.kind === 'parked') return { kind: 'parked' };
  if (around.flights.has(entry.position)) return { kind: 'in-flight' };
  if (entry.schema !== around.schema) return { kind: 'foreign' };
  if (before.size > 0) {
    const places = [...before];
    return {
      kind: 'blocked',
      by: places.map((place) => place.id),
      stuck: places.some((place) => place.stuck),
    };
  }
  const attempt = around.attempts.get(entry.position);
  if (attempt && attempt.until > around.now) return { kind: 'waiting', ...attempt };
  return { kind: 'ready' };
}

function note(places: Set<Place>, place: Place | undefined): void {
  if (place) places.add(place);
}
