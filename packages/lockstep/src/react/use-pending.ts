import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { useSelector } from 'react-redux';
import type { EntityKey } from '../core/index.ts';
import type { EntryView, Outbox, OutboxState } from '../outbox/index.ts';
import type { Intent, PendingIntent } from '../pending/index.ts';
import { useLockstep } from './use-rows.ts';

/** The intents that have not settled, oldest first; those of one row where a key is given. */
export function usePending(of?: EntityKey): readonly PendingIntent[] {
  const { stateOf } = useLockstep();
  const { collection, id } = of ?? {};
  const intents = useSelector((state) => stateOf(state).pending.intents);
  const mine = useMemo(
    () =>
      collection === undefined
        ? intents
        : intents.filter(({ targets }) =>
            targets.some((target) => target.collection === collection && target.id === id),
          ),
    [intents, collection, id],
  );
  return mine;
}

/** The queue as it is, with what a person may do about it. */
export interface OutboxNow {
  readonly state: OutboxState;
  readonly entries: readonly EntryView<Intent>[];
  readonly retry: Outbox<Intent>['retry'];
  readonly discard: Outbox<Intent>['discard'];
  /** Ends a conflict: `mine` goes over the row as it is now, `theirs` gives the intent up. */
  readonly decide: (id: string, choice: 'mine' | 'theirs') => Promise<'done' | 'gone' | 'refused'>;
}

/** Whether the queue is being sent, each entry in it, and why it waits. */
export function useOutbox(): OutboxNow {
  const { outbox, decide } = useLockstep();
  const entries = useSyncExternalStore(outbox.watch, outbox.entries, outbox.entries);
  // The queue says its state anew each time; its text is the same while nothing changed.
  const told = useCallback(() => JSON.stringify(outbox.state()), [outbox]);
  const text = useSyncExternalStore(outbox.watch, told, told);
  const state = useMemo(() => JSON.parse(text) as OutboxState, [text]);
  const { retry, discard } = outbox;
  return useMemo(
    () => ({ state, entries, retry, discard, decide }),
    [state, entries, retry, discard, decide],
  );
}
