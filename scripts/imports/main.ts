import { root } from '../setup/paths.mjs';
import { say } from '../setup/report.mjs';
import { checkImports } from './check.ts';
import { readGraph } from './graph.ts';

const graph = readGraph(process.argv[2] ?? root);
const breaches = checkImports(graph);
for (const { message } of breaches) say(message);
const count = [...graph.modules.values()].reduce((sum, files) => sum + files.length, 0);
say(`${count} modules, ${graph.edges.length} imports, ${breaches.length} against the rules.`);
process.exitCode = breaches.length > 0 ? 1 : 0;
