import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

import { root } from './paths.mjs';
import { tail } from './report.mjs';

const module = new URL('./report.mjs', import.meta.url).href;
let parent: ChildProcess | undefined;

afterEach(() => {
  parent?.kill('SIGKILL');
});

/** A process that runs `child` in its foreground, the way the start command runs the server. */
async function runThrough(child: string): Promise<ChildProcess> {
  const script = `
    import { runInForeground, runMain } from '${module}';
    await runMain(() => runInForeground(process.execPath, ['-e', ${JSON.stringify(child)}]));
  `;
  parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return parent;
}

const patient = (signal: string): string =>
  `process.on('${signal}', () => process.exit(7)); setInterval(() => {}, 1000); console.log('up');`;

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s reaches the child, and its exit code comes back',
  async (signal) => {
    const process = await runThrough(patient(signal));
    const ended = once(process, 'close');
    await once(process.stdout!, 'data');
    process.kill(signal);
    expect(await ended).toEqual([7, null]);
  },
);

test('a child that fails makes the command fail with its code', async () => {
  const process = await runThrough('process.exit(3)');
  expect(await once(process, 'close')).toEqual([3, null]);
});

test.each(['start', 'reset-password', 'test', 'test:full', 'bench'])(
  'npm hands a signal to the command of "%s" itself, because its script replaces the shell',
  (name) => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    expect(scripts[name]).toMatch(/^exec /);
  },
);

test('the end of an output is what is shown', () => {
  expect(tail('a\nb\nc\n\n', 2)).toBe('b\nc');
});
