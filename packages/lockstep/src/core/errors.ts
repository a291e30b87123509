import type { Problem } from '@lockstep/protocol';

/** Every mistake that Lockstep reports to the engineer who made it. */
export type LockstepErrorCode =
  | 'collection-name'
  | 'collection-twice'
  | 'collection-unknown'
  | 'row-id'
  | 'row-version'
  | 'order-key'
  | 'clock-missing'
  | 'snapshot-format'
  | 'endpoint-undeclared'
  | 'endpoint-unknown'
  | 'api-twice'
  | 'declaration'
  | 'effect-impure'
  | 'not-installed'
  | 'not-serialisable';

export interface LockstepFault {
  /** What is at fault: the beginning of the sentence. */
  readonly subject: string;
  readonly expected: string;
  readonly received: string;
  readonly remedy: string;
}

/** A misuse of Lockstep. `code` is stable; the text is for people and may change. */
export class LockstepError extends Error {
  readonly code: LockstepErrorCode;
  readonly expected: string;
  readonly received: string;
  readonly remedy: string;

  constructor(code: LockstepErrorCode, fault: LockstepFault) {
    super(
      `${fault.subject}: expected ${fault.expected}; received ${fault.received}. ${fault.remedy} (${code})`,
    );
    this.name = 'LockstepError';
    this.code = code;
    this.expected = fault.expected;
    this.received = fault.received;
    this.remedy = fault.remedy;
  }
}

/** Words for a value in an error's text: short, and never the value of a long or secret thing. */
export function describe(value: unknown): string {
  if (typeof value === 'string') {
    return value.length > 40 ? `a string of ${value.length} characters` : JSON.stringify(value);
  }
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** Why a request did not bring what was asked for. Plain data: it is kept in the store and in the outbox. */
export type RequestFailure =
  /** The server answered with a status outside 2xx. `retryAfterMs` is what it asked for, from the answer's arrival. */
  | {
      readonly kind: 'problem';
      readonly status: number;
      readonly code: string;
      readonly problem: Problem;
      readonly retryAfterMs?: number;
    }
  /** No answer: no network, no such host, or the connection broke. Whether the server saw the request is unknown. */
  | { readonly kind: 'unreachable'; readonly message: string }
  /** No answer within `afterMs` milliseconds. Whether the server acted is unknown. */
  | { readonly kind: 'timeout'; readonly afterMs: number }
  /** The caller gave it up. */
  | { readonly kind: 'aborted' }
  /** Nobody is signed in, or the sign-in could not be renewed. */
  | { readonly kind: 'unauthorised'; readonly status: number; readonly problem?: Problem }
  /** An answer came and could not be read as what it claims to be. */
  | { readonly kind: 'parse'; readonly status: number; readonly message: string };

export type RequestFailureKind = RequestFailure['kind'];

const kinds: Readonly<Record<RequestFailureKind, true>> = {
  problem: true,
  unreachable: true,
  timeout: true,
  aborted: true,
  unauthorised: true,
  parse: true,
};

/** True for a failure of this union, whatever else an `error` may be. */
export function isRequestFailure(error: unknown): error is RequestFailure {
  return (
    typeof error === 'object' &&
    error !== null &&
    'kind' in error &&
    typeof error.kind === 'string' &&
    Object.hasOwn(kinds, error.kind)
  );
}

/** True where the server said no. */
export function isProblem(error: unknown): error is Extract<RequestFailure, { kind: 'problem' }> {
  return isRequestFailure(error) && error.kind === 'problem';
}

/** True where the same request may succeed later without anybody changing it. */
export function isTransient(failure: RequestFailure): boolean {
  if (failure.kind === 'problem') {
    return failure.status === 408 || failure.status === 429 || failure.status >= 500;
  }
  return failure.kind === 'unreachable' || failure.kind === 'timeout';
}
