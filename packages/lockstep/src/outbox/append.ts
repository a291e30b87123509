import { allows } from './entry.ts';
import type { Entry } from './entry.ts';
import { put } from './steps.ts';
import type { Step } from './storage.ts';
import type { OutboxPolicy, Submission } from './types.ts';

/** What becomes of one write: `into` is the entry that stands for it, itself where it was appended. */
export interface Placement {
  readonly id: string;
  readonly into: string;
  /** It is queued already: asked for twice. */
  readonly known: boolean;
}

export interface AppendPlan<Payload> {
  readonly steps: readonly Step<Payload>[];
  /** Stored entries are merged into: nothing may have been appended since. */
  readonly guarded: boolean;
  readonly placements: readonly Placement[];
}

export interface AppendRules<Payload> {
  readonly schema: number;
  /** It is queued. */
  known(id: string): boolean;
  /** The id of the entry into which a write of this id was merged before, or the same id. */
  nameOf(id: string): string;
  inFlight(entry: Entry<Payload>): boolean;
  readonly coalesce: OutboxPolicy<Payload>['coalesce'];
}

/** Places writes at the queue's end, merging each into the one before it where both were never sent. */
export function planAppend<Payload>(
  entries: Iterable<Entry<Payload>>,
  submissions: readonly Submission<Payload>[],
  rules: AppendRules<Payload>,
): AppendPlan<Payload> {
  /** The queue as it will be; what is to be appended has position 0 here. */
  const queue = [...entries];
  const stored = new Map<number, Step<Payload>>();
  const fresh = new Set<string>();
  const merged = new Map<string, string>();

  const place = (submission: Submission<Payload>): Placement => {
    const { id, payload, at } = submission;
    if (fresh.has(id) || rules.known(id)) return { id, into: id, known: true };
    // Without a lane it keeps its order with nothing but itself.
    const lanes = submission.lanes.length > 0 ? [...new Set(submission.lanes)] : [id];
    const after = (submission.after ?? []).map((name) => merged.get(name) ?? rules.nameOf(name));
    const last = rules.coalesce && mergeable(queue, lanes, after, rules);
    const result = last ? rules.coalesce(last, submission) : null;
    if (last && result !== null) {
      const { position, revision } = last;
      const index = queue.lastIndexOf(last);
      merged.set(id, last.id);
      if (result === 'nothing') {
        queue.splice(index, 1);
        stored.set(position, { op: 'remove', position, revision });
      } else {
        const entry = { ...last, payload: result.payload };
        queue[index] = entry;
        stored.set(position, put(entry, {}));
      }
      return { id, into: last.id, known: false };
    }
    fresh.add(id);
    queue.push({
      position: 0,
      revision: 0,
      id,
      key: id,
      lanes,
      after,
      payload,
      schema: rules.schema,
      at,
      status: { kind: 'durable' },
    });
    return { id, into: id, known: false };
  };

  const placements = submissions.map(place);
  stored.delete(0);
  const appended = queue
    .filter(({ position }) => position === 0)
    .map((planned): Step<Payload> => {
      const { position: _, revision: _none, ...entry } = planned;
      return { op: 'append', entry };
    });
  return { steps: [...stored.values(), ...appended], placements, guarded: stored.size > 0 };
}

/**
 * The entry that a write may be merged into: the last of exactly its lanes, never sent, named by nobody, and waiting for
 * all that the write waits for. Then no order that anybody could see is changed by the merge.
 */
function mergeable<Payload>(
  queue: readonly Entry<Payload>[],
  lanes: readonly string[],
  after: readonly string[],
  rules: AppendRules<Payload>,
): Entry<Payload> | null {
  let last: Entry<Payload> | undefined;
  for (const lane of lanes) {
    const found = queue.findLast((entry) => entry.lanes.includes(lane));
    if (!found || (last && found !== last)) return null;
    last = found;
  }
  if (!last || last.lanes.length !== lanes.length || last.schema !== rules.schema) return null;
  const { id, key } = last;
  const named = (names: readonly string[]): boolean =>
    names.length > 0 && (names.includes(id) || names.includes(key));
  const fits =
    allows(last, 'merge') &&
    !rules.inFlight(last) &&
    after.every((name) => named([name]) || last.after.includes(name)) &&
    !queue.some((entry) => named(entry.after));
  return fits ? last : null;
}
