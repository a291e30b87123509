import { performance } from 'node:perf_hooks';
import type { Options, Result } from '../result.ts';
import { systems } from './systems.ts';
import type { SeamSystem } from './systems.ts';

const SIZES = [500, 5000];
const ROUNDS = 7;
const WARM_UP = 20;

/** One row in 200 lists of 50, among this many cached entries: what one change of it costs until every list is right. */
export async function run({ rows, say }: Options): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const entries of rows === null ? SIZES : [rows]) {
    const opened: SeamSystem[] = [];
    for (const open of systems) opened.push(await open(entries));
    for (const op of ['field', 'key', 'optimistic'] as const) {
      const times = new Map<SeamSystem, number[]>(opened.map((system) => [system, []]));
      const rounds = (system: SeamSystem): number => (system.isSlow ? 5 : 40);
      for (const system of opened)
        for (let turn = 0; turn < Math.min(WARM_UP, rounds(system)); turn += 1) system[op]?.();
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const system of opened) {
          const change = system[op];
          if (change === undefined) continue;
          for (let turn = 0; turn < rounds(system); turn += 1) {
            const began = performance.now();
            change();
            times.get(system)!.push((performance.now() - began) * 1e6);
          }
          system.check();
        }
      }
      for (const [system, measured] of times) {
        if (measured.length === 0) continue;
        const sorted = measured.toSorted((a, b) => a - b);
        const at = (share: number): number =>
          sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
        results.push({
          suite: 'seam',
          op: NAMES[op],
          rows: entries,
          system: system.name,
          medianNs: at(0.5),
          p99Ns: at(0.99),
        });
      }
      say(`${NAMES[op]}, ${entries} entries`);
    }
  }
  return results;
}

const NAMES = {
  field: 'a field, 200 lists of 50',
  key: 'the sort key, 200 lists of 50',
  optimistic: 'optimistic + rollback, 200 lists of 50',
} as const;
