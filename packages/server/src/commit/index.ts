export { commitIntent } from './commit.ts';
export { hashRequest } from './hash.ts';
export type {
  CommitOutcome,
  CommitRefusal,
  Effect,
  EffectResult,
  IntentToCommit,
  NewChange,
  StoredAnswer,
} from './types.ts';
