export type {
  CommitOutcome,
  CommitRefusal,
  Effect,
  EffectResult,
  IntentToCommit,
  NewChange,
  StoredAnswer,
} from './types.ts';
import type { Json } from '@lockstep/protocol';
import type { Database } from '../database/index.ts';
import type { CommitOutcome, Effect, IntentToCommit } from './types.ts';

/** In one transaction: the key's record, the effect and its changes. See `CommitOutcome`. */
export declare function commitIntent<Schema>(
  database: Database<Schema>,
  intent: IntentToCommit,
  effect: Effect<Schema>,
): Promise<CommitOutcome>;

/** SHA-256 (hex) of method, path and canonical body: equal for bodies that differ in key order or white space alone. Headers never count. */
export declare function hashRequest(request: {
  method: string;
  path: string;
  body: Json | undefined;
}): string;
