/**
 * The server half of Lockstep: commit a write once, put its change in order, bring it to every socket that may read it.
 * Knows nothing of any product. Stands on Kysely, PGlite or PostgreSQL, and Fastify.
 *
 * In the order of use: `openDatabase` → `serverMigrations` (in the application's own migrator) → `commitIntent` → `createFeed` → `createHub`.
 */
export { ServerError, isServerError } from './core/errors.ts';
export type { ServerErrorCode } from './core/errors.ts';
export { systemClock } from './core/ports.ts';
export type { Clock, Report } from './core/ports.ts';

export { openDatabase } from './database/index.ts';
export type {
  Database,
  DatabaseOptions,
  Dialect,
  EmbeddedOptions,
  PostgresOptions,
  TransactionOptions,
} from './database/index.ts';

export { serverMigrations } from './migrations.ts';

export { commitIntent, hashRequest } from './commit/index.ts';
export type {
  CommitOutcome,
  CommitRefusal,
  Effect,
  EffectResult,
  IntentToCommit,
  NewChange,
  StoredAnswer,
} from './commit/index.ts';

export { breakFeed, createFeed, feedPosition } from './feed/index.ts';
export type { Feed, FeedBatch, FeedOptions, FeedPage, FullChange } from './feed/index.ts';

export { createHub } from './live/index.ts';
export type {
  Authentication,
  ChannelRoute,
  Hub,
  HubLimits,
  HubOptions,
  HubStats,
  ResetReason,
  Subject,
} from './live/index.ts';
