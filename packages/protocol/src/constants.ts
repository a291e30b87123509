/** The wire's version. A locked hash of all schemas (schema/hash.test.ts) says when it must be raised. */
export const PROTOCOL_VERSION = 1;

/** The WebSocket subprotocol that speaks the frames of this package. Without it a server uses its plain form. */
export const SUBPROTOCOL = 'lockstep.v1';

/** Close codes of the channel, with what the client does next. */
export const CLOSE = {
  /** A frame broke the rules; reconnecting alone will not help. */
  policy: 1008,
  /** A frame was larger than the server takes. */
  tooBig: 1009,
  /** The server failed; reconnect with backoff. */
  error: 1011,
  /** The server is restarting; reconnect with jitter. */
  restart: 1012,
  /** The client reads too slowly, or the server is full; reconnect later and resume by offset. */
  tryLater: 1013,
  /** The session ended: refresh it, or ask the person to sign in. */
  signInAgain: 4401,
  /** The person may not use the channel. */
  forbidden: 4403,
  /** The client speaks a protocol version that the server does not. */
  upgrade: 4426,
} as const;

/** How long a server keeps the record of an applied key, from receipt: 8 days, in milliseconds. */
export const KEY_RECORD_MS = 691_200_000;

/** A key older than this by its own time, without a record, is refused as `intent-expired`: 7 days, in milliseconds. */
export const KEY_MAX_AGE_MS = 604_800_000;

/** A key further ahead of the server's clock than this is refused as `clock-skew`: 10 minutes, in milliseconds. */
export const KEY_MAX_AHEAD_MS = 600_000;

/** The most changes that one read of the feed returns. */
export const CHANGES_LIMIT = 1000;

/** Request and answer headers, in the case in which they are documented. */
export const HEADER = {
  idempotencyKey: 'Idempotency-Key',
  idempotencyReplayed: 'Idempotency-Replayed',
  ifMatch: 'If-Match',
  etag: 'ETag',
  offset: 'Lockstep-Offset',
  retryAfter: 'Retry-After',
} as const;

/** Why a server tells a client to drop its confirmed rows and read anew. */
export const RESET_REASONS = ['horizon', 'rights', 'restart'] as const;

/** What a person does on a topic, as others see it. */
export const PRESENCE_STATES = ['viewing', 'editing'] as const;

export const CHANGE_OPS = ['insert', 'update', 'delete'] as const;
