/** What a step found: its tests counted one by one, or the step itself as one check. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What a person needs to read when something failed. */
  readonly report: string;
}

export interface StepContext {
  /** The repository's root. */
  readonly root: string;
  /** Runs a command of the pinned Node or of `node_modules/.bin` to its end; its output is kept in a log. */
  readonly run: (command: string, args: readonly string[], options?: RunOptions) => Promise<Run>;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** @default 25 minutes */
  readonly limitMs?: number;
}

export interface Run {
  readonly code: number;
  readonly output: string;
}

/** One check of the gate. */
export interface Step {
  /** What `--only` takes. */
  readonly name: string;
  /** What it checks, in a few words. */
  readonly checks: string;
  /** How many of the machine's cores it keeps busy. */
  readonly cores: 1 | 2;
  /** Steps whose product it needs. */
  readonly after?: readonly string[];
  readonly run: (context: StepContext) => Promise<Outcome>;
}

export function passed(report = ''): Outcome {
  return { passed: 1, failed: 0, skipped: 0, report };
}

export function failed(report: string): Outcome {
  return { passed: 0, failed: 1, skipped: 0, report };
}

/** A step that is one command: it passes when the command's exit code is 0. */
export function command(
  description: Pick<Step, 'name' | 'checks' | 'cores' | 'after'>,
  program: string,
  args: readonly string[],
): Step {
  return {
    ...description,
    run: async ({ run }) => {
      const { code, output } = await run(program, args);
      return code === 0 ? passed(output) : failed(output);
    },
  };
}
