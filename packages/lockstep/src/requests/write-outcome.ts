import { isTransient } from '../core/index.ts';
import type { RequestFailure } from '../core/index.ts';

/** What an answer to a write means for whoever keeps the write until its end is known. */
export type WriteOutcome =
  | { readonly kind: 'acknowledged'; readonly answer: unknown; readonly meta: unknown }
  | { readonly kind: 'stale'; readonly current: unknown; readonly failure: RequestFailure }
  | { readonly kind: 'refused'; readonly failure: RequestFailure }
  | { readonly kind: 'busy'; readonly retryAfterMs?: number; readonly failure: RequestFailure }
  | { readonly kind: 'unreachable'; readonly failure: RequestFailure }
  | { readonly kind: 'unauthorised'; readonly failure: RequestFailure }
  | { readonly kind: 'aborted' };

/** Sorts what a base query gave back. */
export function writeOutcome(result: {
  readonly data?: unknown;
  readonly error?: RequestFailure | undefined;
  readonly meta?: unknown;
}): WriteOutcome {
  const { data, error: failure, meta } = result;
  if (!failure) return { kind: 'acknowledged', answer: data, meta };
  const { kind } = failure;
  if (kind === 'aborted') return failure;
  if (kind === 'unauthorised') return { kind, failure };
  if (kind === 'unreachable' || kind === 'timeout') return { kind: 'unreachable', failure };
  // Something between here and the server answered in its place (the sign-in page of a hotel's network, for one).
  if (kind === 'parse') return { kind: 'busy', failure };
  const { status, code, problem, retryAfterMs } = failure;
  if (status === 412) return { kind: 'stale', current: problem.current ?? null, failure };
  return isTransient(failure) || code === 'intent-in-progress'
    ? { kind: 'busy', failure, ...(retryAfterMs !== undefined && { retryAfterMs }) }
    : { kind: 'refused', failure };
}
