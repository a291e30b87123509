import { describe, expect, test } from 'vitest';

import { readArguments, UsageError } from './arguments.ts';
import type { Result } from './result.ts';
import { formatTable, formatTime } from './table.ts';

describe('the arguments of the benchmark command', () => {
  test('nothing asked for means every suite, at its own sizes', () => {
    expect(readArguments([])).toEqual({ only: [], rows: null, json: null, help: false });
  });

  test('suites, rows and a file', () => {
    const asked = readArguments(['--only', 'store,seam', '--rows', '1000', '--json', 'out.json']);
    expect(asked).toEqual({ only: ['store', 'seam'], rows: 1000, json: 'out.json', help: false });
  });

  test.each([
    [['--only', 'shop'], 'There is no suite "shop"; the suites are store, seam, server, live, outbox, web.'],
    [['--only'], '--only needs a value.'],
    [['--json', '--rows'], '--json needs a value.'],
    [['--rows', '1.5'], '--rows takes a whole number from 1 up.'],
    [['--row', '5'], '"--row" is not an argument of the benchmark command.'],
  ])('%j is refused with a sentence', (args, sentence) => {
    expect(() => readArguments(args)).toThrow(new UsageError(sentence));
  });
});

describe('the table', () => {
  test.each([
    [0.42, '0.42 ns'],
    [1820, '1.82 µs'],
    [165_000_000, '165 ms'],
    [7_800_000_000, '7.8 s'],
  ])('%d ns is %s', (ns, text) => {
    expect(formatTime(ns)).toBe(text);
  });

  test('says how many times a peer takes what lockstep takes, at the same size', () => {
    const one = { suite: 'store', op: 'edit', rows: 1000, p99Ns: 9000 };
    const results: readonly Result[] = [
      { ...one, system: 'lockstep', medianNs: 2000 },
      { ...one, system: 'tanstack-db', medianNs: 128_000 },
      { ...one, system: 'tanstack-db', medianNs: 128_000, rows: 10 },
    ];
    const [heading, ours, peer, elsewhere] = formatTable(results).split('\n');
    expect(heading).toMatch(/^op +rows +system +median +p99 +to lockstep$/);
    expect(ours).toMatch(/2 µs +9 µs$/);
    expect(peer).toMatch(/128 µs +9 µs +64x$/);
    expect(elsewhere).not.toContain('x\n');
  });
});
