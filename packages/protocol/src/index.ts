export { canonicalJson } from './canonical-json.ts';
export {
  CHANGES_LIMIT,
  CLOSE,
  HEADER,
  KEY_MAX_AGE_MS,
  KEY_MAX_AHEAD_MS,
  KEY_RECORD_MS,
  PROTOCOL_VERSION,
  SUBPROTOCOL,
} from './constants.ts';
export { problemType, protocolErrors } from './errors.ts';
export type { ErrorEntry, ProtocolErrorCode } from './errors.ts';
export type { FrameFault, Read } from './frames/checks.ts';
export { readClientFrame } from './frames/client-frame.ts';
export { readServerFrame } from './frames/server-frame.ts';
export { isJsonObject } from './json.ts';
export type { Json, JsonObject } from './json.ts';
export { applyMergePatch, mergePatchBetween } from './merge-patch.ts';
export type { MergePatch } from './merge-patch.ts';
export { compareText } from './order.ts';
export type {
  Change,
  ClientFrame,
  EmptyChange,
  FieldError,
  Intent,
  IntentTarget,
  PresencePerson,
  Problem,
  RowChange,
  ServerFrame,
} from './types.ts';
export { createUuidv7, isUuidv7, timeOfUuidv7, uuidv7, UUID_PATTERN } from './uuid.ts';
