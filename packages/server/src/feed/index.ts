export { createFeed } from './feed.ts';
export type { Feed, FeedBatch, FeedOptions, FeedPage, FullChange } from './types.ts';
export { breakFeed } from './break.ts';
export { feedPosition } from './position.ts';
