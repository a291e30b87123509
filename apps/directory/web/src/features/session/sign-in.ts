import type { SerializedError } from '@reduxjs/toolkit';
import type { ApiError } from '../../app/base-query.ts';

interface SignInFailure {
  readonly text: string;
  /** The field to put right, where it is one. */
  readonly field: 'password' | null;
}

/** What a failed sign-in says to the person who tried. */
export function signInFailure(error: ApiError | SerializedError): SignInFailure {
  if (!('kind' in error)) return { text: 'Something went wrong here. Load the page again.', field: null };
  if (error.kind === 'unreachable') {
    return { text: 'The directory cannot be reached. Check your connection and try again.', field: null };
  }
  if (error.kind === 'unreadable') {
    return { text: 'The server gave an answer that makes no sense. Try again in a moment.', field: null };
  }
  switch (error.code) {
    case 'wrong-credentials':
      return {
        text: 'This email and password do not belong together. Check both and try again.',
        field: 'password',
      };
    case 'too-many-requests':
      return { text: `Too many attempts. Try again ${waitInWords(error.retryAfter)}.`, field: null };
    case 'unavailable':
      return { text: 'The directory is starting or under repair. Try again in a moment.', field: null };
    default:
      return { text: error.detail || error.title, field: null };
  }
}

function waitInWords(seconds: number | null): string {
  if (seconds === null) return 'later';
  if (seconds <= 90) return seconds === 1 ? 'in a second' : `in ${Math.max(2, Math.ceil(seconds))} seconds`;
  return `in ${Math.ceil(seconds / 60)} minutes`;
}

const START = '/people';

/** Where to go after signing in: the address that was asked for, as long as it is one of this application. */
export function destinationOf(state: unknown): string {
  if (typeof state !== 'object' || state === null || !('from' in state)) return START;
  const { from } = state;
  return typeof from === 'string' && /^\/(?![/\\])/.test(from) ? from : START;
}
