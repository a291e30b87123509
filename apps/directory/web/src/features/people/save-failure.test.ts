// @vitest-environment node
import { expect, test } from 'vitest';
import type { ApiError } from '../../app/base-query.ts';
import { saveFailure } from './save-failure.ts';

const problem = (code: string, errors: { path: string; message: string }[] = []): ApiError => ({
  kind: 'problem',
  status: 400,
  code,
  title: 'Title',
  detail: 'Detail.',
  errors,
  requestId: null,
  retryAfter: null,
  current: null,
});

test.each([
  ['email-taken', 'email'],
  ['last-admin', 'role'],
] as const)('%s stands beside the field %s', (code, field) => {
  expect(Object.keys(saveFailure(problem(code)).fields)).toEqual([field]);
});

test('faults of fields stand beside them, and are not said twice', () => {
  expect(saveFailure(problem('malformed', [{ path: '/email', message: 'expected an address' }]))).toEqual({
    text: 'Not saved.',
    fields: { email: 'expected an address' },
  });
});

test('every other failure says what became of the edit', () => {
  for (const error of [
    { kind: 'unreachable' } as const,
    { kind: 'unreadable', status: 500 } as const,
    problem('stale-version'),
    problem('not-found'),
    problem('something-new'),
    { message: 'thrown' },
    undefined,
  ]) {
    expect(saveFailure(error).text).toMatch(/[Nn]ot (?:be )?saved/);
  }
});
