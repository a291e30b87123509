/** One measured operation of one system. Times are of a single operation, in nanoseconds. */
export interface Result {
  readonly suite: string;
  readonly op: string;
  /** The size of the data the operation ran over: rows, cache entries or sockets, as the suite says. */
  readonly rows: number;
  /** `lockstep`, or a peer: `limit`, `tanstack-db`, `rtk-guide`, `rtk-tuned`, `apollo`, `node-http`, `ws-loop`, … */
  readonly system: string;
  readonly medianNs: number;
  readonly p99Ns: number;
  /** Memory beyond the raw rows, where the operation builds something that stays. */
  readonly bytesPerRow?: number;
  /** Operations a second under load, where a rate is what was measured. */
  readonly perSecond?: number;
  /** What a reader must know to read the figure rightly: hot or cold, how many clients, which database. */
  readonly note?: string;
}

export interface Options {
  /** Only this size; each suite has sizes of its own otherwise. */
  readonly rows: number | null;
  /** Says what is being measured, so that nobody looks at a still screen. */
  readonly say: (line: string) => void;
}

/** What `bench/<suite>/index.ts` exports. Peers run in the same process group, with their rounds interleaved. */
export interface Suite {
  readonly run: (options: Options) => Promise<readonly Result[]>;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
}

export interface Report {
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly results: readonly Result[];
}
