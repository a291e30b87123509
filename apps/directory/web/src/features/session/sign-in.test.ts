// @vitest-environment node
import { expect, test } from 'vitest';
import type { ApiError } from '../../app/base-query.ts';
import { destinationOf, signInFailure } from './sign-in.ts';

const problem = (code: string, retryAfter: number | null = null): ApiError => ({
  kind: 'problem',
  status: 400,
  code,
  title: 'Title',
  detail: 'Detail.',
  errors: [],
  requestId: null,
  retryAfter,
  current: null,
});

test('goes on to where one was going, inside this application only', () => {
  expect(destinationOf({ from: '/people/1?role=admin' })).toBe('/people/1?role=admin');
  for (const from of [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    'people',
    '',
    7,
    undefined,
  ]) {
    expect(destinationOf({ from })).toBe('/people');
  }
  expect(destinationOf(null)).toBe('/people');
});

test('a wrong pair does not say which of the two is wrong', () => {
  expect(signInFailure(problem('wrong-credentials'))).toEqual({
    text: 'This email and password do not belong together. Check both and try again.',
    field: 'password',
  });
});

test.each([
  [null, 'later'],
  [1, 'in a second'],
  [30, 'in 30 seconds'],
  [600, 'in 10 minutes'],
])('too many attempts: with Retry-After %o it says to try again %s', (seconds, words) => {
  expect(signInFailure(problem('too-many-requests', seconds)).text).toBe(
    `Too many attempts. Try again ${words}.`,
  );
});

test('no server, no sense, and everything else have words too', () => {
  expect(signInFailure({ kind: 'unreachable' }).text).toContain('cannot be reached');
  expect(signInFailure({ kind: 'unreadable', status: 502 }).text).toContain('makes no sense');
  expect(signInFailure(problem('something-new')).text).toBe('Detail.');
  expect(signInFailure({ message: 'thrown' }).text).toContain('Load the page again');
});
