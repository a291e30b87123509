export { fullJitter } from './backoff.ts';
export type { Backoff } from './backoff.ts';
export { compose, invert, mergeChanges, NO_CHANGES } from './change-set.ts';
export type { ChangeSet, RowChange } from './change-set.ts';
export { deepFreeze, development } from './environment.ts';
export { describe, isProblem, isRequestFailure, isTransient, LockstepError } from './errors.ts';
export type { LockstepErrorCode, LockstepFault, RequestFailure, RequestFailureKind } from './errors.ts';
export { browserClock, browserFetch, browserLocks, browserRandom, browserTimers } from './browser-ports.ts';
export type {
  Cancel,
  Clock,
  Fetch,
  Locks,
  Random,
  Socket,
  SocketEvents,
  SocketFactory,
  TextStorage,
  Timers,
} from './ports.ts';
export { collection } from './row.ts';
export type {
  CollectionDefinition,
  CollectionOptions,
  EntityKey,
  NestedRows,
  Row,
  RowId,
  RowOf,
} from './row.ts';
export { sameJson } from './same-json.ts';
export { createTrace } from './trace.ts';
export type { Trace, TraceEvent, TraceSink } from './trace.ts';
