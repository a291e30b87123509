import type { RowId } from '../core/index.ts';
import type { Rule } from './membership.ts';
import type { Shape } from './shape.ts';
import type { EntryRecord } from './types.ts';

export type Entries = Readonly<Record<string, EntryRecord>>;

/** A list's record, as an index keeps it. */
export interface IndexedList {
  readonly shape: Shape;
  readonly rule: Rule;
  readonly argument: unknown;
}

/** Which cache entries can show the rows of a collection. */
export interface EntryIndex {
  /** By collection, then by cache key. */
  readonly lists: Map<string, Map<string, IndexedList>>;
  /** By collection, then by id: the cache keys of entries that are one row. */
  readonly ones: Map<string, Map<RowId, Set<string>>>;
}

export interface IndexParts {
  shapeOf(endpoint: string): Shape | undefined;
  ruleOf(shape: Shape, argument: unknown): Rule;
}

interface Line {
  entries: Entries;
  readonly index: EntryIndex;
}

function newLine(): Line {
  return { entries: {}, index: { lists: new Map(), ones: new Map() } };
}

/** Stores of one process that keep an index of their own. */
const LINES = 3;

/**
 * The index of an immutable set of records. It reflects one state exactly and moves to another by what differs, so
 * that it is right after any jump; each store's line of states has one.
 */
export class EntryIndexes {
  readonly #parts: IndexParts;
  /** The one used last comes first. */
  readonly #lines: Line[] = [];

  constructor(parts: IndexParts) {
    this.#parts = parts;
  }

  /** Forgets all: a declaration says something else now. */
  reset(): void {
    this.#lines.length = 0;
  }

  at(entries: Entries): EntryIndex {
    const known = this.#lines.findIndex((line) => line.entries === entries);
    if (known === 0) return this.#lines[0]!.index;
    const [line = newLine()] = this.#lines.splice(known > 0 ? known : LINES - 1, 1);
    for (const cacheKey of Object.keys(line.entries)) {
      if (line.entries[cacheKey] !== entries[cacheKey])
        this.#drop(line.index, cacheKey, line.entries[cacheKey]!, entries[cacheKey]);
    }
    for (const cacheKey of Object.keys(entries)) {
      if (line.entries[cacheKey] !== entries[cacheKey]) this.#add(line.index, cacheKey, entries[cacheKey]!);
    }
    line.entries = entries;
    this.#lines.unshift(line);
    return line.index;
  }

  /** Takes the index along to records that differ in these alone. */
  move(from: Entries, to: Entries, cacheKeys: Iterable<string>): void {
    const index = this.at(from);
    for (const cacheKey of cacheKeys) {
      if (from[cacheKey] === to[cacheKey]) continue;
      if (from[cacheKey] !== undefined) this.#drop(index, cacheKey, from[cacheKey], to[cacheKey]);
      if (to[cacheKey] !== undefined) this.#add(index, cacheKey, to[cacheKey]);
    }
    this.#lines[0]!.entries = to;
  }

  #add(index: EntryIndex, cacheKey: string, record: EntryRecord): void {
    const shape = this.#parts.shapeOf(record.endpoint);
    if (shape === undefined) return;
    const { name } = shape.definition;
    if (record.kind === 'one') {
      let ones = index.ones.get(name);
      if (ones === undefined) index.ones.set(name, (ones = new Map()));
      const cacheKeys = ones.get(record.id);
      if (cacheKeys === undefined) ones.set(record.id, new Set([cacheKey]));
      else cacheKeys.add(cacheKey);
      return;
    }
    let lists = index.lists.get(name);
    if (lists === undefined) index.lists.set(name, (lists = new Map()));
    const { argument } = record;
    const known = lists.get(cacheKey);
    if (known !== undefined && known.shape === shape && known.argument === argument) return;
    lists.set(cacheKey, { shape, argument, rule: this.#parts.ruleOf(shape, argument) });
  }

  #drop(index: EntryIndex, cacheKey: string, record: EntryRecord, next: EntryRecord | undefined): void {
    if (record.kind === 'list' && next?.kind === 'list') return;
    if (record.kind === 'list') {
      for (const lists of index.lists.values()) lists.delete(cacheKey);
      return;
    }
    for (const ones of index.ones.values()) {
      const cacheKeys = ones.get(record.id);
      if (cacheKeys?.delete(cacheKey) === true && cacheKeys.size === 0) ones.delete(record.id);
    }
  }
}
