import { isDeepStrictEqual } from 'node:util';

import { makePeople } from './people.ts';
import type { Store, System } from './system.ts';
import { Workload } from './workload.ts';

/** Figures of systems that show different things compare nothing: all have to show the same after the same changes. */
export async function agree(systems: readonly System[]): Promise<void> {
  const people = makePeople(500);
  const shown: (readonly [string, readonly unknown[]])[] = [];
  for (const system of systems) {
    const store = await system.open(people);
    shown.push([system.name, whatIsShown(store, new Workload(store, people))]);
  }
  const [first, ...others] = shown;
  for (const [name, pages] of others) {
    const at = pages.findIndex((page, step) => !isDeepStrictEqual(page, first![1][step]));
    if (at >= 0) throw new Error(`${name} shows something else than ${first![0]} after step ${at}.`);
  }
}

function whatIsShown(store: Store, workload: Workload): readonly unknown[] {
  const shown: unknown[] = [];
  const look = (): void => {
    const { rows, total } = store.page();
    shown.push({ ids: rows.map(({ id }) => id), versions: rows.map(({ version }) => version), total });
    const { byRole, ...counts } = store.stats();
    shown.push({ ...counts, byRole: { ...byRole } });
  };
  look();
  for (let step = 0; step < 40; step += 1) {
    store.update([workload.edited(workload.anybody())]);
    store.update([workload.moved(workload.anybody()), workload.moved(workload.anybody())]);
    look();
  }
  const fresh = makePeople(20, 1000);
  for (const person of fresh) store.insert(person);
  look();
  for (const { id } of fresh) store.remove(id);
  look();
  const back = store.tentatively({ ...workload.people[3]!, role: 'moderator', name: 'Ana' });
  const { rows, total } = store.page();
  shown.push({ ids: rows.map(({ id }) => id), total });
  back();
  look();
  return shown;
}
