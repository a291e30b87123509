import { createHash } from 'node:crypto';
import { canonicalJson } from '@lockstep/protocol';
import type { Json } from '@lockstep/protocol';

/**
 * SHA-256 (hex) of method, path and canonical body: equal for bodies that differ in key order or white space alone. Headers never count.
 * `path` is taken as it is, its query included where that matters; `body` is undefined where there is none.
 * @throws RangeError for a body nested too deep, TypeError for one that is not JSON.
 */
export function hashRequest(request: { method: string; path: string; body: Json | undefined }): string {
  const body = request.body === undefined ? '' : canonicalJson(request.body);
  // JSON texts, so that no choice of path and body reads like another one's.
  return createHash('sha256')
    .update(`${JSON.stringify(request.method.toUpperCase())}${JSON.stringify(request.path)}${body}`)
    .digest('hex');
}
