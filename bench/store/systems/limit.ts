import { belongs, DAY, matchesText, NOW, PAGE } from '../people.ts';
import type { Person, Role, Stats } from '../people.ts';
import type { Page, Store, System } from '../system.ts';

/** What JavaScript can do at best: a mutable map and sorted chunks; no store, no history, nothing to compare. */
export const limit: System = { name: 'limit', most: Infinity, open: (people) => new Bare(people) };

class Bare implements Store {
  readonly #people = new Map<string, Person>();
  readonly #shown: Chunks;
  /** Kept from the first time that somebody asks. */
  #everybody: Chunks | null = null;
  #roles: Map<Role, number> | null = null;
  #page: Page | null = null;

  constructor(people: readonly Person[]) {
    for (const person of people) this.#people.set(person.id, person);
    this.#shown = new Chunks(people.filter(belongs));
  }

  update(people: readonly Person[]): void {
    for (const person of people) this.#move(this.#people.get(person.id), person);
  }

  insert(person: Person): void {
    this.#move(undefined, person);
  }

  remove(id: string): void {
    this.#move(this.#people.get(id), undefined);
  }

  page(): Page {
    return (this.#page ??= { rows: this.#shown.stretch(0, PAGE), total: this.#shown.size });
  }

  stats(): Stats {
    if (this.#roles === null) {
      this.#roles = new Map();
      for (const person of this.#people.values()) this.#count(person.role, 1);
    }
    const everybody = this.#ordered();
    return {
      total: this.#people.size,
      active24h: everybody.newerThan(new Date(NOW - DAY).toISOString()),
      active7d: everybody.newerThan(new Date(NOW - 7 * DAY).toISOString()),
      byRole: Object.fromEntries(this.#roles),
    };
  }

  tentatively(person: Person): () => void {
    const before = this.#people.get(person.id)!;
    this.update([person]);
    return () => this.update([before]);
  }

  search(text: string): Page {
    const rows: Person[] = [];
    this.#ordered().each((person) => matchesText(person, text) && rows.push(person));
    return { rows: rows.slice(0, PAGE), total: rows.length };
  }

  deepPage(offset: number): readonly Person[] {
    return this.#ordered().stretch(offset, PAGE);
  }

  coldView(): number {
    return new Chunks([...this.#people.values()]).size;
  }

  #ordered(): Chunks {
    return (this.#everybody ??= new Chunks([...this.#people.values()]));
  }

  #move(from: Person | undefined, to: Person | undefined): void {
    if (to !== undefined) this.#people.set(to.id, to);
    else if (from !== undefined) this.#people.delete(from.id);
    this.#everybody?.move(from, to);
    if (this.#roles !== null && from?.role !== to?.role) {
      if (from !== undefined) this.#count(from.role, -1);
      if (to !== undefined) this.#count(to.role, 1);
    }
    const was = from !== undefined && belongs(from);
    const is = to !== undefined && belongs(to);
    if (!was && !is) return;
    this.#shown.move(was ? from : undefined, is ? to : undefined);
    this.#page = null;
  }

  #count(role: Role, by: number): void {
    this.#roles!.set(role, (this.#roles!.get(role) ?? 0) + by);
  }
}

const FULL = 256;

/** People in order, in chunks that are cheap to shift. */
class Chunks {
  #chunks: Person[][] = [];
  size: number;

  constructor(people: readonly Person[]) {
    const sorted = people.toSorted(compare);
    this.size = sorted.length;
    for (let at = 0; at < sorted.length; at += FULL / 2) this.#chunks.push(sorted.slice(at, at + FULL / 2));
  }

  move(from: Person | undefined, to: Person | undefined): void {
    if (from !== undefined) {
      const chunk = this.#chunks[this.#chunkOf(from)]!;
      const at = placeIn(chunk, from);
      if (to !== undefined && to.lastActive === from.lastActive) {
        chunk[at] = to;
        return;
      }
      for (let next = at + 1; next < chunk.length; next += 1) chunk[next - 1] = chunk[next]!;
      chunk.pop();
      this.size -= 1;
    }
    if (to === undefined) return;
    const chunkAt = this.#chunkOf(to);
    const chunk = (this.#chunks[chunkAt] ??= []);
    const at = placeIn(chunk, to);
    chunk.push(to);
    for (let next = chunk.length - 1; next > at; next -= 1) chunk[next] = chunk[next - 1]!;
    chunk[at] = to;
    this.size += 1;
    if (chunk.length > FULL) this.#chunks.splice(chunkAt + 1, 0, chunk.splice(FULL / 2));
  }

  stretch(offset: number, count: number): Person[] {
    const found: Person[] = [];
    let before = 0;
    for (const chunk of this.#chunks) {
      for (let at = Math.max(0, offset - before); at < chunk.length && found.length < count; at += 1)
        found.push(chunk[at]!);
      before += chunk.length;
      if (found.length === count) break;
    }
    return found;
  }

  newerThan(time: string): number {
    let count = 0;
    for (const chunk of this.#chunks) {
      if (chunk.length > 0 && chunk.at(-1)!.lastActive > time) count += chunk.length;
      else return count + chunk.findIndex((person) => person.lastActive <= time);
    }
    return count;
  }

  each(visit: (person: Person) => void): void {
    for (const chunk of this.#chunks) for (const person of chunk) visit(person);
  }

  /** The first chunk that ends at or after the person; emptied chunks stay, and end before everybody. */
  #chunkOf(person: Person): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.#chunks[middle]!.at(-1);
      if (last === undefined || compare(last, person) < 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low);
  }
}

function placeIn(chunk: readonly Person[], person: Person): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(chunk[middle]!, person) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Newest first; times are of one form, so that they compare as texts. */
function compare(a: Person, b: Person): number {
  if (a.lastActive !== b.lastActive) return a.lastActive > b.lastActive ? -1 : 1;
  return a.id < b.id ? -1 : a.id === b.id ? 0 : 1;
}
