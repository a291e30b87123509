import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Failure, runMain, say, tail } from '../setup/report.mjs';
import { cache, environmentWith, root } from '../setup/paths.mjs';
import { fullSteps } from './full.ts';
import { runSteps, select, total, totalsLine, type Finished } from './schedule.ts';
import { failed, type Outcome, type Run, type RunOptions, type Step } from './step.ts';
import { gateSteps } from './steps.ts';

const HEARTBEAT_MS = 4_000;
const LIMIT_MS = 25 * 60_000;
const CORES = 2;
/** What a step gets to tidy up after itself when the run is stopped. */
const GRACE_MS = 2_000;
/** A failed step's output on the screen; the log holds all of it. */
const REPORT_LINES = 150;

const usage = `npm test [-- --full] [--only NAME[,NAME…]] [--list]

Runs every check of the gate and ends with the line "N passed, N failed".
  --only NAME,…   only these steps, and what they need
  --full          the longer steps as well (npm run test:full)
  --list          name the steps`;

interface Options {
  readonly full: boolean;
  readonly list: boolean;
  readonly help: boolean;
  readonly only: readonly string[];
}

function readOptions(args: readonly string[]): Options {
  const options = { full: false, list: false, help: false, only: [] as string[] };
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index];
    if (argument === '--full') options.full = true;
    else if (argument === '--list') options.list = true;
    else if (argument === '--help') options.help = true;
    else if (argument === '--only' && args[index + 1] !== undefined) {
      index += 1;
      options.only.push(...(args[index] ?? '').split(','));
    } else {
      throw new Failure(`"${argument}" is not an argument of the test command.`, usage);
    }
  }
  return options;
}

/** The last line that each running command wrote, shown while a step takes long. */
const latest = new Map<string, string>();
const children = new Set<ChildProcess>();

function runCommand(
  step: Step,
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? root,
      env: { ...environmentWith(process.execPath), NO_COLOR: '1', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what it has started ends with it.
      detached: true,
    });
    children.add(child);
    let output = '';
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
      const line = output.trimEnd().split('\n').at(-1)?.trim();
      if (line !== undefined && line !== '') latest.set(step.name, line.slice(0, 100));
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const limitMs = options.limitMs ?? LIMIT_MS;
    const limit = setTimeout(() => {
      output += `\nStopped after ${limitMs / 60_000} minutes, the limit of this step.\n`;
      signalGroup(child, 'SIGKILL');
    }, limitMs);
    const end = (code: number): void => {
      clearTimeout(limit);
      children.delete(child);
      resolve({ code, output });
    };
    child.on('error', (error) => {
      output += `\n${program} could not be started: ${error.message}\n`;
      end(1);
    });
    child.on('close', (code) => end(code ?? 1));
  });
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

async function perform(step: Step): Promise<Outcome> {
  try {
    return await step.run({
      root,
      run: (program, args, options) => runCommand(step, program, args, options),
    });
  } catch (error) {
    if (error instanceof Failure) return failed(`${error.message}\n${error.remedy}`);
    return failed(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function describe({ step, outcome, ms }: Finished): string {
  const mark = outcome.failed > 0 ? '✗' : outcome.passed === 0 ? '–' : '✓';
  const counts =
    outcome.passed + outcome.failed + outcome.skipped > 1
      ? `, ${totalsLine(outcome)}`
      : outcome.skipped === 1
        ? `, ${outcome.report}`
        : '';
  return `${mark} ${step.name} (${step.checks}${counts}) ${(ms / 1000).toFixed(1)} s`;
}

/** A terminal's Ctrl-C and our own parent both ask; the second time is not impatience. */
let stopping = false;

function stop(signal: NodeJS.Signals): void {
  if (stopping) return;
  stopping = true;
  const running = [...children];
  for (const child of running) signalGroup(child, signal);
  setTimeout(() => {
    for (const child of running) signalGroup(child, 'SIGKILL');
    process.exit(1);
  }, GRACE_MS);
}

async function runGate(steps: readonly Step[]): Promise<number> {
  const logs = join(cache, 'gate');
  mkdirSync(logs, { recursive: true });
  const startedAt = new Map<string, number>();
  const heartbeat = setInterval(() => {
    const now = performance.now();
    const at = [...startedAt].map(
      ([name, began]) =>
        `${name} ${Math.round((now - began) / 1000)} s${latest.has(name) ? `: ${latest.get(name)}` : ''}`,
    );
    say(`  … ${at.join(' | ')}`);
  }, HEARTBEAT_MS);
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  const began = performance.now();
  const results = await runSteps(steps, CORES, perform, {
    started: (step) => {
      startedAt.set(step.name, performance.now());
    },
    finished: (done) => {
      startedAt.delete(done.step.name);
      const log = join(logs, `${done.step.name}.log`);
      writeFileSync(log, done.outcome.report);
      say(describe(done));
      if (done.outcome.failed > 0) {
        const report = tail(done.outcome.report, REPORT_LINES);
        say(report.replaceAll(/^/gm, '    '));
        if (report.length < done.outcome.report.trimEnd().length) say(`    (all of it in ${log})`);
      }
    },
  });
  clearInterval(heartbeat);

  const totals = total(results);
  const broken = results.filter(({ outcome }) => outcome.failed > 0).map(({ step }) => step.name);
  const seconds = Math.round((performance.now() - began) / 1000);
  say('');
  if (broken.length > 0)
    say(`Failed after ${seconds} s: ${broken.join(', ')}. One alone: npm test -- --only NAME`);
  else say(`All checks passed in ${seconds} s.`);
  say(totalsLine(totals));
  return totals.failed > 0 || totals.passed === 0 ? 1 : 0;
}

await runMain(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    say(usage);
    return 0;
  }
  const registry = options.full ? [...gateSteps, ...fullSteps] : gateSteps;
  if (options.list) {
    for (const step of registry) say(`${step.name.padEnd(14)} ${step.checks}`);
    return 0;
  }
  let steps: readonly Step[];
  try {
    steps = select(registry, options.only);
  } catch (error) {
    if (error instanceof RangeError)
      throw new Failure(error.message, 'Name one of these, or none to run them all.');
    throw error;
  }
  return runGate(steps);
});
