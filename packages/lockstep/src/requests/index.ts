export { createBaseQuery } from './base-query.ts';
export type {
  AuthOptions,
  BaseQueryOptions,
  LockstepBaseQuery,
  RequestApi,
  RequestExtraOptions,
  RequestMeta,
  RequestQueryFn,
  RetryOptions,
} from './types.ts';
export { writeOutcome } from './write-outcome.ts';
export type { WriteOutcome } from './write-outcome.ts';
export { createUploads } from './uploads.ts';
export type { UploadOptions, UploadResult, Uploads, UploadState } from './uploads.ts';
export type { Progress, UploadRequest } from './xhr-fetch.ts';
