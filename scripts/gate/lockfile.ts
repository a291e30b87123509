import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../setup/paths.mjs';
import { say } from '../setup/report.mjs';
import { lockFaults, versionFaults, type LockFile, type PackageFile } from './lockfile-rules.ts';
import { workspaceFolders } from './projects.ts';

const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'));

const trees = ['.', 'tools/postgres'];
const packageFiles = [...trees, ...workspaceFolders(root)].map((folder) => join(folder, 'package.json'));
const faults = [
  ...packageFiles.flatMap((file) => versionFaults(file, read(file) as PackageFile)),
  ...trees
    .map((folder) => join(folder, 'package-lock.json'))
    .flatMap((file) => lockFaults(file, read(file) as LockFile)),
];
for (const fault of faults) say(fault);
say(`${packageFiles.length} package files and ${trees.length} lock files, ${faults.length} faults.`);
process.exitCode = faults.length > 0 ? 1 : 0;
