/** How one error code is documented: what it means to a machine (status) and to a person. */
export interface ErrorEntry {
  /** The HTTP status that it always comes with. */
  readonly status: number;
  /** A few words; the same for every occurrence. */
  readonly title: string;
  /** What happened. */
  readonly description: string;
  /** What the caller does about it. */
  readonly remedy: string;
}

/** Codes that any Lockstep server may answer with. A product adds its own beside them. */
export const protocolErrors = {
  malformed: {
    status: 400,
    title: 'Malformed request',
    description:
      'The request could not be read: invalid JSON, a value of the wrong type or form, or a repeated query key.',
    remedy: 'Correct the members listed under `errors` and send the request again.',
  },
  'unknown-field': {
    status: 400,
    title: 'Unknown field',
    description: 'The body or the query holds a key that this call does not know.',
    remedy: 'Remove the keys listed under `errors`; nothing is ever ignored silently.',
  },
  'not-signed-in': {
    status: 401,
    title: 'Not signed in',
    description: 'The request carries no valid credentials, or they have expired or were revoked.',
    remedy: 'Refresh the session once; if that fails, sign in.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    description: 'The signed-in person may not do this.',
    remedy: 'Ask an administrator for the right, or act as somebody who has it.',
  },
  'field-forbidden': {
    status: 403,
    title: 'Field not allowed',
    description: 'The signed-in person may not read, filter by or write one of the fields.',
    remedy: 'Leave out the fields listed under `errors`.',
  },
  'wrong-origin': {
    status: 403,
    title: 'Wrong origin',
    description:
      'A write or a socket that is authenticated by a cookie came from an origin that the server does not serve.',
    remedy: "Send it from the application's own origin, or authenticate with a Bearer token.",
  },
  'not-found': {
    status: 404,
    title: 'Not found',
    description:
      'There is nothing at this address, or it was deleted, or the signed-in person may not know of it.',
    remedy: 'Check the id; for a deleted row, restore it.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    description: 'The address exists, but not for this method.',
    remedy: 'Use one of the methods in the `Allow` header.',
  },
  'id-taken': {
    status: 409,
    title: 'Id taken',
    description: 'A row with the id that the client chose exists already.',
    remedy: 'Make a new id and send the request under a new idempotency key.',
  },
  'intent-in-progress': {
    status: 409,
    title: 'Still being applied',
    description: 'A request with the same idempotency key is being applied at this moment.',
    remedy: 'Wait for `Retry-After` and send the same request with the same key again.',
  },
  'intent-expired': {
    status: 409,
    title: 'Intent too old',
    description:
      'The idempotency key is older than 7 days and no record of it exists, so it cannot be known whether it was applied.',
    remedy: 'Read the row; where the change is missing, ask the person and send it under a new key.',
  },
  'below-horizon': {
    status: 410,
    title: 'Changes no longer kept',
    description: 'The feed no longer holds the changes after the given offset.',
    remedy: 'Read everything anew and follow the feed from the offset of that answer.',
  },
  'stale-version': {
    status: 412,
    title: 'Changed meanwhile',
    description:
      'The row has another version than `If-Match` expects. `current` holds the row as far as it may be read.',
    remedy: 'Merge the change with `current` and send it with the current version under a new key.',
  },
  'too-large': {
    status: 413,
    title: 'Too large',
    description: 'The body, or a part of it, is larger than this call takes.',
    remedy: 'Send less at once.',
  },
  'unsupported-type': {
    status: 415,
    title: 'Unsupported content type',
    description: 'The body is not of a type that this call reads.',
    remedy: 'Send the content type that the call documents, mostly `application/json`.',
  },
  refused: {
    status: 422,
    title: 'Refused',
    description: 'The request is well-formed, but what it asks for cannot be done.',
    remedy: 'Read `detail` and change the request.',
  },
  'idempotency-mismatch': {
    status: 422,
    title: 'Idempotency key used for something else',
    description: 'The idempotency key was used before with another method, path, body or by another person.',
    remedy: 'Make a new key for a new intent.',
  },
  'clock-skew': {
    status: 422,
    title: 'Clock ahead',
    description: 'The idempotency key lies more than 10 minutes in the future by its own time.',
    remedy: 'Correct the clock by the `Date` header or by `HELLO.now`, then make a new key.',
  },
  'too-many-requests': {
    status: 429,
    title: 'Too many requests',
    description: 'The caller asks more often than the server allows.',
    remedy: 'Wait for as many seconds as `Retry-After` says.',
  },
  internal: {
    status: 500,
    title: 'Internal error',
    description:
      'The server failed in a way that it did not foresee. The details are in its log, under `requestId`.',
    remedy: 'Try again; if it stays, report the `requestId`.',
  },
  unavailable: {
    status: 503,
    title: 'Unavailable',
    description: 'The server is starting, draining, overloaded, or cannot reach its database.',
    remedy: 'Wait for as many seconds as `Retry-After` says, then send the same request with the same key.',
  },
} as const satisfies Record<string, ErrorEntry>;

/** A code that any Lockstep server may answer with. */
export type ProtocolErrorCode = keyof typeof protocolErrors;

/** The `type` member of a problem (RFC 9457): a name for the code, not an address to be fetched. */
export function problemType(code: string): string {
  return `urn:lockstep:problem:${code}`;
}
