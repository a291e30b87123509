export type { Feed, FeedBatch, FeedOptions, FeedPage, FullChange } from './types.ts';
import type { Database } from '../database/index.ts';
import type { Feed, FeedOptions } from './types.ts';

/** The feed of a database. Make one per process and database. */
export declare function createFeed(database: Database, options?: FeedOptions): Feed;
