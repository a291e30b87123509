import { useCallback, useEffect, useId, useMemo, useRef, useSyncExternalStore } from 'react';
import type { FetchArgs } from '@reduxjs/toolkit/query';
import type { ToldChange } from '../pending/index.ts';
import type { UploadResult, UploadState } from '../requests/index.ts';
import { useLockstep } from './use-rows.ts';

/** An upload's request, and what its answer means. */
export interface UploadSpec<Argument, Answer> {
  /** The request, its body a `FormData`, `Blob` or the like. */
  request(argument: Argument): FetchArgs;
  /** The answer out of the body. Default: the body. What it throws fails the upload as `parse`. */
  read?(body: unknown): Answer;
  /** The rows that the answer confirms. */
  rows?(answer: Answer): readonly ToldChange[];
}

export interface UploadHandle<Argument, Answer> {
  /** Undefined until one was started; `sending` carries the bytes. */
  readonly state: UploadState<Answer> | undefined;
  /** Sends; one that is under way is given up. Never rejects. */
  start(argument: Argument): Promise<UploadResult<Answer>>;
  /** Sends a failed one again. */
  retry(): void;
  abort(): void;
}

/** One upload with progress. It is given up when the component goes. */
export function useUpload<Argument, Answer = unknown>(
  spec: UploadSpec<Argument, Answer>,
): UploadHandle<Argument, Answer> {
  const { upload, uploads } = useLockstep();
  const id = useId();
  const latest = useRef(spec);
  useEffect(() => {
    latest.current = spec;
  });
  useEffect(() => () => uploads.release(id), [uploads, id]);
  const read = useCallback(() => uploads.state(id) as UploadState<Answer> | undefined, [uploads, id]);
  const state = useSyncExternalStore(uploads.subscribe, read, read);
  return useMemo(
    () => ({
      state,
      start(argument) {
        const { request, read: answerOf, rows } = latest.current;
        return upload<Answer>(id, request(argument), answerOf, rows);
      },
      retry: () => void uploads.retry(id),
      abort: () => uploads.abort(id),
    }),
    [state, upload, uploads, id],
  );
}
