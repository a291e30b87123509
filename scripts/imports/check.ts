import type { Graph } from './graph.ts';
import { rules } from './rules.ts';

export interface Breach {
  readonly rule: string;
  readonly message: string;
}

/**
 * How few modules a package can have before the reading itself must be broken. A checker that finds nothing to
 * check passes for ever; these floors make it fail.
 */
export const floors: Readonly<Record<string, number>> = {
  'packages/protocol': 15,
  'packages/lockstep': 80,
  'packages/server': 30,
  'apps/directory/contract': 15,
  'apps/directory/server': 40,
  'apps/directory/web': 40,
  bench: 6,
  scripts: 30,
};

export function checkImports(
  graph: Graph,
  least: Readonly<Record<string, number>> = floors,
): readonly Breach[] {
  const breaches: Breach[] = [];
  for (const [folder, floor] of Object.entries(least)) {
    const count = graph.modules.get(folder)?.length ?? 0;
    if (count >= floor) continue;
    breaches.push({
      rule: 'enough-modules',
      message: `${folder} was read as ${count} modules, and has at least ${floor}: the check is not seeing the code. Mend the reading (scripts/imports/graph.ts), or lower the floor (scripts/imports/check.ts) if the package shrank.`,
    });
  }
  const files = new Set([...graph.modules.values()].flat());
  const isModule = (file: string): boolean => files.has(file);
  for (const edge of graph.edges) {
    for (const rule of rules) {
      if (!rule.breaks(edge, isModule)) continue;
      breaches.push({
        rule: rule.id,
        message: `${edge.from}:${edge.line} imports "${edge.specifier}". ${rule.says} ${rule.remedy} [${rule.id}]`,
      });
    }
  }
  return breaches;
}
