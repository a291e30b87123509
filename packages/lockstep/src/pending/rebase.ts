import type { EntityKey, Row } from '../core/index.ts';
import { keyOf, run } from './transaction.ts';
import type { ReadRow } from './transaction.ts';
import type { Effect, PendingIntent } from './types.ts';

/** The effect of an endpoint; undefined where this code no longer knows it. */
export type EffectOf = (endpoint: string) => Effect | undefined;

export interface Replay {
  readonly intents: readonly PendingIntent[];
  /** What each row of the scope became; a row that no intent wrote is not in it. */
  readonly rows: ReadonlyMap<string, Row | null>;
  /** The rows that the replay spoke for: in here and not in `rows` means as confirmed. */
  readonly scope: ReadonlyMap<string, EntityKey>;
}

/** The confirmed rows, then the pending intents replayed in order: those alone that a dirty row can reach. */
export function rebase(
  intents: readonly PendingIntent[],
  dirty: Iterable<EntityKey>,
  confirmed: ReadRow,
  effectOf: EffectOf,
): Replay {
  const scope = new Map<string, EntityKey>();
  for (const key of dirty) scope.set(keyOf(key), key);
  for (;;) {
    const reached = reach(intents, scope);
    const rows = new Map<string, Row | null>();
    const replayed = intents.map((intent, at) =>
      reached.has(at) ? replay(intent, rows, confirmed, effectOf) : intent,
    );
    const { size } = scope;
    for (const at of reached) for (const key of replayed[at]!.touched) scope.set(keyOf(key), key);
    if (scope.size === size) return { intents: replayed, rows, scope };
    intents = replayed;
  }
}

/** Applies one intent to `rows`. @returns the intent, with the rows that it touched this time. */
export function replay(
  intent: PendingIntent,
  rows: Map<string, Row | null>,
  below: ReadRow,
  effectOf: EffectOf,
): PendingIntent {
  const effect = effectOf(intent.endpoint);
  if (effect === undefined) return intent;
  const { writes, touched } = run(effect, intent, (key) => {
    const row = rows.get(keyOf(key));
    return row === undefined ? below(key) : (row ?? undefined);
  });
  for (const key of intent.told) writes.delete(keyOf(key));
  for (const [name, write] of writes) rows.set(name, write.row);
  const same =
    touched.size === intent.touched.length && intent.touched.every((key) => touched.has(keyOf(key)));
  return same ? intent : { ...intent, touched: [...touched.values()] };
}

/** The places of the intents that show and share a row with the scope, or with one another; the scope grows by theirs. */
function reach(intents: readonly PendingIntent[], scope: Map<string, EntityKey>): ReadonlySet<number> {
  const reached = new Set<number>();
  for (let size = -1; size !== scope.size;) {
    ({ size } = scope);
    for (const [at, intent] of intents.entries()) {
      if (reached.has(at) || intent.status.kind === 'parked') continue;
      if (!intent.touched.some((key) => scope.has(keyOf(key)))) continue;
      reached.add(at);
      for (const key of intent.touched) scope.set(keyOf(key), key);
    }
  }
  return reached;
}
