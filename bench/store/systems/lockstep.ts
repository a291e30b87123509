import { collection } from 'lockstep';
import { createCollections } from 'lockstep/collections';
import type { Aggregate, CollectionsState, Order, View } from 'lockstep/collections';

import { belongs, DAY, NOW, PAGE } from '../people.ts';
import type { Person, Role, Stats } from '../people.ts';
import type { Page, Store, System } from '../system.ts';

/** The collections' door: confirmed changes in, pages and figures out; no dispatch. */
export const lockstep: System = { name: 'lockstep', most: Infinity, open: (people) => new Collected(people) };

const users = collection('users', { id: (person: Person) => person.id, version: (person) => person.version });
const newestFirst: Order<Person> = [{ key: (person) => person.lastActive, direction: 'desc' }];
const searched = (person: Person): string => `${person.name}\n${person.email}`;

class Collected implements Store {
  readonly #collections = createCollections([users]);
  readonly #view = this.#collections.view({
    collection: users,
    order: newestFirst,
    where: belongs,
    window: { offset: 0, limit: PAGE },
  });
  #state: CollectionsState;
  #stats: Aggregate<never, 'active24h' | 'active7d'> | null = null;
  #deep: { readonly offset: number; readonly view: View<Person> } | null = null;

  constructor(people: readonly Person[]) {
    const told = people.map((row) => ({ collection: 'users', row }));
    this.#state = this.#collections.confirm(this.#collections.initial, told).state;
  }

  update(people: readonly Person[]): void {
    const told = people.map((row) => ({ collection: 'users', row }));
    this.#state = this.#collections.confirm(this.#state, told).state;
  }

  insert(person: Person): void {
    this.update([person]);
  }

  remove(id: string): void {
    this.#state = this.#collections.confirm(this.#state, [{ collection: 'users', id, removed: true }]).state;
  }

  page(): Page {
    return this.#view.read(this.#state);
  }

  stats(): Stats {
    this.#stats ??= this.#collections.aggregate({
      collection: users,
      groupBy: (person) => person.role,
      recent: {
        at: (person) => Date.parse(person.lastActive),
        within: { active24h: DAY, active7d: 7 * DAY },
      },
    });
    const { count, groups, recent } = this.#stats.read(this.#state, NOW);
    return { total: count, ...recent, byRole: Object.fromEntries(groups as Map<Role, number>) };
  }

  tentatively(row: Person): () => void {
    const key = { collection: 'users', id: row.id };
    this.#state = this.#collections.overlay(this.#state, [{ ...key, row }]).state;
    return () => {
      this.#state = this.#collections.overlay(this.#state, [{ ...key, row: undefined }]).state;
    };
  }

  search(query: string): Page {
    const search = { text: searched, query };
    const window = { offset: 0, limit: PAGE };
    return this.#collections
      .view({ collection: users, order: newestFirst, search, window })
      .read(this.#state);
  }

  coldView(): number {
    const order: Order<Person> = [{ key: (person) => person.lastActive, direction: 'desc' }];
    return this.#collections
      .view({ collection: users, order, window: { offset: 0, limit: PAGE } })
      .read(this.#state).total;
  }

  deepPage(offset: number): readonly Person[] {
    if (this.#deep?.offset !== offset) {
      const window = { offset, limit: PAGE };
      this.#deep = {
        offset,
        view: this.#collections.view({ collection: users, order: newestFirst, window }),
      };
    }
    return this.#deep.view.read(this.#state).rows;
  }
}
