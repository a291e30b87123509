import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { root as repository } from './paths.mjs';
import { hashInputs } from './web.mjs';

let root: string;

const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lockstep-web-'));
  write('scripts/setup/web.mjs', '');
  for (const file of ['package-lock.json', 'tsconfig.base.json'])
    cpSync(join(repository, file), join(root, file));
  for (const folder of [
    'apps/directory/web',
    'apps/directory/contract',
    'packages/lockstep',
    'packages/protocol',
  ]) {
    write(`${folder}/src/index.ts`, '');
  }
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test.each([
  'apps/directory/web/index.html',
  'apps/directory/web/src/features/people/list.tsx',
  'apps/directory/contract/src/index.ts',
  'packages/lockstep/src/core/new.ts',
  'packages/protocol/src/index.ts',
  'package-lock.json',
])('the web app is built again after a change to %s', (file) => {
  const before = hashInputs(root);
  write(file, 'changed');
  expect(hashInputs(root)).not.toBe(before);
});

test.each([
  'apps/directory/web/dist/index.html',
  'apps/directory/web/e2e/people.spec.ts',
  'apps/directory/web/node_modules/x/index.js',
  'apps/directory/web/src/app/store.test.ts',
  'packages/lockstep/SPEC.md',
  'packages/lockstep/dist/index.js',
])('a change to %s builds nothing', (file) => {
  const before = hashInputs(root);
  write(file, 'changed');
  expect(hashInputs(root)).toBe(before);
});

test('a file that moves is a change, although no content is new', () => {
  write('apps/directory/web/src/a.ts', 'one');
  const before = hashInputs(root);
  rmSync(join(root, 'apps/directory/web/src/a.ts'));
  write('apps/directory/web/src/b.ts', 'one');
  expect(hashInputs(root)).not.toBe(before);
});
