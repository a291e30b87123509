import { ServerError } from '../core/errors.ts';

/** PostgreSQL's own limit is 8,000 bytes with its terminator. */
const PAYLOAD_BYTES = 7_900;

/** The channel's name as SQL takes it. Lower case alone, so that it reads the same quoted and unquoted. */
export function channelName(channel: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(channel)) {
    throw new ServerError(
      'bad-channel',
      `Expected a channel name of at most 63 lower-case letters, digits and underscores, received ${JSON.stringify(channel)}.`,
    );
  }
  return `"${channel}"`;
}

export function checkedPayload(payload: string): string {
  const bytes = Buffer.byteLength(payload);
  if (bytes > PAYLOAD_BYTES || payload.includes('\0')) {
    throw new ServerError(
      'bad-channel',
      `Expected a payload of at most ${PAYLOAD_BYTES} bytes without NUL, received ${bytes} bytes. Send a reference instead.`,
    );
  }
  return payload;
}
