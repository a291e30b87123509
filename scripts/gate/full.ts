import { command, type Outcome, type Step, type StepContext } from './step.ts';
import { runVitest } from './vitest.ts';

const node = process.execPath;

function longTests(context: StepContext): Promise<Outcome> {
  return runVitest(context, ['.full.test.ts'], { env: { LOCKSTEP_FULL: '1' }, limitMs: 60 * 60_000 });
}

/**
 * The registry of what is too long for the gate. A step added here runs with `npm run test:full` and nowhere
 * else; it keeps the gate's rules: bounded, silent for no longer than a few seconds, exit code 1 on a failure.
 */
export const fullSteps: readonly Step[] = [
  {
    name: 'unit-full',
    checks: 'the tests too long for the gate (*.full.test.ts)',
    cores: 2,
    run: longTests,
  },
  command({ name: 'fresh-clone', checks: 'a fresh clone installs, builds and answers', cores: 2 }, node, [
    'scripts/gate/fresh-clone.ts',
  ]),
];
