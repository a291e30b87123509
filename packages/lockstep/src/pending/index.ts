export { createPending } from './create-pending.ts';
export type { PendingOptions } from './create-pending.ts';
export type * from './types.ts';
