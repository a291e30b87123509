import type { Entry } from './entry.ts';
import type { Plan } from './steps.ts';
import type { Guard, OutboxStorage } from './storage.ts';

/** What loading found to differ from what this tab knew. */
export interface Difference<Payload> {
  readonly added: readonly Entry<Payload>[];
  readonly changed: readonly Entry<Payload>[];
  readonly gone: readonly Entry<Payload>[];
}

/** The stored queue as this tab knows it, kept in step with what it and other tabs write. */
export interface Queue<Payload> {
  entries(): readonly Entry<Payload>[];
  get(position: number): Entry<Payload> | undefined;
  /** By id or key. */
  find(name: string): Entry<Payload> | undefined;
  /** How many lanes have entries. */
  readonly lanes: number;
  readonly tail: number;
  /** Another tab wrote something that is not here yet. */
  readonly behind: boolean;
  load(): Promise<void>;
  /**
   * Commits what `decide` says of the queue as it is, and asks it again where the queue changed underneath. Null: there is
   * nothing to do. Rejects where the storage fails.
   */
  change(
    decide: () => (Plan<Payload> & { readonly guarded?: boolean }) | null,
    fence?: number,
  ): Promise<'done' | 'nothing' | 'fenced'>;
  close(): void;
}

export interface QueueHost<Payload> {
  readonly storage: OutboxStorage<Payload>;
  onDifference(difference: Difference<Payload>): void;
  onChange(): void;
  /** Repeats a reading until it succeeds. */
  patiently(act: () => Promise<unknown>): Promise<unknown>;
}

export function openQueue<Payload>(host: QueueHost<Payload>): Queue<Payload> {
  const { storage } = host;
  let mirror = new Map<number, Entry<Payload>>();
  let list: readonly Entry<Payload>[] | null = null;
  /** Positions by id and by key. */
  const names = new Map<string, number>();
  /** How many entries each lane has. */
  const lanes = new Map<string, number>();
  let tail = 0;
  let behind = true;
  let wanted = false;
  let reading = false;

  function set(entry: Entry<Payload>): void {
    const { position } = entry;
    const old = mirror.get(position);
    if (old) names.delete(old.key);
    else for (const lane of entry.lanes) lanes.set(lane, (lanes.get(lane) ?? 0) + 1);
    mirror.set(position, entry);
    names.set(entry.key, position).set(entry.id, position);
  }

  function drop(entry: Entry<Payload>): void {
    mirror.delete(entry.position);
    names.delete(entry.key);
    names.delete(entry.id);
    for (const lane of entry.lanes) {
      const left = (lanes.get(lane) ?? 1) - 1;
      if (left > 0) lanes.set(lane, left);
      else lanes.delete(lane);
    }
  }

  // Storage answers in the order of the calls. Each answer is taken over in the first reaction to it, so that the mirror
  // keeps that order too; what is told in the same breath cannot be overtaken by what follows from it.
  async function load(): Promise<void> {
    const loaded = await storage.load();
    const old = mirror;
    list = loaded.entries;
    mirror = new Map();
    names.clear();
    lanes.clear();
    for (const entry of list) set(entry);
    tail = loaded.tail;
    behind = wanted;
    const added = list.filter(({ position }) => !old.has(position));
    const changed = list.filter(
      ({ position, revision }) => (old.get(position)?.revision ?? revision) !== revision,
    );
    const gone = [...old.values()].filter(({ position }) => !mirror.has(position));
    if (added.length + changed.length + gone.length > 0) host.onDifference({ added, changed, gone });
    host.onChange();
  }

  async function commit(plan: Plan<Payload>, guard: Guard): Promise<'done' | 'changed' | 'fenced'> {
    const result = await storage.commit(plan.steps, guard);
    if (result.kind !== 'done') return result.kind;
    for (const step of plan.steps) {
      const gone = step.op === 'remove' && mirror.get(step.position);
      if (gone) drop(gone);
      if (step.op === 'append') tail += 1;
    }
    for (const entry of result.entries) set(entry);
    list = null;
    // Where others appended too, `tail` stays behind: a commit guarded by it must fail until all of that is here.
    if (tail !== result.tail) void reread();
    plan.done?.(result.entries);
    host.onChange();
    return 'done';
  }

  /** One reading at a time; a notice that comes meanwhile asks for one more. */
  async function reread(): Promise<void> {
    behind = wanted = true;
    if (reading) return;
    reading = true;
    while (wanted) {
      wanted = false;
      // oxlint-disable-next-line no-await-in-loop -- one reading at a time
      await host.patiently(load);
    }
    reading = false;
  }

  const unwatch = storage.watch(() => void reread());

  return {
    entries: () => (list ??= [...mirror.values()]),
    get: (position) => mirror.get(position),
    find: (name) => mirror.get(names.get(name) ?? -1),
    get lanes() {
      return lanes.size;
    },
    get tail() {
      return tail;
    },
    get behind() {
      return behind;
    },
    load,
    async change(decide, fence) {
      for (;;) {
        const plan = decide();
        if (!plan) return 'nothing';
        if (plan.steps.length === 0) {
          plan.done?.([]);
          return 'done';
        }
        const guard = { ...(fence === undefined ? {} : { fence }), ...(plan.guarded ? { tail } : {}) };
        // oxlint-disable-next-line no-await-in-loop -- each attempt is decided on what the one before found
        const result = await commit(plan, guard);
        if (result !== 'changed') return result;
        // oxlint-disable-next-line no-await-in-loop -- as above
        await load();
      }
    },
    close() {
      unwatch();
      storage.close();
    },
  };
}
