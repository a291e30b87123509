export { createHub } from './hub.ts';
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
