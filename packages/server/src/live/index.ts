export type {
  Authentication,
  ChannelRoute,
  Hub,
  HubLimits,
  HubOptions,
  HubStats,
  ResetReason,
  Subject,
} from './types.ts';
import type { Hub, HubOptions, Subject } from './types.ts';

/** One per process, on a started feed. */
export declare function createHub<S extends Subject>(options: HubOptions<S>): Hub<S>;
