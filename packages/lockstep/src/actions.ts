import type { EntityKey } from './core/index.ts';
import type { Acknowledgement, Intent, IntentStatus, ToldChange } from './pending/index.ts';
import type { ChangeNote } from './queries/index.ts';

/**
 * What happens to rows and intents. These are the only actions that change Lockstep's slice; their payloads are plain
 * JSON, so they can be recorded, replayed and shown by developer tools.
 */
export type LockstepAction = { readonly meta: ActionMeta } & LockstepEvent;

export interface ActionMeta {
  /** When it was dispatched, in milliseconds since 1970: reducers ask no clock. */
  readonly now: number;
}

export type LockstepEvent =
  /** A person asked for a write; its effect shows from here on. */
  | {
      readonly type: 'lockstep/begun';
      readonly payload: { readonly intent: Intent; readonly status?: IntentStatus };
    }
  | {
      readonly type: 'lockstep/marked';
      readonly payload: {
        readonly id: string;
        readonly status: Exclude<IntentStatus, { kind: 'acknowledged' }>;
      };
    }
  /** The server did it. */
  | {
      readonly type: 'lockstep/acknowledged';
      readonly payload: { readonly id: string; readonly acknowledgement: Acknowledgement };
    }
  /** Intents end; a successor takes the place of the first. */
  | {
      readonly type: 'lockstep/settled';
      readonly payload: { readonly ended: readonly string[]; readonly successor?: Intent };
    }
  /** The server said so: by the channel, the feed, or an answer outside RTK Query. */
  | {
      readonly type: 'lockstep/confirmed';
      readonly payload: { readonly changes: readonly ToldChange[]; readonly notes?: readonly ChangeNote[] };
    }
  /** A verb of a collection's adapter. */
  | {
      readonly type: 'lockstep/rows';
      readonly payload: {
        readonly collection: string;
        readonly verb: AdapterVerb;
        readonly argument?: unknown;
      };
    }
  /** Time went on, for lists whose rule asks what time it is. */
  | { readonly type: 'lockstep/ticked' }
  /** Rows that nothing refers to any more. */
  | { readonly type: 'lockstep/released'; readonly payload: { readonly rows: readonly EntityKey[] } }
  /** Whoever was signed in is not: rows and shown intents go. The outbox keeps its queue. */
  | { readonly type: 'lockstep/cleared' };

/** The verbs of `createEntityAdapter`. */
export type AdapterVerb =
  | 'addOne'
  | 'addMany'
  | 'setOne'
  | 'setMany'
  | 'setAll'
  | 'removeOne'
  | 'removeMany'
  | 'removeAll'
  | 'updateOne'
  | 'updateMany'
  | 'upsertOne'
  | 'upsertMany';

/** True for the actions above. */
export function isLockstepAction(action: { readonly type: unknown }): action is LockstepAction {
  return typeof action.type === 'string' && action.type.startsWith('lockstep/');
}
