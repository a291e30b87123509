import { describe, expect, test } from 'vitest';

import { runSteps, select, total, totalsLine } from './schedule.ts';
import { failed, passed, type Outcome, type Step } from './step.ts';

interface Plan {
  readonly cores?: 1 | 2;
  readonly after?: readonly string[];
  readonly outcome?: Outcome;
}

const step = (name: string, { cores = 1, after = [], outcome = passed() }: Plan = {}): Step => ({
  name,
  checks: name,
  cores,
  after,
  run: async () => outcome,
});

async function run(steps: readonly Step[]) {
  const events: string[] = [];
  let busy = 0;
  let most = 0;
  const results = await runSteps(
    steps,
    2,
    async (each) => {
      const outcome = await each.run({ root: '', run: async () => ({ code: 0, output: '' }) });
      // Others may begin while this one is at work.
      await new Promise(setImmediate);
      return outcome;
    },
    {
      started: ({ name, cores }) => {
        events.push(`+${name}`);
        busy += cores;
        most = Math.max(most, busy);
      },
      finished: ({ step: { name, cores }, ms }) => {
        events.push(`-${name}`);
        if (ms > 0) busy -= cores;
      },
    },
  );
  return { events, most, results };
}

describe('the schedule', () => {
  test('keeps within the cores and begins in order', async () => {
    const { events, most } = await run([step('a'), step('b', { cores: 2 }), step('c'), step('d')]);
    expect(most).toBe(2);
    expect(events.slice(0, 2)).toEqual(['+a', '+c']);
    expect(events.filter((event) => event.startsWith('-'))).toHaveLength(4);
  });

  test('a step waits for what it needs', async () => {
    const { events } = await run([step('size', { after: ['build'] }), step('build')]);
    expect(events).toEqual(['+build', '-build', '+size', '-size']);
  });

  test('what needs a failed step is not run, nor what needs that', async () => {
    const { results, events } = await run([
      step('build', { outcome: failed('broken') }),
      step('size', { after: ['build'] }),
      step('deploy', { after: ['size'] }),
      step('lint'),
    ]);
    expect(events).not.toContain('+size');
    expect(events).not.toContain('+deploy');
    expect(total(results)).toEqual({ passed: 1, failed: 1, skipped: 2 });
    expect(results[1]?.outcome.report).toBe('not run, because "build" failed');
  });

  test('a skipped test in a step that passed holds nothing up', async () => {
    const outcome = { passed: 5, failed: 0, skipped: 1, report: '' };
    const { events } = await run([step('unit', { outcome }), step('report', { after: ['unit'] })]);
    expect(events).toContain('+report');
  });

  test('steps that wait for each other are an error, not a hang', async () => {
    await expect(run([step('a', { after: ['b'] }), step('b', { after: ['a'] })])).rejects.toThrow(
      'These steps wait for each other: a, b.',
    );
  });
});

describe('a selection', () => {
  const steps = [step('build'), step('web'), step('size', { after: ['build', 'web'] }), step('lint')];

  test('brings what the named steps need, in the order of the gate', () => {
    expect(select(steps, ['lint', 'size']).map((each) => each.name)).toEqual([
      'build',
      'web',
      'size',
      'lint',
    ]);
  });

  test('is everything where nothing is named', () => {
    expect(select(steps, [])).toBe(steps);
  });

  test('of a step that does not exist names those that do', () => {
    expect(() => select(steps, ['lnt'])).toThrow(
      'There is no step "lnt". The steps are: build, web, size, lint.',
    );
  });
});

test.each([
  [{ passed: 12, failed: 0, skipped: 0 }, '12 passed, 0 failed'],
  [{ passed: 12, failed: 3, skipped: 4 }, '12 passed, 3 failed, 4 skipped'],
])('the totals of %j are the line "%s"', (totals, line) => {
  expect(totalsLine(totals)).toBe(line);
});
