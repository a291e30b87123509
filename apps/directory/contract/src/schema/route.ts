import type { z } from 'zod';
import type { ErrorCode } from '../errors.ts';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/**
 * Who may call at all: `anyone` needs no session; `staff` are administrators and moderators. What they may do to one row
 * or field is narrower and decided for each.
 */
export type Audience = 'anyone' | 'signed-in' | 'staff' | 'admin';

/** What the body is: nothing, JSON of that schema, a form with one file in `field`, or a stream of CSV. */
export type Body =
  | { readonly type: 'none' }
  | { readonly type: 'json'; readonly schema: z.ZodType }
  | { readonly type: 'form'; readonly field: string }
  | { readonly type: 'csv' };

/** What a success looks like. */
export type Answer =
  | { readonly type: 'json'; readonly status: 200 | 201; readonly schema: z.ZodType }
  | { readonly type: 'empty'; readonly status: 204 }
  | { readonly type: 'text'; readonly status: 200; readonly contentType: string };

/** One call of the API: everything that its registration, its documentation and its tests have to know. */
export interface Route {
  readonly method: Method;
  /** With `:name` for parameters. */
  readonly path: string;
  readonly summary: string;
  readonly audience: Audience;
  readonly params?: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: Body;
  readonly answer: Answer;
  /**
   * `once`: a write that takes an `Idempotency-Key` and answers with `Lockstep-Offset`; `conditional`: one on a single row,
   * which also obeys `If-Match` and answers with `ETag`; `plain`: a write that is neither (signing in); `no`: a read.
   */
  readonly writes: 'no' | 'plain' | 'once' | 'conditional';
  /** Codes of this call alone; `codesOf` adds those that follow from the rest. */
  readonly codes: readonly ErrorCode[];
}

/** Every code that a call may answer with, in the order of their statuses as the catalogue lists them. */
export function codesOf(route: Route): ErrorCode[] {
  const codes = new Set<ErrorCode>([
    'malformed',
    'unknown-field',
    'too-many-requests',
    'internal',
    'unavailable',
  ]);
  const add = (when: boolean, ...more: ErrorCode[]) => when && more.forEach((code) => codes.add(code));
  add(route.audience !== 'anyone', 'not-signed-in');
  add(route.audience === 'staff' || route.audience === 'admin', 'forbidden');
  add(route.params !== undefined, 'not-found');
  add(route.body.type !== 'none', 'too-large', 'unsupported-type');
  add(route.writes !== 'no', 'wrong-origin');
  add(
    route.writes === 'once' || route.writes === 'conditional',
    'idempotency-mismatch',
    'intent-expired',
    'intent-in-progress',
    'clock-skew',
  );
  add(route.writes === 'conditional', 'stale-version');
  add(true, ...route.codes);
  return [...codes];
}
