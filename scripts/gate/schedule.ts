import type { Outcome, Step } from './step.ts';

export interface Finished {
  readonly step: Step;
  readonly outcome: Outcome;
  readonly ms: number;
}

export interface Watcher {
  readonly started: (step: Step) => void;
  readonly finished: (finished: Finished) => void;
}

/** The named steps and whatever they need, in the registry's order; all of them where no name is given. */
export function select(steps: readonly Step[], names: readonly string[]): readonly Step[] {
  if (names.length === 0) return steps;
  const wanted = new Set<string>();
  const add = (name: string): void => {
    const step = steps.find((candidate) => candidate.name === name);
    if (step === undefined) {
      throw new RangeError(
        `There is no step "${name}". The steps are: ${steps.map((each) => each.name).join(', ')}.`,
      );
    }
    if (wanted.has(name)) return;
    wanted.add(name);
    step.after?.forEach(add);
  };
  names.forEach(add);
  return steps.filter((step) => wanted.has(step.name));
}

/**
 * Runs steps side by side within a number of cores, each after those it needs. A step whose need failed is
 * skipped: it could only repeat the same fault.
 */
export async function runSteps(
  steps: readonly Step[],
  cores: number,
  perform: (step: Step) => Promise<Outcome>,
  watcher: Watcher,
): Promise<readonly Finished[]> {
  const names = new Set(steps.map((step) => step.name));
  const waiting = new Set(steps);
  const finished = new Map<string, Finished>();
  /** Steps that failed, or were not run because one they need failed. */
  const broken = new Set<string>();
  const running = new Set<Promise<void>>();
  let free = cores;

  const end = (done: Finished): void => {
    finished.set(done.step.name, done);
    if (done.outcome.failed > 0) broken.add(done.step.name);
    watcher.finished(done);
  };
  const start = (step: Step): void => {
    const taken = Math.min(step.cores, cores);
    free -= taken;
    watcher.started(step);
    const began = performance.now();
    const work = perform(step)
      .then((outcome) => end({ step, outcome, ms: performance.now() - began }))
      .finally(() => {
        free += taken;
        running.delete(work);
      });
    running.add(work);
  };
  const advance = (step: Step): void => {
    const needs = (step.after ?? []).filter((name) => names.has(name));
    const cause = needs.find((name) => broken.has(name));
    if (cause !== undefined) {
      waiting.delete(step);
      broken.add(step.name);
      const report = `not run, because "${cause}" failed`;
      end({ step, outcome: { passed: 0, failed: 0, skipped: 1, report }, ms: 0 });
    } else if (needs.every((name) => finished.has(name)) && Math.min(step.cores, cores) <= free) {
      waiting.delete(step);
      start(step);
    }
  };

  while (waiting.size > 0 || running.size > 0) {
    const left = waiting.size;
    waiting.forEach(advance);
    if (running.size > 0) await Promise.race(running);
    else if (waiting.size === left && left > 0) {
      throw new Error(
        `These steps wait for each other: ${[...waiting].map((step) => step.name).join(', ')}.`,
      );
    }
  }
  return steps.flatMap((step) => finished.get(step.name) ?? []);
}

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function total(results: readonly Finished[]): Totals {
  const sum = (pick: (outcome: Outcome) => number): number =>
    results.reduce((count, { outcome }) => count + pick(outcome), 0);
  return {
    passed: sum((outcome) => outcome.passed),
    failed: sum((outcome) => outcome.failed),
    skipped: sum((outcome) => outcome.skipped),
  };
}

/** The line that a machine reads at the end of a run. */
export function totalsLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
