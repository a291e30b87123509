import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { root } from '../setup/paths.mjs';

/** What reaches for the world inside the client library, planted one by one. */
const reaches: readonly string[] = [
  'Date.now()',
  'Math.random()',
  'new WebSocket("x")',
  'indexedDB.open("x")',
  'navigator.onLine',
  'localStorage.getItem("x")',
  'fetch("x")',
  'globalThis.fetch("x")',
  'setTimeout(() => {}, 1)',
  'crypto.randomUUID()',
  'document.title',
];

let folder: string;
let found: readonly { readonly filename: string; readonly code: string }[];

const source = 'packages/lockstep/src/core';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lockstep-world-'));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  cpSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  for (const [index, reach] of reaches.entries())
    write(`${source}/planted-${index}.ts`, `export const x = () => ${reach};`);
  const all = reaches.map((reach, index) => `export const x${index} = () => ${reach};`).join('\n');
  write(`${source}/browser-planted.ts`, all);
  write(`${source}/planted.test.ts`, all);
  write(`${source}/planted-port.ts`, 'export const ask = (fetch: () => void) => fetch();');
  const oxlint = join(root, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const run = promisify(execFile)(process.execPath, [oxlint, '--format', 'json', '.'], { cwd: folder });
  const { stdout } = await run.catch((error: { readonly stdout: string }) => error);
  const { diagnostics } = JSON.parse(stdout) as { readonly diagnostics: typeof found };
  found = diagnostics.filter(({ code }) => code.includes('no-restricted'));
}, 30_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test.each(reaches.map((reach, index) => [reach, index] as const))(
  'lockstep may not say %s outside its adapters',
  (_reach, index) => {
    expect(found.filter(({ filename }) => filename.endsWith(`planted-${index}.ts`))).toHaveLength(1);
  },
);

test.each(['browser-planted.ts', 'planted.test.ts', 'planted-port.ts'])('%s may', (file) => {
  expect(found.filter(({ filename }) => filename.endsWith(file))).toEqual([]);
});
