import { describe, expect, test } from 'vitest';
import type { RequestFailure } from '../core/index.ts';
import { writeOutcome } from './write-outcome.ts';

const problem = (status: number, code = 'refused', more = {}): RequestFailure => ({
  kind: 'problem',
  status,
  code,
  problem: { type: '', title: '', status, detail: '', code, message: '', requestId: '', ...more },
});

describe('S7.10 what an answer means for a write', () => {
  test('S7.10 data is an acknowledgement, with what the answer said about itself', () => {
    expect(writeOutcome({ data: { id: '1' }, meta: { attempts: 1 } })).toEqual({
      kind: 'acknowledged',
      answer: { id: '1' },
      meta: { attempts: 1 },
    });
    expect(writeOutcome({ data: null })).toMatchObject({ kind: 'acknowledged', answer: null });
  });

  test.each([
    [400, 'refused'],
    [403, 'refused'],
    [404, 'refused'],
    [409, 'refused'],
    [410, 'refused'],
    [422, 'refused'],
    [408, 'busy'],
    [429, 'busy'],
    [500, 'busy'],
    [502, 'busy'],
    [503, 'busy'],
    [412, 'stale'],
  ])('S7.10 F13 F14 F16 %i is %s', (status, kind) => {
    expect(writeOutcome({ error: problem(status) }).kind).toBe(kind);
  });

  test('S7.10 a key that is being applied at this moment is waited for', () => {
    const error = { ...problem(409, 'intent-in-progress'), retryAfterMs: 1000 };
    expect(writeOutcome({ error })).toMatchObject({ kind: 'busy', retryAfterMs: 1000 });
    expect(writeOutcome({ error: problem(409, 'intent-expired') }).kind).toBe('refused');
  });

  test('S7.10 F18 a stale write brings the row as it is, or null', () => {
    const current = { id: '1', version: 4 };
    expect(writeOutcome({ error: problem(412, 'stale-version', { current }) })).toMatchObject({ current });
    expect(writeOutcome({ error: problem(412, 'stale-version') })).toMatchObject({
      kind: 'stale',
      current: null,
    });
  });

  test.each([
    [{ kind: 'unreachable', message: '' }, 'unreachable'],
    [{ kind: 'timeout', afterMs: 1 }, 'unreachable'],
    [{ kind: 'unauthorised', status: 401 }, 'unauthorised'],
    [{ kind: 'aborted' }, 'aborted'],
    [{ kind: 'parse', status: 200, message: '' }, 'busy'],
  ] satisfies [RequestFailure, string][])('S7.10 %o is %s', (error, kind) => {
    expect(writeOutcome({ error }).kind).toBe(kind);
  });
});
