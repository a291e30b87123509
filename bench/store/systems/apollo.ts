import { gql, InMemoryCache } from '@apollo/client';
import type { Reference } from '@apollo/client';

import { belongs, DAY, NOW, PAGE } from '../people.ts';
import type { Person, Role } from '../people.ts';
import type { Page, Store, System } from '../system.ts';

/** The normalised cache: rows by fragment, the list by query, its result filtered and sorted when it is another. */
export const apollo: System = { name: 'apollo', most: 100_000, open };

const FIELDS = 'id name email role lastActive version preferences { theme notifications language }';
const PEOPLE = gql(`query People { people { ${FIELDS} } }`);
const PERSON = gql(`fragment PersonFields on Person { ${FIELDS} }`);

interface Result {
  readonly people: readonly Person[];
}

function open(people: readonly Person[]): Store {
  const cache = new InMemoryCache({ typePolicies: { Person: { fields: { preferences: { merge: true } } } } });
  const typed = (person: Person): Person & { readonly __typename: 'Person' } => ({
    __typename: 'Person',
    ...person,
  });
  const write = (to: InMemoryCache, person: Person): Reference | undefined =>
    to.writeFragment({ id: `Person:${person.id}`, fragment: PERSON, data: typed(person) }) ?? undefined;
  const read = (): readonly Person[] => cache.readQuery<Result>({ query: PEOPLE, optimistic: true })!.people;

  cache.writeQuery({ query: PEOPLE, data: { people: people.map(typed) } });

  let source: readonly Person[] | null = null;
  let page: Page = { rows: [], total: 0 };
  return {
    update(changed) {
      cache.batch({ update: (to) => changed.forEach((person) => write(to, person)) });
    },
    insert(person) {
      const reference = write(cache, person)!;
      cache.modify({ fields: { people: (known: readonly Reference[]) => [...known, reference] } });
    },
    remove(id) {
      cache.evict({ id: `Person:${id}` });
      cache.modify({
        fields: {
          people: (known: readonly Reference[], { readField }) =>
            known.filter((each) => readField('id', each) !== id && readField('id', each) !== undefined),
        },
      });
    },
    page() {
      const all = read();
      if (all === source) return page;
      source = all;
      const matching = all.filter(belongs).toSorted(newestFirst);
      page = { rows: matching.slice(0, PAGE), total: matching.length };
      return page;
    },
    stats() {
      const all = read();
      const [day, week] = [new Date(NOW - DAY).toISOString(), new Date(NOW - 7 * DAY).toISOString()];
      const byRole: Partial<Record<Role, number>> = {};
      for (const { role } of all) byRole[role] = (byRole[role] ?? 0) + 1;
      return {
        total: all.length,
        active24h: all.filter(({ lastActive }) => lastActive > day).length,
        active7d: all.filter(({ lastActive }) => lastActive > week).length,
        byRole,
      };
    },
    tentatively(person) {
      cache.recordOptimisticTransaction((to) => void write(to as InMemoryCache, person), person.id);
      return () => cache.removeOptimistic(person.id);
    },
  };
}

function newestFirst(a: Person, b: Person): number {
  if (a.lastActive !== b.lastActive) return a.lastActive < b.lastActive ? 1 : -1;
  return a.id < b.id ? -1 : 1;
}
