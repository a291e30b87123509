import type { FieldError } from '@lockstep/protocol';
import type { z } from 'zod';
import { SERVER_FIELDS } from '../constants.ts';

/** How many places a problem names at most: a hostile body can hold as many unknown keys as it has room for. */
const MOST_ERRORS = 50;

/** What is wrong with a body or a query, ready for a problem. */
export interface Fault {
  readonly code: 'malformed' | 'unknown-field' | 'field-forbidden';
  readonly errors: FieldError[];
}

/**
 * Turns the issues of a refused body or query into one code and a list of fields. A field of a person that only the server
 * writes is `field-forbidden`, any other unknown key `unknown-field`, everything else `malformed`; of several the first
 * in the order malformed, unknown-field, field-forbidden gives the code. Each place is named once, with its first message.
 * @param place `body`: paths become JSON Pointers; `query`: names of keys.
 */
export function faultOf(error: z.core.$ZodError, place: 'body' | 'query'): Fault {
  let code: Fault['code'] = 'field-forbidden';
  const errors: FieldError[] = [];
  const note = (kind: Fault['code'], path: readonly PropertyKey[], message: string) => {
    if (kind === 'malformed' || (kind === 'unknown-field' && code !== 'malformed')) code = kind;
    const where = place === 'body' ? pointer(path) : path.map(String).join('.');
    if (errors.length < MOST_ERRORS && !errors.some((error) => error.path === where))
      errors.push({ path: where, message });
  };
  for (const issue of error.issues) {
    if (issue.code !== 'unrecognized_keys') {
      note('malformed', issue.path, issue.message);
      continue;
    }
    for (const key of issue.keys) {
      const owned = place === 'body' && (SERVER_FIELDS as readonly string[]).includes(key);
      note(
        owned ? 'field-forbidden' : 'unknown-field',
        [...issue.path, key],
        owned ? 'only the server writes this field' : 'this key is not known here',
      );
    }
  }
  return { code: errors.length === 0 ? 'malformed' : code, errors };
}

/** RFC 6901. */
function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
