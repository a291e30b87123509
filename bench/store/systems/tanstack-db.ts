import {
  and,
  count,
  createCollection,
  createLiveQueryCollection,
  createTransaction,
  eq,
  gt,
  like,
  lower,
  or,
} from '@tanstack/db';
import type { Collection, NonSingleResult, SyncConfig } from '@tanstack/db';

import { DAY, NOW, PAGE, ROLE, SEARCH } from '../people.ts';
import type { Person, Role, Stats } from '../people.ts';
import type { Page, Store, System } from '../system.ts';

/** A collection with live queries, fed through its sync interface as a server's changes are. */
export const tanstackDb: System = { name: 'tanstack-db', most: 1_000_000, open };

type Sync = Parameters<SyncConfig<Person, string>['sync']>[0];

async function open(people: readonly Person[]): Promise<Store> {
  let sync: Sync | null = null;
  const collection = createCollection<Person, string>({
    getKey: (person) => person.id,
    startSync: true,
    sync: {
      sync(given) {
        sync = given;
      },
    },
  });
  const write = (messages: readonly Parameters<Sync['write']>[0][]): void => {
    sync!.begin();
    for (const message of messages) sync!.write(message);
    void sync!.commit();
  };
  write(people.map((value) => ({ type: 'insert', value })));
  (sync as unknown as Sync).markReady();

  const shown = createLiveQueryCollection({
    startSync: true,
    query: (q) =>
      q
        .from({ person: collection })
        .where(({ person }) =>
          and(
            eq(person.role, ROLE),
            or(like(lower(person.name), `%${SEARCH}%`), like(person.email, `%${SEARCH}%`)),
          ),
        )
        .orderBy(({ person }) => person.lastActive, 'desc'),
  });
  await shown.preload();

  let figures: Figures | null = null;
  return {
    update: (changed) => write(changed.map((value) => ({ type: 'update', value }))),
    insert: (value) => write([{ type: 'insert', value }]),
    remove: (id) => write([{ type: 'delete', key: id }]),
    page(): Page {
      const rows: Person[] = [];
      for (const person of shown.values()) {
        if (rows.length === PAGE) break;
        rows.push(person);
      }
      return { rows, total: shown.size };
    },
    stats: () => (figures ??= figuresOf(collection)).read(),
    tentatively(person) {
      const transaction = createTransaction({ autoCommit: false, mutationFn: async () => {} });
      transaction.isPersisted.promise.catch(() => {});
      transaction.mutate(() => collection.update(person.id, (draft) => void Object.assign(draft, person)));
      return () => void transaction.rollback();
    },
    coldView() {
      const all = createLiveQueryCollection({
        startSync: true,
        query: (q) => q.from({ person: collection }).orderBy(({ person }) => person.lastActive, 'desc'),
      });
      return all.size;
    },
  };
}

interface Figures {
  read(): Stats;
}

function figuresOf(collection: Collection<Person, string> & NonSingleResult): Figures {
  const since = (span: number) =>
    createLiveQueryCollection({
      startSync: true,
      query: (q) =>
        q
          .from({ person: collection })
          .where(({ person }) => gt(person.lastActive, new Date(NOW - span).toISOString()))
          .select(({ person }) => ({ people: count(person.id) })),
    });
  const roles = createLiveQueryCollection({
    startSync: true,
    query: (q) =>
      q
        .from({ person: collection })
        .groupBy(({ person }) => person.role)
        .select(({ person }) => ({ role: person.role, people: count(person.id) })),
  });
  const [day, week] = [since(DAY), since(7 * DAY)];
  const only = (query: typeof day): number => [...query.values()][0]?.people ?? 0;
  return {
    read: () => ({
      total: collection.size,
      active24h: only(day),
      active7d: only(week),
      byRole: Object.fromEntries([...roles.values()].map(({ role, people }) => [role, people])) as Partial<
        Record<Role, number>
      >,
    }),
  };
}
