import { expect, test } from 'vitest';
import { problemType, protocolErrors } from './errors.ts';
import { problem } from './schema/index.ts';

test.each(Object.entries(protocolErrors))('%s makes a valid problem and says what to do', (code, entry) => {
  expect(
    problem.safeParse({
      type: problemType(code),
      title: entry.title,
      status: entry.status,
      detail: entry.description,
      message: entry.description,
      code,
      requestId: 'r',
    }).success,
  ).toBe(true);
  for (const sentence of [entry.description, entry.remedy]) expect(sentence).toMatch(/^[A-Z].*\.$/);
});

test('each status of the wire means one thing: the codes of a status are the documented ones', () => {
  const byStatus: Record<number, string[]> = {};
  for (const [code, { status }] of Object.entries(protocolErrors)) (byStatus[status] ??= []).push(code);
  expect(byStatus).toEqual({
    400: ['malformed', 'unknown-field'],
    401: ['not-signed-in'],
    403: ['forbidden', 'field-forbidden', 'wrong-origin'],
    404: ['not-found'],
    405: ['method-not-allowed'],
    409: ['id-taken', 'intent-in-progress', 'intent-expired'],
    410: ['below-horizon'],
    412: ['stale-version'],
    413: ['too-large'],
    415: ['unsupported-type'],
    422: ['refused', 'idempotency-mismatch', 'clock-skew'],
    429: ['too-many-requests'],
    500: ['internal'],
    503: ['unavailable'],
  });
});
