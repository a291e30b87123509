export type { Entry, EntryEvent, Parking, Status } from './entry.ts';
export type { GateEvent, GateKind } from './gate.ts';
export { createMemoryOutbox } from './memory-storage.ts';
export type { MemoryOutbox } from './memory-storage.ts';
export { createOutbox } from './outbox.ts';
export { StorageFailure } from './storage.ts';
export type { Committed, Draft, Guard, Loaded, OutboxStorage, Step, StorageFault } from './storage.ts';
export type { EntryView, Turn } from './survey.ts';
export type {
  Decided,
  Leadership,
  Outbox,
  OutboxEvent,
  OutboxOptions,
  OutboxPolicy,
  OutboxState,
  Outcome,
  PauseReason,
  Precedent,
  Resolution,
  SendOutcome,
  Submission,
} from './types.ts';
