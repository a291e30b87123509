import { existsSync, readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

import type { Machine } from './result.ts';

interface PackageFile {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly version?: string;
}

const readPackage = (file: string): PackageFile => JSON.parse(readFileSync(file, 'utf8')) as PackageFile;

/** What was measured: Node, and every package the suites lean on, as installed. */
export function readVersions(root: string): Readonly<Record<string, string>> {
  const named = Object.keys(readPackage(join(root, 'bench', 'package.json')).dependencies ?? {});
  const installed = ['react', 'fastify', 'pg', '@electric-sql/pglite', ...named]
    .map((name) => [name, join(root, 'node_modules', name, 'package.json')] as const)
    .filter(([, file]) => existsSync(file))
    .map(([name, file]) => [name, readPackage(file).version ?? 'unknown'] as const);
  return { node: process.versions.node, v8: process.versions.v8, ...Object.fromEntries(installed) };
}

export function readMachine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
  };
}
