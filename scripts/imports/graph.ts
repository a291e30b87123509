import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, posix, relative, sep } from 'node:path';

import { isModule, readImports } from './read-imports.ts';

/** A folder with a package.json of ours. */
export interface Workspace {
  /** From the root, with `/`. */
  readonly folder: string;
  readonly name: string;
  /** The subpaths other packages may name: `.`, `./react`, … */
  readonly doors: ReadonlySet<string>;
  readonly dependencies: ReadonlySet<string>;
  readonly devDependencies: ReadonlySet<string>;
}

/** Where an import leads. */
export type Target =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'workspace'; readonly workspace: Workspace; readonly subpath: string }
  | { readonly kind: 'package'; readonly name: string; readonly subpath: string }
  | { readonly kind: 'builtin'; readonly name: string }
  | { readonly kind: 'missing' };

/** One import, export-from, dynamic import or worker address in a file. */
export interface Edge {
  /** From the root, with `/`. */
  readonly from: string;
  readonly workspace: Workspace;
  readonly line: number;
  readonly specifier: string;
  /** Only types cross: nothing is left of it at run time. */
  readonly typeOnly: boolean;
  readonly target: Target;
}

export interface Graph {
  /** Every module's path from the root, by its workspace's folder. */
  readonly modules: ReadonlyMap<string, readonly string[]>;
  readonly edges: readonly Edge[];
}

/** Folders that hold no modules of ours. */
const outside = new Set(['node_modules', 'dist', 'coverage', 'test-results', 'playwright-report']);

/** Reads every module of the repository and where its imports lead. */
export function readGraph(root: string): Graph {
  const workspaces = readWorkspaces(root);
  const modules = new Map<string, readonly string[]>();
  const edges: Edge[] = [];
  for (const workspace of workspaces) {
    const files = listModules(join(root, workspace.folder)).map((file) => toPosix(relative(root, file)));
    modules.set(workspace.folder, files);
    for (const file of files) edges.push(...readEdges(root, file, workspace, workspaces));
  }
  return { modules, edges };
}

/** The root's own package.json stands for `scripts`. */
function readWorkspaces(root: string): readonly Workspace[] {
  const own = readPackage(join(root, 'package.json'));
  return [
    ...(own.workspaces ?? []).map((folder) =>
      toWorkspace(folder, readPackage(join(root, folder, 'package.json'))),
    ),
    toWorkspace('scripts', own),
  ];
}

interface PackageFile {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function readPackage(file: string): PackageFile {
  return JSON.parse(readFileSync(file, 'utf8')) as PackageFile;
}

function toWorkspace(folder: string, file: PackageFile): Workspace {
  return {
    folder,
    name: file.name,
    doors: new Set(Object.keys(file.exports ?? {})),
    dependencies: new Set([
      ...Object.keys(file.dependencies ?? {}),
      ...Object.keys(file.peerDependencies ?? {}),
    ]),
    devDependencies: new Set(Object.keys(file.devDependencies ?? {})),
  };
}

function listModules(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (outside.has(entry.name) || entry.name.startsWith('.')) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listModules(path);
    return isModule(entry.name) ? [path] : [];
  });
}

function readEdges(
  root: string,
  file: string,
  workspace: Workspace,
  workspaces: readonly Workspace[],
): readonly Edge[] {
  const text = readFileSync(join(root, file), 'utf8');
  return readImports(file, text).map(({ specifier, typeOnly, start }) => ({
    from: file,
    workspace,
    line: text.slice(0, start).split('\n').length,
    specifier,
    typeOnly,
    target: resolve(root, file, specifier, workspaces),
  }));
}

function resolve(root: string, from: string, specifier: string, workspaces: readonly Workspace[]): Target {
  if (specifier.startsWith('.')) {
    // A query is a bundler's (`./x.svg?url`), and no part of the path.
    const file = posix.join(dirname(from).split(sep).join('/'), specifier.replace(/\?.*$/, ''));
    return existsSync(join(root, file)) && /\.[a-z0-9]+$/i.test(file)
      ? { kind: 'file', file }
      : { kind: 'missing' };
  }
  if (isBuiltin(specifier)) return { kind: 'builtin', name: specifier };
  const [first = '', second = ''] = specifier.split('/');
  const name = specifier.startsWith('@') ? `${first}/${second}` : first;
  const rest = specifier.slice(name.length).replace(/\?.*$/, '');
  const subpath = rest === '' ? '.' : `.${rest}`;
  const workspace = workspaces.find((each) => each.name === name);
  return workspace === undefined
    ? { kind: 'package', name, subpath }
    : { kind: 'workspace', workspace, subpath };
}

function toPosix(path: string): string {
  return path.split(sep).join('/');
}
