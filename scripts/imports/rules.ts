import type { Edge, Target } from './graph.ts';

/** A sentence about who may import whom, and the imports that break it. */
export interface Rule {
  readonly id: string;
  readonly says: string;
  /** What to do instead. */
  readonly remedy: string;
  readonly breaks: (edge: Edge, isModule: (file: string) => boolean) => boolean;
}

const lockstep = 'packages/lockstep';
const protocol = 'packages/protocol';
const server = 'packages/server';
const contract = 'apps/directory/contract';
const directoryServer = 'apps/directory/server';
const web = 'apps/directory/web';

/** Which packages of ours a package may import. What is not listed may import none. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  [protocol]: [],
  [lockstep]: ['@lockstep/protocol'],
  [server]: ['@lockstep/protocol'],
  [contract]: ['@lockstep/protocol'],
  [directoryServer]: ['@directory/contract', '@lockstep/protocol', '@lockstep/server'],
  [web]: ['@directory/contract', 'lockstep'],
  bench: ['@directory/contract', '@directory/server', '@lockstep/protocol', '@lockstep/server', 'lockstep'],
};

/** Packages whose run time is fixed to a few dependencies; the others may use what they declare. */
const onlyThese: Readonly<Record<string, readonly string[]>> = {
  [protocol]: ['zod'],
  [contract]: ['zod'],
  [lockstep]: ['@reduxjs/toolkit', 'react', 'react-redux'],
};

/** Code that runs in browsers. */
const inBrowsers: readonly string[] = [protocol, lockstep, contract, `${web}/src`];

/** Which of its siblings a module of the client library may import. */
const lockstepModules: Readonly<Record<string, readonly string[]>> = {
  core: [],
  collections: ['core'],
  requests: ['core'],
  live: ['core'],
  outbox: ['core'],
  metrics: ['core'],
  pending: ['core', 'collections'],
  queries: ['core', 'collections', 'pending'],
};
/** These look at the composed whole, through the doors. */
const lockstepObservers = new Set(['react', 'devtools', 'testing']);
/** The composition root, and the door that names what is public. */
const lockstepComposers = new Set(['create-lockstep.ts', 'index.ts']);

const within = (file: string, folder: string): boolean => file.startsWith(`${folder}/`);

/**
 * Tests and what only they use. The client library's `testing` is not that: it ships, as `lockstep/testing`; its
 * own tests lean on `test-support`.
 */
