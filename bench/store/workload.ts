import { DAY, makePeople, NOW, randomNumbers } from './people.ts';
import type { Person } from './people.ts';
import type { Store } from './system.ts';

/** The hot loops touch this many rows, as a screen with its live changes does. */
const HOT = 2000;
const BATCH = 100;

/** One operation; what it needs is made before the clock starts, and what it left is undone after it stopped. */
export interface Operation {
  readonly op: string;
  readonly note?: string;
  /** At most so many a round. */
  readonly most: number;
  readonly able: (store: Store) => boolean;
  /** Makes the arguments of `count` operations. */
  readonly prepare: (workload: Workload, count: number) => readonly (() => void)[];
  /** Brings the data back to its size. */
  readonly restore?: (workload: Workload) => void;
}

/** What happens to one store: the same in every one, from the same random numbers. */
export class Workload {
  readonly store: Store;
  readonly people: Person[];
  readonly random: () => number = randomNumbers(7);
  readonly #hot: readonly number[];
  readonly #asked = new Set<string>();
  #turn = 0;
  fresh: Person[] = [];
  removed: number[] = [];

  constructor(store: Store, people: readonly Person[]) {
    this.store = store;
    this.people = [...people];
    this.#hot = Array.from({ length: Math.min(HOT, people.length) }, () => this.anybody());
  }

  anybody(): number {
    return Math.floor(this.random() * this.people.length);
  }

  /** Two to five letters of somebody's address, never the same twice: an answer that is kept would cost nothing. */
  nextQuery(): string {
    for (;;) {
      const { email } = this.people[this.anybody()]!;
      const start = Math.floor(this.random() * (email.indexOf('@') - 5));
      const query = email.slice(start, start + 2 + Math.floor(this.random() * 4));
      if (this.#asked.has(query)) continue;
      this.#asked.add(query);
      return query;
    }
  }

  nextHot(): number {
    this.#turn += 1;
    return this.#hot[this.#turn % this.#hot.length]!;
  }

  /** Another version of somebody, and what everybody is from now on. */
  changed(at: number, change: (person: Person) => Partial<Person>): Person {
    const person = this.people[at]!;
    const next = { ...person, ...change(person), version: person.version + 1 };
    this.people[at] = next;
    return next;
  }

  edited(at: number): Person {
    return this.changed(at, ({ preferences }) => ({
      preferences: { ...preferences, theme: preferences.theme === 'dark' ? 'light' : 'dark' },
    }));
  }

  moved(at: number): Person {
    const lastActive = new Date(NOW - Math.floor(this.random() ** 3 * 90 * DAY)).toISOString();
    return this.changed(at, () => ({ lastActive }));
  }
}

const update = (workload: Workload, people: readonly Person[]) => (): void => {
  workload.store.update(people);
  workload.store.page();
};

const times = <T>(count: number, make: (at: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, at) => make(at));

const everyStore = (): boolean => true;

export const operations: readonly Operation[] = [
  {
    op: 'edit a field',
    note: 'hot',
    most: 10_000,
    able: everyStore,
    prepare: (workload, count) => times(count, () => update(workload, [workload.edited(workload.nextHot())])),
  },
  {
    op: 'edit a field, anywhere',
    note: 'cold: ids uniform over all rows',
    most: 10_000,
    able: everyStore,
    prepare: (workload, count) => times(count, () => update(workload, [workload.edited(workload.anybody())])),
  },
  {
    op: 'edit the sort key',
    note: 'hot',
    most: 10_000,
    able: everyStore,
    prepare: (workload, count) => times(count, () => update(workload, [workload.moved(workload.nextHot())])),
  },
  {
    op: 'insert',
    most: 10_000,
    able: everyStore,
    prepare(workload, count) {
      workload.fresh = makePeople(count, workload.people.length + 1);
      return workload.fresh.map((person) => () => {
        workload.store.insert(person);
        workload.store.page();
      });
    },
    restore(workload) {
      for (const { id } of workload.fresh) {
        workload.store.remove(id);
        workload.store.page();
      }
    },
  },
  {
    op: 'delete',
    note: 'hot',
    most: 1000,
    able: everyStore,
    prepare(workload, count) {
      const places = new Set<number>();
      while (places.size < Math.min(count, workload.people.length / 2)) places.add(workload.nextHot());
      workload.removed = [...places];
      return workload.removed.map((at) => () => {
        workload.store.remove(workload.people[at]!.id);
        workload.store.page();
      });
    },
    restore(workload) {
      for (const at of workload.removed) {
        workload.store.insert(workload.edited(at));
        workload.store.page();
      }
    },
  },
  {
    op: 'batch of 100',
    most: 300,
    able: everyStore,
    prepare: (workload, count) =>
      times(count, () => {
        const places = new Set<number>();
        while (places.size < Math.min(BATCH, workload.people.length / 2)) places.add(workload.anybody());
        return update(
          workload,
          [...places].map((at) => workload.edited(at)),
        );
      }),
  },
  {
    op: 'optimistic + rollback',
    note: 'two changes, two reads',
    most: 5000,
    able: everyStore,
    prepare: (workload, count) =>
      times(count, () => {
        const person = workload.people[workload.nextHot()]!;
        const mine = { ...person, name: `${person.name} Jr` };
        return () => {
          const back = workload.store.tentatively(mine);
          workload.store.page();
          back();
          workload.store.page();
        };
      }),
  },
  {
    op: 'stats after an edit',
    most: 5000,
    able: everyStore,
    prepare: (workload, count) =>
      times(count, () => {
        const changed = [workload.moved(workload.nextHot())];
        return () => {
          workload.store.update(changed);
          workload.store.stats();
        };
      }),
  },
  {
    op: 'changed search',
    note: 'another query each time, over all rows, first page and total',
    most: 24,
    able: (store) => store.search !== undefined,
    prepare: (workload, count) =>
      times(count, () => {
        const query = workload.nextQuery();
        return () => void workload.store.search!(query);
      }),
  },
  {
    op: 'page from the middle',
    note: 'of all rows, by rank, after an edit',
    most: 2000,
    able: (store) => store.deepPage !== undefined,
    prepare: (workload, count) =>
      times(count, () => {
        const changed = [workload.edited(workload.nextHot())];
        return () => {
          workload.store.update(changed);
          workload.store.deepPage!(workload.people.length >>> 1);
        };
      }),
  },
  {
    op: 'cold view',
    note: 'all rows put in order from nothing',
    most: 1,
    able: (store) => store.coldView !== undefined,
    prepare: (workload, count) => times(count, () => () => void workload.store.coldView!()),
  },
];
