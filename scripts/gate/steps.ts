import { findBrowser } from '../setup/browser.mjs';
import { installPostgres } from '../setup/postgres.mjs';
import { buildWebApp } from '../setup/web.mjs';
import { command, passed, type Outcome, type Step, type StepContext } from './step.ts';
import { countPlaywright } from './tests-count.ts';
import { reportFile, readReport, runVitest } from './vitest.ts';

const node = process.execPath;
const program = (file: string): readonly string[] => [`scripts/${file}`];

async function browserTests({ root, run }: StepContext): Promise<Outcome> {
  const browser = await findBrowser(node);
  await installPostgres();
  const report = reportFile(root, 'playwright.json');
  const { code, output } = await run(
    node,
    [
      'node_modules/@playwright/test/cli.js',
      'test',
      '-c',
      'apps/directory/web/playwright.config.ts',
      '--project=browser',
      '--reporter=list,json',
    ],
    { env: { PLAYWRIGHT_JSON_OUTPUT_FILE: report, CHROMIUM: browser } },
  );
  return countPlaywright(readReport(report), code, output);
}

/** The gate, in the order in which steps are begun: the quick ones first, so that a slip is known early. */
export const gateSteps: readonly Step[] = [
  command({ name: 'format', checks: 'formatting', cores: 1 }, 'oxfmt', ['--check', '.']),
  command(
    { name: 'lockfile', checks: 'exact versions, no registry addresses, licences', cores: 1 },
    node,
    program('gate/lockfile.ts'),
  ),
  command({ name: 'imports', checks: 'who may import whom', cores: 1 }, node, program('imports/main.ts')),
  command(
    { name: 'spec', checks: 'every numbered rule has a test', cores: 1 },
    node,
    program('gate/spec.ts'),
  ),
  command({ name: 'types', checks: 'types of every project', cores: 1 }, node, program('gate/types.ts')),
  command({ name: 'unused', checks: 'unused code and dependencies', cores: 1 }, 'knip', ['--no-progress']),
  command({ name: 'lint', checks: 'lint, with types', cores: 2 }, 'oxlint', [
    '--type-aware',
    '--deny-warnings',
  ]),
  command({ name: 'build', checks: 'packages build', cores: 1 }, node, program('gate/build.ts')),
  {
    name: 'web',
    checks: 'web app builds',
    cores: 1,
    run: async () => passed(await buildWebApp(node)),
  },
  command({ name: 'packages', checks: 'packed packages', cores: 1, after: ['build'] }, node, [
    ...program('gate/packages.ts'),
    '--built',
  ]),
  command({ name: 'size', checks: 'size budgets', cores: 1, after: ['build', 'web'] }, node, [
    ...program('gate/size.ts'),
    '--built',
  ]),
  {
    name: 'unit',
    checks: 'unit, property and simulation tests',
    cores: 2,
    run: (context) => runVitest(context),
  },
  { name: 'browser', checks: 'tests in Chromium', cores: 2, after: ['web'], run: browserTests },
];
