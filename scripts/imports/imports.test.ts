import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { root } from '../setup/paths.mjs';
import { checkImports, floors, type Breach } from './check.ts';
import { readGraph } from './graph.ts';
import { readImports } from './read-imports.ts';
import { rules } from './rules.ts';

const lockstep = 'packages/lockstep/src';
const web = 'apps/directory/web/src';
const server = 'apps/directory/server/src';

/** One forbidden import of every kind: where it is planted, what it says, and the rule that must see it. */
const plants: readonly (readonly [rule: string, file: string, text: string])[] = [
  ['resolves', `${lockstep}/core/planted-missing.ts`, "import './no-such-file.ts';"],
  ['resolves', `${lockstep}/core/planted-ending.ts`, "import '../index';"],
  ['between-packages', 'packages/protocol/src/planted-up.ts', "import 'lockstep';"],
  ['between-packages', `${lockstep}/planted-contract.ts`, "import type { User } from '@directory/contract';"],
  ['between-packages', `${lockstep}/planted-server.ts`, "export { openDatabase } from '@lockstep/server';"],
  ['between-packages', 'packages/server/src/planted-nouns.ts', "import { x } from '@directory/contract';"],
  ['between-packages', 'packages/server/src/planted-client.ts', "import { x } from 'lockstep';"],
  ['between-packages', 'apps/directory/contract/src/planted-up.ts', "import { x } from '@lockstep/server';"],
  ['between-packages', `${server}/planted-client.ts`, "const x = await import('lockstep');"],
  ['between-packages', `${web}/planted-server.ts`, "import { x } from '@directory/server';"],
  ['between-packages', `${web}/planted-library.ts`, "import { x } from '@lockstep/server';"],
  ['between-packages', `${web}/planted-server.test.ts`, "import { x } from '@directory/server';"],
  ['between-packages', 'scripts/planted-product.ts', "import { x } from 'lockstep';"],
  [
    'package-door',
    'bench/planted-inside.ts',
    "import { x } from '../packages/lockstep/src/core/planted-inside.ts';",
  ],
  ['between-packages', `${web}/features/people/planted-wire.ts`, "import { x } from '@lockstep/protocol';"],
  ['package-door', `${web}/planted-deep.ts`, "import { x } from 'lockstep/src/core/index.ts';"],
  [
    'package-door',
    `${web}/planted-path.ts`,
    "import { x } from '../../../../packages/lockstep/src/index.ts';",
  ],
  ['package-door', `${server}/planted-deep.ts`, "export * from '@lockstep/server/src/feed/index.ts';"],
  [
    'package-door',
    `${server}/planted-worker.ts`,
    "new URL('../../../../packages/server/src/index.ts', import.meta.url);",
  ],
  ['declared', `${web}/planted-unlisted.ts`, "import { debounce } from 'lodash';"],
  ['declared', `${server}/planted-development.ts`, "import { WebSocket } from 'ws';"],
  ['declared', 'packages/server/src/planted-tool.ts', "import { test } from 'vitest';"],
  ['few-dependencies', `${lockstep}/core/planted-idb.ts`, "import { openDB } from 'idb';"],
  ['few-dependencies', `${lockstep}/core/planted-zod.ts`, "import { z } from 'zod';"],
  [
    'few-dependencies',
    'packages/protocol/src/planted-redux.ts',
    "import { nanoid } from '@reduxjs/toolkit';",
  ],
  ['no-node-in-browsers', `${lockstep}/core/planted-node.ts`, "import { readFile } from 'node:fs/promises';"],
  ['no-node-in-browsers', `${web}/planted-node.ts`, "const { join } = require('path');"],
  ['no-node-in-browsers', 'packages/protocol/src/planted-node.ts', "import 'node:crypto';"],
  ['light-protocol', 'packages/protocol/src/planted-zod.ts', "import { z } from 'zod';"],
  ['light-protocol', 'packages/protocol/src/planted-schema.ts', "export { x } from './schema/index.ts';"],
  [
    'light-protocol',
    'packages/protocol/src/planted-inline.ts',
    "import { type x } from './schema/index.ts';",
  ],
  ['light-client', `${lockstep}/core/planted-schema.ts`, "import { x } from '@lockstep/protocol/schema';"],
  ['react-apart', `${lockstep}/core/planted-react.ts`, "import { useState } from 'react';"],
  ['react-apart', `${lockstep}/planted-react.ts`, "import type { FC } from 'react';"],
  [
    'react-apart',
    `${lockstep}/queries/planted-hooks.ts`,
    "import { createApi } from '@reduxjs/toolkit/query/react';",
  ],
  ['module-direction', `${lockstep}/core/planted-up.ts`, "import { x } from '../collections/index.ts';"],
  [
    'module-direction',
    `${lockstep}/collections/planted-pending.ts`,
    "import { x } from '../pending/index.ts';",
  ],
  [
    'module-direction',
    `${lockstep}/outbox/planted-pending.ts`,
    "import type { X } from '../pending/index.ts';",
  ],
  ['module-direction', `${lockstep}/live/planted-outbox.ts`, "import { x } from '../outbox/index.ts';"],
  ['module-direction', `${lockstep}/pending/planted-live.ts`, "type X = import('../live/index.ts').X;"],
  ['module-direction', `${lockstep}/queries/planted-outbox.ts`, "await import('../outbox/index.ts');"],
  ['module-direction', `${lockstep}/queries/planted-root.ts`, "import { x } from '../index.ts';"],
  ['module-direction', `${lockstep}/planted-composer.ts`, "import { x } from './pending/index.ts';"],
  ['module-door', `${lockstep}/pending/planted-deep.ts`, "import { x } from '../core/planted-inside.ts';"],
  ['module-door', 'packages/server/src/planted-deep.ts', "import { x } from './feed/planted-inside.ts';"],
  ['module-door', `${server}/planted-feature.ts`, "import('./features/people/planted-inside.ts');"],
  ['tests-apart', `${lockstep}/core/planted-support.ts`, "import { x } from '../test-support/planted.ts';"],
  ['tests-apart', `${server}/planted-support.ts`, "import { x } from './planted-allowed.test.ts';"],
  ['features-apart', `${web}/features/planted/planted.ts`, "import { x } from '../people/index.ts';"],
  ['features-apart', `${server}/features/planted/planted.ts`, "import { x } from '../people/index.ts';"],
  ['features-on-top', `${web}/ui/planted.ts`, "import { x } from '../features/people/index.ts';"],
  ['features-on-top', `${server}/db/planted.ts`, "import { x } from '../features/people/index.ts';"],
  ['features-on-top', `${server}/http/planted.ts`, "import { x } from '../features/people/index.ts';"],
];

