import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { environmentForNpm, root } from '../setup/paths.mjs';
import { runMain, runQuietly, say } from '../setup/report.mjs';
import { execute, mapLimited, type Executed } from './execute.ts';
import { published } from './projects.ts';

interface Packed {
  readonly name: string;
  /** The entries of its "exports" that are for strangers. */
  readonly doors: readonly string[];
  /** Those with source only: for this repository's own tests and benchmarks. */
  readonly inner: readonly string[];
  /** The tarball, as it would be published. */
  readonly tarball: string;
}

interface PackageFile {
  readonly name: string;
  readonly exports: Readonly<Record<string, object>>;
}

async function pack(folder: string, into: string): Promise<Packed> {
  const { code, output } = await runQuietly(
    `packing ${folder}`,
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', into],
    { cwd: join(root, folder), env: environmentForNpm() },
  );
  const own = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as PackageFile;
  const tarball = readdirSync(into).find((file) =>
    file.startsWith(`${own.name.replace('@', '').replace('/', '-')}-`),
  );
  if (code !== 0 || tarball === undefined) throw new Error(`npm could not pack ${folder}:\n${output}`);
  const entries = Object.entries(own.exports);
  return {
    name: own.name,
    doors: entries.flatMap(([door, conditions]) => ('default' in conditions ? [door] : [])),
    inner: entries.flatMap(([door, conditions]) => ('default' in conditions ? [] : [door])),
    tarball: join(into, tarball),
  };
}

/** One check on the packed artefacts; what it says is shown when it fails. */
interface Check {
  readonly what: string;
  readonly run: () => Promise<Executed>;
}

/** A project of a stranger: the unpacked packages, with their dependencies as our lock file has them. */
async function layOut(packed: readonly Packed[], consumer: string): Promise<void> {
  for (const { name, tarball } of packed) {
    const place = join(consumer, 'node_modules', name);
    mkdirSync(place, { recursive: true });
    const { code, output } = await execute('tar', ['-xzf', tarball, '-C', place, '--strip-components=1']);
    if (code !== 0) throw new Error(`tar could not unpack ${tarball}:\n${output}`);
  }
  const ours = new Set(packed.map(({ name }) => name));
  for (const dependency of listInstalled(join(root, 'node_modules'))) {
    if (ours.has(dependency) || dependency.startsWith('@directory/')) continue;
    const place = join(consumer, 'node_modules', dependency);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(root, 'node_modules', dependency), place);
  }
}

function listInstalled(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(folder, name)).map((each) => `${name}/${each}`) : [name],
    );
}

function addresses({ name, doors }: Packed): readonly string[] {
  return doors.map((door) => (door === '.' ? name : `${name}/${door.slice(2)}`));
}

/** The README's examples, one after the other: together they are a program. */
function examplesOf(text: string): string {
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1]).join('\n');
}

/** Every declaration of every door, and the README's examples, read by a strict compiler that skips none of ours. */
function writeConsumer(packed: readonly Packed[], consumer: string): void {
  const doors = packed.flatMap(addresses);
  writeFileSync(join(consumer, 'readme.ts'), examplesOf(readFileSync(join(root, 'README.md'), 'utf8')));
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', type: 'module' }));
  writeFileSync(
    join(consumer, 'types.ts'),
    doors.map((address, index) => `export * as door${index} from '${address}';`).join('\n'),
  );
  writeFileSync(
    join(consumer, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'ES2024',
        lib: ['ES2024', 'DOM', 'DOM.Iterable', 'ESNext.Disposable'],
        module: 'NodeNext',
        moduleResolution: 'NodeNext',
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        types: ['node'],
      },
      files: ['types.ts', 'readme.ts'],
    }),
  );
  const run = doors.map(
    (address) => `
if (Object.keys(await import('${address}')).length === 0) {
  console.error('"${address}" exports nothing.');
  process.exitCode = 1;
}`,
  );
  writeFileSync(join(consumer, 'run.mjs'), run.join('\n'));
}

/** A fault inside a dependency's own declarations is not ours to mend; any other is. */
async function checkTypes(consumer: string): Promise<Executed> {
  const { code, output } = await execute('tsc', ['-p', consumer, '--pretty', 'false'], consumer);
  const faults = output.split('\n').filter((line) => line.includes('error TS'));
  const ours = faults.filter(
    (line) => !/node_modules\/(?!lockstep\/|@lockstep\/)/.test(line.split('(')[0] ?? ''),
  );
  return { code: code !== 0 && (ours.length > 0 || faults.length === 0) ? 1 : 0, output: ours.join('\n') };
}

await runMain(async () => {
  if (!process.argv.includes('--built')) {
    const { code, output } = await execute(process.execPath, ['scripts/gate/build.ts'], root);
    if (code !== 0) {
      say(output.trimEnd());
      return 1;
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-packed-'));
  try {
    const packed = await mapLimited(published, 2, (each) => pack(each, folder));
    const consumer = join(folder, 'consumer');
    await layOut(packed, consumer);
    writeConsumer(packed, consumer);
    const checks: readonly Check[] = [
      ...packed.flatMap(({ name, tarball, inner }): readonly Check[] => [
        { what: `${name}: publint`, run: () => execute('publint', ['run', tarball, '--strict']) },
        {
          what: `${name}: are the types wrong?`,
          run: () =>
            execute('attw', [
              tarball,
              '--profile',
              'esm-only',
              '--format',
              'ascii',
              '--no-emoji',
              ...(inner.length > 0 ? ['--exclude-entrypoints', ...inner] : []),
            ]),
        },
      ]),
      { what: 'a stranger compiles against every door', run: () => checkTypes(consumer) },
      { what: 'a stranger runs every door', run: () => execute(process.execPath, ['run.mjs'], consumer) },
    ];
    const codes = await mapLimited(checks, 2, async ({ what, run }) => {
      const { code, output } = await run();
      say(`${code === 0 ? '✓' : '✗'} ${what}`);
      if (code !== 0) say(output.trimEnd());
      return code;
    });
    return codes.every((code) => code === 0) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
