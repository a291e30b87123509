export { useDebouncedQuery } from './use-debounced-query.ts';
export type { DebouncedOptions, DebouncedResult } from './use-debounced-query.ts';
export { useOutbox, usePending } from './use-pending.ts';
export type { OutboxNow } from './use-pending.ts';
export { useAggregate, useLockstep, useRow, useView } from './use-rows.ts';
export { useUpload } from './use-upload.ts';
export type { UploadHandle, UploadSpec } from './use-upload.ts';
