import type { Person, Stats } from './people.ts';

/** What a page of the view shows. */
export interface Page {
  readonly rows: readonly Person[];
  readonly total: number;
}

/** One way to keep people: every method leaves what is shown right, and reads are what a component would call. */
export interface Store {
  /** Replaces rows that are there. */
  update(people: readonly Person[]): void;
  insert(person: Person): void;
  remove(id: string): void;
  /** The first page of the view. */
  page(): Page;
  stats(): Stats;
  /** Shows a change before the server has said so; @returns the way back. */
  tentatively(person: Person): () => void;
  /** The first page of everybody whose name or address contains the text, newest first. */
  search?(text: string): Page;
  /** A page of everybody in order, far from the start. */
  deepPage?(offset: number): readonly Person[];
  /** Puts everybody in order, from nothing. @returns how many. */
  coldView?(): number;
}

export interface System {
  readonly name: string;
  /** More rows than this would take too long, or more memory than there is. */
  readonly most: number;
  open(people: readonly Person[]): Store | Promise<Store>;
}
