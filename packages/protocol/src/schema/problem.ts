import { z } from 'zod';
import { jsonObject } from './primitives.ts';

/** One field at fault. `path` is a JSON Pointer (RFC 6901) into the body, or the name of a query key. */
export const fieldError = z.looseObject({ path: z.string(), message: z.string() });

/** An error's body, `application/problem+json` (RFC 9457). `message` repeats `detail` for clients that read only that. */
export const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  code: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected a slug'),
  message: z.string(),
  errors: z.array(fieldError).exactOptional(),
  requestId: z.string(),
  /** With `stale-version`: the row as it is now, null where it is gone. */
  current: jsonObject.nullable().exactOptional(),
});