const isTest = (file: string): boolean =>
  /\.(test|test-d|spec|harness|contract)\.[cm]?tsx?$/.test(file) ||
  (/\/(e2e|testing|test-support)\//.test(file) && !within(file, `${lockstep}/src/testing`));

const reachedFile = (target: Target): string | null => (target.kind === 'file' ? target.file : null);

/** `core` for `packages/lockstep/src/core/ports.ts`; null for a file that stands beside the folders. */
function moduleOf(file: string, source: string): string | null {
  if (!within(file, source)) return null;
  const [first, ...rest] = file.slice(source.length + 1).split('/');
  return first !== undefined && rest.length > 0 ? first : null;
}

/** `people` for `…/src/features/people/list.tsx`. */
function featureOf(file: string): string | null {
  return /^apps\/[^/]+\/[^/]+\/src\/features\/([^/]+)\//.exec(file)?.[1] ?? null;
}

/**
 * The folder that hides a decision behind its `index.ts`: a module of the client or server library, a feature of the server.
 * The web app's features have no door of one file, since each of their pages is loaded by itself; only app/ may enter them.
 */
function moduleFolderOf(file: string): string | null {
  return (
    /^apps\/[^/]+\/server\/src\/features\/[^/]+(?=\/)/.exec(file)?.[0] ??
    /^packages\/(?:lockstep|server)\/src\/[^/]+(?=\/)/.exec(file)?.[0] ??
    null
  );
}

function isReact(edge: Edge): boolean {
  const { target } = edge;
  if (target.kind !== 'package') return false;
  if (['react', 'react-dom', 'react-redux'].includes(target.name)) return true;
  return target.name === '@reduxjs/toolkit' && target.subpath.endsWith('/react');
}

export const rules: readonly Rule[] = [
  {
    id: 'resolves',
    says: 'A relative import names a file that exists, with its ending.',
    remedy: 'Write the path with its ending (.ts, .tsx), as it stands on disk.',
    breaks: ({ target }) => target.kind === 'missing',
  },
  {
    id: 'between-packages',
    says: 'Packages import each other in one direction only: protocol ← contract, lockstep, server ← the applications.',
    remedy: 'Move what is shared to a package that both may import (protocol, contract), or pass it in.',
    breaks: ({ workspace, from, target }) =>
      target.kind === 'workspace' &&
      target.workspace !== workspace &&
      !(mayImport[workspace.folder] ?? []).includes(target.workspace.name) &&
      // The web app's connection speaks the wire, in app/ only: features see people and lists.
      !(within(from, `${web}/src/app`) && target.workspace.folder === protocol),
  },
  {
    id: 'package-door',
    says: 'Another package is reached by its name and the doors in its "exports", never by a path into it.',
    remedy: "Import from the package's name; if the thing is missing there, its door has to offer it.",
    breaks: ({ workspace, target }) => {
      if (target.kind === 'workspace') {
        const { doors } = target.workspace;
        return !doors.has(target.subpath);
      }
      const file = reachedFile(target);
      if (file === null || within(file, workspace.folder)) return false;
      // Benchmarks measure the client library's modules, each at its own door.
      const measured = workspace.folder === 'bench' && within(file, `${lockstep}/src`);
      return !(measured && file === `${moduleFolderOf(file)}/index.ts`);
    },
  },
  {
    id: 'declared',
    says: 'A module imports packages that its own package.json lists; shipped code does not lean on devDependencies.',
    remedy: 'List the package under "dependencies" of that package.json, with its exact version.',
    breaks: ({ workspace, from, target, typeOnly }) => {
      if (target.kind !== 'package') return false;
      const { dependencies, devDependencies } = workspace;
      if (dependencies.has(target.name) || dependencies.has(`@types/${target.name}`)) return false;
      const development = isTest(from) || typeOnly || !/\/src\//.test(from);
      // The tools at the root (vitest, fast-check, Playwright) serve every package's tests.
      return development ? false : devDependencies.has(target.name) || !dependencies.has(target.name);
    },
  },
  {
    id: 'few-dependencies',
    says: 'protocol and contract need zod only; lockstep needs Redux Toolkit only, and React for its React parts.',
    remedy: 'Write the little that is needed, or take it in through a port.',
    breaks: ({ workspace, from, target }) => {
      const few = onlyThese[workspace.folder];
      return few !== undefined && !isTest(from) && target.kind === 'package' && !few.includes(target.name);
    },
  },
  {
    id: 'no-node-in-browsers',
    says: 'What runs in browsers imports nothing of Node.',
    remedy: 'Use what browsers and Node both have, or take it in through a port.',
    breaks: ({ from, target }) =>
      target.kind === 'builtin' &&
      !isTest(from) &&
      inBrowsers.some((folder) => within(from, folder)) &&
      /\/src\//.test(from),
  },
  {
    id: 'light-protocol',
    says: "The protocol's root door carries no zod at run time, so that the browser library stays small.",
    remedy: "Use `import type`, or move the schema into the protocol's schema folder.",
    breaks: ({ from, target, typeOnly }) => {
      if (typeOnly || isTest(from) || !within(from, `${protocol}/src`)) return false;
      if (within(from, `${protocol}/src/schema`)) return false;
      return (
        (target.kind === 'package' && target.name === 'zod') ||
        (target.kind === 'file' && within(target.file, `${protocol}/src/schema`))
      );
    },
  },
  {
    id: 'light-client',
    says: "The client library reads the protocol's root door only; the schemas are for servers.",
    remedy: 'Import from `@lockstep/protocol`.',
    breaks: ({ workspace, from, target, typeOnly }) =>
      workspace.folder === lockstep &&
      !isTest(from) &&
      !typeOnly &&
      target.kind === 'workspace' &&
      target.workspace.folder === protocol &&
      target.subpath !== '.',
  },
  {
    id: 'react-apart',
    says: 'In lockstep, React appears in react/ and devtools/ only.',
    remedy: 'Move the React part into react/, over a plain function or store.',
    breaks: (edge) =>
      isReact(edge) &&
      !isTest(edge.from) &&
      within(edge.from, `${lockstep}/src`) &&
      !['react', 'devtools'].includes(moduleOf(edge.from, `${lockstep}/src`) ?? ''),
  },
  {
    id: 'module-direction',
    says: "lockstep's modules import: core nothing; collections, requests, live, outbox, metrics core; pending core and collections; queries core, collections and pending. Only create-lockstep.ts composes.",
    remedy: 'Hand the other module’s function in from create-lockstep.ts, or move what both need to core.',
    breaks: ({ from, target, typeOnly }) => {
      const source = `${lockstep}/src`;
      const file = reachedFile(target);
      if (file === null || isTest(from) || !within(from, source) || !within(file, source)) return false;
      const importer = moduleOf(from, source);
      const imported = moduleOf(file, source);
      if (importer === null) {
        // Files beside the modules describe the whole (its declarations, its types); they compose nothing.
        const composes = !typeOnly && imported !== null && imported !== 'core';
        return composes && !lockstepComposers.has(from.slice(source.length + 1));
      }
      if (imported === importer || lockstepObservers.has(importer)) return false;
      if (imported === null) return true;
      return !(lockstepModules[importer] ?? []).includes(imported);
    },
  },
  {
    id: 'module-door',
    says: "A module's folder is entered through its index.ts.",
    remedy: "Import from the folder's index.ts; if the thing is missing there, the door has to offer it.",
    breaks: ({ from, target }, isModule) => {
      const file = reachedFile(target);
      const folder = file === null ? null : moduleFolderOf(file);
      if (file === null || folder === null || within(from, folder) || isTest(file)) return false;
      // The server's core is a handful of words (its errors, its ports) and hides nothing: it has no door.
      if (within(folder, server) && !isModule(`${folder}/index.ts`)) return false;
      return file !== `${folder}/index.ts`;
    },
  },
  {
    id: 'tests-apart',
    says: 'What ships imports neither tests nor what only tests use.',
    remedy: 'Move what both need out of the test support.',
    breaks: ({ from, target }) => {
      const file = reachedFile(target);
      return file !== null && isTest(file) && !isTest(from) && /\/src\//.test(from);
    },
  },
  {
    id: 'features-apart',
    says: 'Features never import features.',
    remedy:
      'Compose the two where the application is put together, or move what both need out of the features.',
    breaks: ({ from, target }) => {
      const file = reachedFile(target);
      const importer = featureOf(from);
      const imported = file === null ? null : featureOf(file);
      return importer !== null && imported !== null && importer !== imported && !isTest(from);
    },
  },
  {
    id: 'features-on-top',
    says: "What features stand on (the web app's ui/, the server's db/ and http/) imports no feature.",
    remedy: 'Pass the thing in as an argument or a property.',
    breaks: ({ from, target }) => {
      const file = reachedFile(target);
      return (
        file !== null &&
        !isTest(from) &&
        featureOf(file) !== null &&
        (within(from, `${web}/src/ui`) ||
          within(from, `${directoryServer}/src/db`) ||
          within(from, `${directoryServer}/src/http`))
      );
    },
  },
];