/** What the plants refer to; empty where the real tree has no such file. */
const targets: readonly string[] = [
  ...['core', 'collections', 'pending', 'queries', 'live', 'outbox'].map(
    (name) => `${lockstep}/${name}/index.ts`,
  ),
  `${lockstep}/core/planted-inside.ts`,
  'packages/server/src/feed/index.ts',
  'packages/server/src/feed/planted-inside.ts',
  `${lockstep}/test-support/planted.ts`,
  'packages/server/src/planted-words/words.ts',
  `${web}/features/people/index.ts`,
  `${web}/features/people/planted-inside.ts`,
  `${server}/features/people/planted-inside.ts`,
  `${server}/features/people/index.ts`,
];

const allowed: readonly (readonly [file: string, text: string])[] = [
  [`${lockstep}/planted-allowed.ts`, "import type { X } from './pending/index.ts';"],
  [`${lockstep}/queries/planted-allowed.ts`, "import { x } from '../pending/index.ts';"],
  [`${lockstep}/react/planted-allowed.tsx`, "import { useState } from 'react'; import '../outbox/index.ts';"],
  [`${lockstep}/core/planted-allowed.test.ts`, "import { test } from 'vitest'; import 'node:fs';"],
  [`${lockstep}/queries/planted-allowed.test.ts`, "import { x } from '../test-support/planted.ts';"],
  ['packages/server/src/planted-allowed.ts', "import { x } from './planted-words/words.ts';"],
  ['bench/planted-allowed.ts', "import { x } from '../packages/lockstep/src/core/index.ts';"],
  [`${web}/app/planted-wire.ts`, "import { x } from '@lockstep/protocol';"],
  [`${server}/planted-allowed.test.ts`, "import { x } from './planted-allowed.ts';"],
  ['packages/protocol/src/planted-allowed.ts', "import type { X } from './schema/index.ts';"],
  [
    `${web}/app/planted-allowed.ts`,
    "await import('../features/people/planted-inside.ts'); import '../features/people/index.ts';",
  ],
  [`${server}/planted-allowed.ts`, "import 'node:fs'; import 'fastify'; import '@lockstep/protocol/schema';"],
];

