export { createLockstep } from './create-lockstep.ts';
export type {
  Lockstep,
  LockstepOptions,
  RowsAdapter,
  StoreParts,
  ThunkDeclaration,
  WithLockstep,
} from './create-lockstep.ts';
export type { AdapterVerb, LockstepAction } from './actions.ts';
export type {
  Declarations,
  ListDeclaration,
  ListWindow,
  OneDeclaration,
  PagesDeclaration,
  WriteDeclaration,
} from './declarations.ts';
export type { Runtime, StoreOptions } from './runtime.ts';
export type { Conflict, WriteResult } from './writer.ts';
export type {
  Aggregate,
  AggregateResult,
  AggregateSpec,
  Order,
  OrderPart,
  Search,
  View,
  ViewResult,
  ViewSpec,
  Where,
  Window,
} from './collections/index.ts';
export { LockstepError, collection, isProblem, isRequestFailure, isTransient } from './core/index.ts';
export type {
  Clock,
  CollectionDefinition,
  CollectionOptions,
  EntityKey,
  LockstepErrorCode,
  Random,
  RequestFailure,
  Row,
  RowId,
  RowOf,
  Timers,
} from './core/index.ts';
export { StorageFailure, createMemoryOutbox } from './outbox/index.ts';
export type { Entry, EntryView, OutboxState, OutboxStorage, Parking, Turn } from './outbox/index.ts';
export type {
  EffectTransaction,
  FieldConflict,
  Intent,
  IntentStatus,
  Make,
  PatchOf,
  PendingIntent,
  ToldChange,
} from './pending/index.ts';
export type { ChangeNote, LockstepState } from './queries/index.ts';
export { createBaseQuery } from './requests/index.ts';
export type { BaseQueryOptions, LockstepBaseQuery, RequestMeta, UploadState } from './requests/index.ts';
