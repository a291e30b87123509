import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

import { readArguments, suites, usage, UsageError, type SuiteName } from './arguments.ts';
import type { Options, Report, Result, Suite } from './result.ts';
import { formatTable } from './table.ts';
import { readMachine, readVersions } from './versions.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const fileOf = (suite: SuiteName): string => join(root, 'bench', suite, 'index.ts');

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function measure(name: SuiteName, rows: number | null): Promise<readonly Result[]> {
  const began = performance.now();
  const elapsed = (): string => `${Math.round((performance.now() - began) / 1000)} s`;
  const options: Options = { rows, say: (line) => say(`  ${line}`) };
  const heartbeat = new Worker(new URL('./heartbeat.ts', import.meta.url), { workerData: { suite: name } });
  try {
    say(`${name}:`);
    const suite = (await import(pathToFileURL(fileOf(name)).href)) as Suite;
    const results = await suite.run(options);
    say(`\n${formatTable(results)}\n\n${name} took ${elapsed()}.\n`);
    return results;
  } finally {
    await heartbeat.terminate();
  }
}

async function main(): Promise<void> {
  const asked = readArguments(process.argv.slice(2));
  if (asked.help) {
    say(usage);
    return;
  }
  const chosen = asked.only.length > 0 ? asked.only : suites.filter((name) => existsSync(fileOf(name)));
  const missing = chosen.filter((name) => !existsSync(fileOf(name)));
  if (missing.length > 0) {
    const present = suites.filter((name) => existsSync(fileOf(name))).join(', ');
    throw new UsageError(
      `There is no bench/${missing[0]}/index.ts, so "${missing[0]}" cannot be measured; the suites here: ${present || 'none'}.`,
    );
  }
  const machine = readMachine();
  const versions = readVersions(root);
  say(
    `${machine.cores} cores of ${machine.cpu}, Node ${versions['node']}, ${process.env['NODE_ENV'] ?? 'development'} mode\n`,
  );
  const results: Result[] = [];
  for (const name of chosen) results.push(...(await measure(name, asked.rows)));
  if (asked.json === null) return;
  const file = resolve(process.env['INIT_CWD'] ?? process.cwd(), asked.json);
  const report: Report = { machine, versions, results };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  say(`The figures are in ${asked.json}.`);
}

try {
  await main();
} catch (error) {
  if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${usage}\n`);
  else process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
}
