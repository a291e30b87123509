import { allows } from './entry.ts';
import type { Entry, Parking, Status } from './entry.ts';
import type { Draft, Step } from './storage.ts';
import type { OutboxPolicy, Precedent } from './types.ts';

/** What is to be written, and what is told in the same breath as the mirror follows it. */
export interface Plan<Payload> {
  readonly steps: readonly Step<Payload>[];
  /** `left` are the entries after the `put` and `append` steps, in their order. */
  done?(left: readonly Entry<Payload>[]): void;
}

export function put<Payload>(entry: Entry<Payload>, change: Partial<Draft<Payload>>): Step<Payload> {
  const { position, revision, ...draft } = entry;
  return { op: 'put', position, revision, entry: { ...draft, ...change } };
}

export function parked<Payload>(entry: Entry<Payload>, parking: Parking): Step<Payload> {
  const sent = entry.status.kind === 'parked' ? entry.status.sent : entry.status.kind === 'sent';
  return put(entry, { status: { kind: 'parked', parking, sent } });
}

/** The status that an entry had before it was parked. */
export function unparked(status: Status): Status {
  return status.kind === 'parked' ? { kind: status.sent ? 'sent' : 'durable' } : status;
}

/** A function of the application threw. */
export function fault(error: unknown): Parking {
  return { kind: 'fault', message: error instanceof Error ? error.message : String(error) };
}

/**
 * Takes entries out and, in the same transaction, brings up to date those that come next: were the two apart, a crash
 * between them would send the next one against a version that its own predecessor has made old.
 */
export function removal<Payload>(
  entries: readonly Entry<Payload>[],
  gone: readonly Entry<Payload>[],
  schema: number,
  policy: OutboxPolicy<Payload>,
  precedent: (entry: Entry<Payload>) => Precedent<Payload>,
): Step<Payload>[] {
  const next = new Map<Entry<Payload>, Step<Payload>>();
  for (const entry of gone) {
    for (const follower of followers(entries, entry)) {
      if (!policy.restamp || gone.includes(follower)) continue;
      if (!allows(follower, 'restamp') || follower.schema !== schema) continue;
      const step = next.get(follower);
      const latest = step?.op === 'put' ? { ...follower, ...step.entry } : follower;
      try {
        const payload = policy.restamp(latest, precedent(entry));
        if (payload !== latest.payload) next.set(follower, put(latest, { payload }));
      } catch (error) {
        next.set(follower, parked(latest, fault(error)));
      }
    }
  }
  return [
    ...gone.map(({ position, revision }): Step<Payload> => ({ op: 'remove', position, revision })),
    ...next.values(),
  ];
}

/** The next in each of its lanes, and those that name it. */
function followers<Payload>(entries: readonly Entry<Payload>[], entry: Entry<Payload>): Entry<Payload>[] {
  const { id, key, position } = entry;
  const lanes = new Set(entry.lanes);
  return entries.filter((other) => {
    let next = other.after.length > 0 && (other.after.includes(id) || other.after.includes(key));
    // Each lane is taken out by the first entry that has it.
    if (lanes.size > 0 && other.position > position) {
      for (const lane of other.lanes) if (lanes.delete(lane)) next = true;
    }
    return next;
  });
}

/** The payload in today's form; parked where that cannot be had, null where it is parked already. */
export function upgraded<Payload>(
  entry: Entry<Payload>,
  schema: number,
  policy: OutboxPolicy<Payload>,
): Step<Payload> | null {
  const { status } = entry;
  const unreadable: Parking = { kind: 'unreadable' };
  try {
    const payload = policy.upgrade?.(entry.payload, entry.schema);
    if (payload !== undefined) {
      const waits = status.kind === 'parked' && status.parking.kind === unreadable.kind;
      return put(entry, { payload, schema, status: waits ? unparked(status) : status });
    }
  } catch {
    // The same as no answer.
  }
  return status.kind === 'parked' ? null : parked(entry, unreadable);
}
