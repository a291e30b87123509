type Versions = Readonly<Record<string, string>>;

export interface PackageFile {
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly optionalDependencies?: Versions;
}

export interface LockFile {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version?: string;
        readonly resolved?: string;
        readonly integrity?: string;
        readonly link?: boolean;
        readonly dev?: boolean;
        readonly license?: string;
        readonly optional?: boolean;
        /** The platforms it is for; absent where it is for all. */
        readonly os?: readonly string[];
        readonly optionalDependencies?: Versions;
      }
    >
  >;
}

const exact = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

/** A version that is not exact lets an old npm pick another one than the gate has seen. */
export function versionFaults(file: string, content: PackageFile): readonly string[] {
  const { dependencies, devDependencies, optionalDependencies } = content;
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    .filter(([, version]) => !exact.test(version))
    .map(([name, version]) => `${file} asks for ${name} "${version}": write the exact version.`);
}

/** Licences that ask for nothing but the notice to be kept. */
const permissive = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
  'Zlib',
]);

/** Exceptions, each with its reason. */
const exceptions: readonly { readonly name: RegExp; readonly licence: string; readonly reason: string }[] = [
  {
    name: /^@img\/sharp-/,
    licence: 'LGPL-3.0-or-later',
    reason: 'libvips is loaded as a shared library, unchanged, by sharp',
  },
  { name: /^@fontsource/, licence: 'OFL-1.1', reason: 'a typeface, shipped unchanged under its own name' },
];

/** `(MIT AND Zlib)` needs both; `(MIT OR CC0-1.0)` needs one. */
function isPermissive(name: string, licence: string): boolean {
  const bare = licence.replaceAll(/[()]/g, '');
  return bare
    .split(' OR ')
    .some((choice) =>
      choice
        .split(' AND ')
        .every(
          (each) =>
            permissive.has(each) ||
            exceptions.some((exception) => exception.licence === each && exception.name.test(name)),
        ),
    );
}

/** The lock file is the same on every machine, and what it ships may be shipped. */
export function lockFaults(file: string, lock: LockFile): readonly string[] {
  return Object.entries(lock.packages).flatMap(([place, entry]) => {
    if (!place.includes('node_modules/') || entry.link === true) return [];
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const faults: string[] = [];
    if (entry.resolved?.startsWith('http') === true) {
      faults.push(
        `${file} holds a registry's address for ${name}: install again with this repository's .npmrc (omit-lockfile-registry-resolved=true).`,
      );
    }
    for (const needed of Object.keys(entry.optionalDependencies ?? {})) {
      if (isLocked(lock, place, needed)) continue;
      faults.push(
        `${file} does not hold ${needed}, which ${name} asks for on some platform, so \`npm ci\` refuses it everywhere: lock it on a machine whose registry has it.`,
      );
    }
    // Locked without having been at hand: the binary of a platform that nobody has locked on yet.
    const foreign = entry.optional === true && entry.os !== undefined;
    if (entry.integrity === undefined && !foreign)
      faults.push(`${file} holds no integrity hash for ${name}: install it again.`);
    if (entry.dev !== true && !isPermissive(name, entry.license ?? 'none')) {
      faults.push(
        `${file}: ${name} is shipped and its licence is "${entry.license ?? 'none'}": replace it, or give the exception its reason in scripts/gate/lockfile-rules.ts.`,
      );
    }
    return faults;
  });
}

/** Whether a package finds another on its way up through the locked tree. */
function isLocked({ packages }: LockFile, place: string, name: string): boolean {
  const folders = place.split('/node_modules/');
  return folders
    .map((_, depth) => [...folders.slice(0, folders.length - depth), name].join('/node_modules/'))
    .concat(`node_modules/${name}`)
    .some((candidate) => packages[candidate] !== undefined);
}
