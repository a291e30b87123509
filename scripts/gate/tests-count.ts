import { failed, type Outcome } from './step.ts';

/** What is read of vitest's JSON report. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

/**
 * The true totals of a vitest run. A file that could not be loaded has no tests to count and is one failure; so
 * is a run that ends badly although every test in it passed (an unhandled rejection, for example).
 */
export function countVitest(json: string | null, code: number, output: string): Outcome {
  if (json === null) return failed(output);
  const report = JSON.parse(json) as VitestReport;
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const failures = report.numFailedTests + unloaded;
  return {
    passed: report.numPassedTests,
    failed: failures === 0 && code !== 0 ? 1 : failures,
    skipped: report.numPendingTests + report.numTodoTests,
    report: output,
  };
}

/** What is read of Playwright's JSON report. */
interface PlaywrightReport {
  readonly stats: {
    readonly expected: number;
    readonly unexpected: number;
    readonly flaky: number;
    readonly skipped: number;
  };
}

/** The true totals of a Playwright run. A test that passes only at a second try has failed. */
export function countPlaywright(json: string | null, code: number, output: string): Outcome {
  if (json === null) return failed(output);
  const { stats } = JSON.parse(json) as PlaywrightReport;
  const failures = stats.unexpected + stats.flaky;
  const none = stats.expected + failures + stats.skipped === 0;
  return {
    passed: stats.expected,
    failed: failures === 0 && (code !== 0 || none) ? 1 : failures,
    skipped: stats.skipped,
    report: none ? `${output}\nNo browser test was found.` : output,
  };
}
