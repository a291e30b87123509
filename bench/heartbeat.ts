import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

const HEARTBEAT_MS = 4_000;

// Suites measure without giving way to their event loop, so this runs in a thread of its own and writes past it.
const { suite } = workerData as { readonly suite: string };
const began = performance.now();
setInterval(() => {
  writeSync(1, `  … ${suite}, ${Math.round((performance.now() - began) / 1000)} s\n`);
}, HEARTBEAT_MS);
