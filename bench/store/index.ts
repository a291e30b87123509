import type { Options, Result } from '../result.ts';
import { agree } from './agree.ts';
import { measureLoad, measureOperation } from './measure.ts';
import { makePeople } from './people.ts';
import type { System } from './system.ts';
import { apollo } from './systems/apollo.ts';
import { limit } from './systems/limit.ts';
import { lockstep } from './systems/lockstep.ts';
import { rtkGuide } from './systems/rtk-guide.ts';
import { rtkTuned } from './systems/rtk-tuned.ts';
import { tanstackDb } from './systems/tanstack-db.ts';
import { operations, Workload } from './workload.ts';

const SIZES = [1000, 10_000, 100_000, 1_000_000];
const systems: readonly System[] = [limit, lockstep, tanstackDb, rtkTuned, rtkGuide, apollo];

/**
 * The guide's own screen: people by last activity, filtered by role and text, the first page of 20 read back after
 * every change. Every system holds the same people in one process, and rounds take turns.
 */
export async function run({ rows, say }: Options): Promise<readonly Result[]> {
  const results: Result[] = [];
  await agree(systems);
  for (const size of rows === null ? SIZES : [rows]) {
    const people = makePeople(size);
    const able = systems.filter((system) => system.most >= size);
    say(`${size.toLocaleString('en')} rows: load (${able.map((system) => system.name).join(', ')})`);
    const { stores, loads } = await measureLoad(able, people);
    results.push(...loads);
    const workloads = stores.map(({ system, store }) => ({ system, workload: new Workload(store, people) }));
    for (const operation of operations) {
      say(`${size.toLocaleString('en')} rows: ${operation.op}`);
      results.push(...measureOperation(operation, workloads, size));
    }
  }
  return results;
}
