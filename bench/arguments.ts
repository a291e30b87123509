export const suites = ['store', 'seam', 'server', 'live', 'outbox', 'web'] as const;
export type SuiteName = (typeof suites)[number];

export const usage = `npm run bench -- [--only ${suites.join('|')}[,…]] [--rows N] [--json FILE]

Measures Lockstep beside its peers, in one run, and prints a table.
  --only SUITE   only these suites (otherwise all that exist)
  --rows N       only this size
  --json FILE    write the figures, the machine and the versions to FILE`;

export interface Arguments {
  readonly only: readonly SuiteName[];
  readonly rows: number | null;
  readonly json: string | null;
  readonly help: boolean;
}

/** A mistake in what was asked for; the message says what was expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function readArguments(args: readonly string[]): Arguments {
  let only: readonly SuiteName[] = [];
  let rows: number | null = null;
  let json: string | null = null;
  const rest = [...args];
  const value = (flag: string): string => {
    const next = rest.shift();
    if (next === undefined || next.startsWith('--')) throw new UsageError(`${flag} needs a value.`);
    return next;
  };
  for (let flag = rest.shift(); flag !== undefined; flag = rest.shift()) {
    switch (flag) {
      case '--help':
        return { only, rows, json, help: true };
      case '--only':
        only = value(flag).split(',').map(suiteNamed);
        break;
      case '--rows':
        rows = Number(value(flag));
        if (!Number.isSafeInteger(rows) || rows < 1)
          throw new UsageError('--rows takes a whole number from 1 up.');
        break;
      case '--json':
        json = value(flag);
        break;
      default:
        throw new UsageError(`"${flag}" is not an argument of the benchmark command.`);
    }
  }
  return { only, rows, json, help: false };
}

function suiteNamed(name: string): SuiteName {
  const suite = suites.find((each) => each === name);
  if (suite === undefined)
    throw new UsageError(`There is no suite "${name}"; the suites are ${suites.join(', ')}.`);
  return suite;
}
