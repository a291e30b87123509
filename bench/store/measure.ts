import type { Result } from '../result.ts';
import type { Person } from './people.ts';
import type { Store, System } from './system.ts';
import type { Operation, Workload } from './workload.ts';

const ROUNDS = 7;
/** What one system may spend on one operation at one size, in milliseconds; one round is always made. */
const BUDGET_MS = 2500;
const ROUND_MS = 150;
const WARM_UP_MS = 100;

interface Opened {
  readonly system: System;
  readonly store: Store;
}

interface Hosted {
  readonly system: System;
  readonly workload: Workload;
}

interface Running extends Hosted {
  /** Nanoseconds of an operation: the mean of each round, and single ones. */
  readonly means: number[];
  singles: number[];
  /** Operations in a round. */
  count: number;
  /** Milliseconds. */
  spent: number;
}

/** Opens every system over the same rows, and reads the memory that each keeps beyond them. */
export async function measureLoad(
  systems: readonly System[],
  people: readonly Person[],
): Promise<{ readonly stores: readonly Opened[]; readonly loads: readonly Result[] }> {
  const stores: Opened[] = [];
  const loads: Result[] = [];
  for (const system of systems) {
    const times: number[] = [];
    let bytes = 0;
    let store: Store | null = null;
    for (let round = 0; round < ROUNDS && (round === 0 || sum(times) < BUDGET_MS); round += 1) {
      store = null;
      const before = round === 0 ? heldBytes() : 0;
      const began = performance.now();
      store = await system.open(people);
      store.page();
      times.push((performance.now() - began) * 1e6);
      // Of the first round alone: some systems keep what an earlier store of theirs made.
      if (round === 0) bytes = heldBytes() - before;
    }
    stores.push({ system, store: store! });
    loads.push({
      ...figures('load', people.length, system.name, times, times),
      bytesPerRow: bytes / people.length,
      note: 'and the first page; memory beyond the rows themselves',
    });
  }
  return { stores, loads };
}

/** The median of rounds that take turns; the 99th percentile of operations timed one by one. */
export function measureOperation(
  operation: Operation,
  hosts: readonly Hosted[],
  rows: number,
): readonly Result[] {
  const running = hosts
    .filter(({ workload }) => operation.able(workload.store))
    .map((host): Running => ({ ...host, means: [], singles: [], count: 1, spent: 0 }));
  for (const run of running) warmUp(operation, run);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const run of running) {
      if (run.spent > BUDGET_MS) continue;
      // What was measured while warming up counts only where there is nothing else.
      if (round === 0) run.means.length = 0;
      const began = performance.now();
      const steps = operation.prepare(run.workload, run.count);
      const started = process.hrtime.bigint();
      for (const step of steps) step();
      run.means.push(Number(process.hrtime.bigint() - started) / steps.length);
      operation.restore?.(run.workload);
      run.spent += performance.now() - began;
    }
  }
  for (const run of running) {
    if (run.spent <= BUDGET_MS) run.singles = timedOneByOne(operation, run.workload, run.count);
  }
  return running.map(({ system, means, singles }) => ({
    ...figures(operation.op, rows, system.name, means, singles),
    ...(operation.note === undefined ? {} : { note: operation.note }),
  }));
}

/** Lets the engine compile what a round will run, and learns how many operations a round can hold. */
function warmUp(operation: Operation, run: Running): void {
  // The first of all may build what the others only keep: it counts where it is too slow to be repeated.
  run.singles = timedOneByOne(operation, run.workload, 1);
  if (sum(run.singles) > 2 * BUDGET_MS) {
    run.means.push(...run.singles);
    run.spent = Infinity;
    return;
  }
  for (let elapsed = 0; ; run.count = Math.min(operation.most, run.count * 4)) {
    run.singles = timedOneByOne(operation, run.workload, run.count);
    const took = sum(run.singles);
    elapsed += took;
    if (elapsed < WARM_UP_MS && run.count < operation.most) continue;
    const each = took / run.singles.length;
    run.means.push(each * 1e6);
    run.count = Math.max(1, Math.min(operation.most, Math.floor(ROUND_MS / each)));
    // The warming up of what takes seconds is all that will be made of it.
    run.spent = each > BUDGET_MS / 3 ? Infinity : 0;
    return;
  }
}

function timedOneByOne(operation: Operation, workload: Workload, count: number): number[] {
  const times = operation.prepare(workload, count).map((step) => {
    const began = process.hrtime.bigint();
    step();
    return Number(process.hrtime.bigint() - began);
  });
  operation.restore?.(workload);
  return times;
}

function figures(
  op: string,
  rows: number,
  system: string,
  means: readonly number[],
  singles: readonly number[],
): Result {
  return { suite: 'store', op, rows, system, medianNs: quantile(means, 0.5), p99Ns: quantile(singles, 0.99) };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / 1e6;
}

function heldBytes(): number {
  // Twice: what finalisers let go of in the first pass is collected in the second.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
