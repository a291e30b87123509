import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { installPostgres } from '../setup/postgres.mjs';
import type { Outcome, RunOptions, StepContext } from './step.ts';
import { countVitest } from './tests-count.ts';

/** Where a test runner leaves its report, emptied first so that an old one is never read. */
export function reportFile(root: string, name: string): string {
  const file = join(root, '.cache', 'gate', name);
  rmSync(file, { force: true });
  return file;
}

export function readReport(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** Runs the tests of every project whose file's path holds one of the filters, and counts them. */
export async function runVitest(
  { root, run }: StepContext,
  filters: readonly string[] = [],
  options: RunOptions = {},
): Promise<Outcome> {
  await installPostgres();
  const report = reportFile(root, `vitest${filters.length > 0 ? '-some' : ''}.json`);
  const { code, output } = await run(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...filters,
    ],
    options,
  );
  return countVitest(readReport(report), code, output);
}
