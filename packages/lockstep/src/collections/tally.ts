import { compareText } from '@lockstep/protocol';
import type { CollectionDefinition, Row, RowChange } from '../core/index.ts';
import { SortedList } from './sorted-list.ts';
import type { AggregateSpec } from './types.ts';

/** The figures of one state, and the times from which counts of recent rows are read. */
export class Tally {
  count = 0;
  readonly groups = new Map<string | number, number>();
  readonly sums: Map<string, number>;
  /** Every row's time, with its id. */
  readonly times = new SortedList<number, string>(compareTimes);
  /** Grows with each change of a figure or a time. */
  revision = 0;
  readonly #definition: CollectionDefinition;
  readonly #spec: AggregateSpec<Row, string, string>;
  readonly #summed: readonly (readonly [name: string, amountOf: (row: Row) => number])[];

  constructor(
    definition: CollectionDefinition,
    spec: AggregateSpec<Row, string, string>,
    rows: readonly Row[],
  ) {
    this.#definition = definition;
    this.#spec = spec;
    this.#summed = Object.entries(spec.sums ?? {});
    this.sums = new Map(this.#summed.map(([name]) => [name, 0]));
    for (const row of rows) this.#countGroups(null, row);
    for (const row of rows) this.#addUp(null, row);
    this.#loadTimes(rows);
  }

  apply(changes: readonly RowChange[]): void {
    for (const { from, to } of changes) {
      const before = this.#counted(from);
      const after = this.#counted(to);
      if (before === null && after === null) continue;
      this.#countGroups(before, after);
      this.#addUp(before, after);
      this.#moveTime(before, after);
    }
  }

  /** How many times are later than this one. */
  countAfter(time: number): number {
    return this.times.size - this.times.countWhile((other) => other <= time);
  }

  #counted(row: Row | null): Row | null {
    const { where } = this.#spec;
    return row === null || where === undefined || where(row) ? row : null;
  }

  #countGroups(from: Row | null, to: Row | null): void {
    if (from === null || to === null) {
      this.count += to === null ? -1 : 1;
      this.revision += 1;
    }
    const { groupBy } = this.#spec;
    if (groupBy === undefined) return;
    const before = from === null ? undefined : groupBy(from);
    const after = to === null ? undefined : groupBy(to);
    if (before === after) return;
    if (before !== undefined) this.#countGroup(before, -1);
    if (after !== undefined) this.#countGroup(after, 1);
  }

  #countGroup(group: string | number, by: 1 | -1): void {
    const count = (this.groups.get(group) ?? 0) + by;
    if (count === 0) this.groups.delete(group);
    else this.groups.set(group, count);
    this.revision += 1;
  }

  #addUp(from: Row | null, to: Row | null): void {
    for (const [name, amountOf] of this.#summed) {
      const before = from === null ? 0 : finite(amountOf(from));
      const after = to === null ? 0 : finite(amountOf(to));
      if (before === after) continue;
      this.sums.set(name, this.sums.get(name)! - before + after);
      this.revision += 1;
    }
  }

  #moveTime(from: Row | null, to: Row | null): void {
    const { recent } = this.#spec;
    if (recent === undefined) return;
    const before = from === null ? NaN : recent.at(from);
    const after = to === null ? NaN : recent.at(to);
    if (before === after) return;
    const id = this.#definition.id((from ?? to)!);
    if (!Number.isNaN(before)) this.times.remove(before, id);
    if (!Number.isNaN(after)) this.times.insert(after, id);
    this.revision += 1;
  }

  #loadTimes(rows: readonly Row[]): void {
    const { recent } = this.#spec;
    if (recent === undefined) return;
    const entries: { time: number; id: string }[] = [];
    for (const row of rows) {
      const time = recent.at(row);
      if (!Number.isNaN(time)) entries.push({ time, id: this.#definition.id(row) });
    }
    entries.sort((a, b) => compareTimes(a.time, a.id, b.time, b.id));
    this.times.load(
      entries.map((entry) => entry.time),
      entries.map((entry) => entry.id),
    );
  }
}

function compareTimes(time: number, id: string, otherTime: number, otherId: string): number {
  return time < otherTime ? -1 : time > otherTime ? 1 : compareText(id, otherId);
}

function finite(amount: number): number {
  return Number.isFinite(amount) ? amount : 0;
}
