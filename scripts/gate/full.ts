import { command, type Step } from './step.ts';

const node = process.execPath;

/**
 * The registry of what is too long for the gate. A step added here runs with `npm run test:full` and nowhere
 * else; it keeps the gate's rules: bounded, silent for no longer than a few seconds, exit code 1 on a failure.
 */
export const fullSteps: readonly Step[] = [
  command({ name: 'fresh-clone', checks: 'a fresh clone installs, builds and answers', cores: 2 }, node, [
    'scripts/gate/fresh-clone.ts',
  ]),
];