let copy: string;
let breaches: readonly Breach[];

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'lockstep-imports-'));
  const skipped = new Set([
    'node_modules',
    'dist',
    'public',
    '.git',
    '.cache',
    'package-lock.json',
    'docs',
    'tools',
  ]);
  cpSync(root, copy, { recursive: true, filter: (path) => !skipped.has(basename(path)) });
  const write = (file: string, text: string, flag: 'w' | 'a' = 'w'): void => {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), text, { flag });
  };
  for (const file of targets) write(file, '', 'a');
  for (const [, file, text] of plants) write(file, text);
  for (const [file, text] of allowed) write(file, text);
  breaches = checkImports(readGraph(copy), {});
});

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

describe('the import rules', () => {
  test.each(plants)('%s: a forbidden import in %s is caught', (rule, file) => {
    const caught = breaches.filter((breach) => breach.message.startsWith(`${file}:`));
    expect(caught.map((breach) => breach.rule)).toContain(rule);
  });

  test('no plant lies over another', () => {
    const files = [...plants.map(([, file]) => file), ...allowed.map(([file]) => file)];
    expect(files).toHaveLength(new Set(files).size);
  });

  test('every rule has a planted import', () => {
    expect(new Set(plants.map(([rule]) => rule))).toEqual(new Set(rules.map((rule) => rule.id)));
  });

  test.each(allowed)('an allowed import in %s is left alone', (file) => {
    expect(breaches.filter((breach) => breach.message.startsWith(`${file}:`))).toEqual([]);
  });

  test('a message says where, what and what to do instead', () => {
    const found = breaches.find((breach) => breach.message.startsWith(`${web}/planted-server.ts:`));
    expect(found?.message).toMatch(
      /planted-server\.ts:1 imports "@directory\/server"\. .*protocol.*\[between-packages\]/,
    );
  });
});

describe('the reading', () => {
  test('a tree that is read as empty fails in every package', () => {
    const empty = { modules: new Map<string, readonly string[]>(), edges: [] };
    expect(checkImports(empty).map((breach) => breach.rule)).toEqual(
      Object.keys(floors).map(() => 'enough-modules'),
    );
  });

  test('sees every form in which a module can be named', () => {
    const text = [
      "import a from 'a';",
      "import type { B } from 'b';",
      "import { type C } from 'c';",
      "import 'd';",
      "export * from 'e';",
      "export type { F } from 'f';",
      "const g = () => import('g');",
      "type H = import('h').H;",
      "const i = require('i');",
      "const j = new URL('./j.ts', import.meta.url);",
      "vi.mock('k');",
      "// import 'comment';",
      'const text = "import \'string\'";',
    ].join('\n');
    const seen = readImports('all.ts', text).map(({ specifier, typeOnly }) => [specifier, typeOnly]);
    expect(Object.fromEntries(seen)).toEqual({
      a: false,
      b: true,
      c: false,
      d: false,
      e: false,
      f: true,
      g: false,
      h: true,
      i: false,
      './j.ts': false,
      k: false,
    });
  });

  test('refuses a file that cannot be parsed, instead of seeing no imports in it', () => {
    expect(() => readImports('broken.ts', 'import { from')).toThrow(/broken\.ts cannot be parsed/);
  });
});
