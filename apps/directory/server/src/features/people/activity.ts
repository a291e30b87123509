import { LAST_ACTIVE_STEP_MS } from '@directory/contract';
import { commitIntent } from '@lockstep/server';
import type { Database } from '@lockstep/server';
import type { Tables } from '../../db/tables.ts';
import type { Caller } from '../../http/caller.ts';
import { lock, save } from './store.ts';

export interface Activity {
  /** Notes that somebody is here. Never waits and never fails. */
  seen(caller: Caller): void;
  /** Resolves when nothing is being written any more. */
  idle(): Promise<void>;
}

/** Writes `lastActive`, at most once a minute for each person, however many requests and nodes there are. */
export function createActivity(options: {
  database: Database<Tables>;
  now(): number;
  report(problem: unknown): void;
}): Activity {
  const { database, now, report } = options;
  const running = new Map<string, Promise<void>>();

  const write = async (caller: Caller): Promise<void> => {
    const at = now();
    await commitIntent(database, { key: null, actor: caller.id, hash: '', now: at }, async (tx) => {
      const found = (await lock(tx, [caller.id])).get(caller.id);
      // Another request, or another node, may have been quicker.
      const stale =
        found !== undefined &&
        !found.deleted &&
        at - Date.parse(found.user.lastActive) >= LAST_ACTIVE_STEP_MS;
      if (!stale) return { status: 204, body: null, changes: [] };
      const iso = new Date(at).toISOString();
      const to = { ...found.user, lastActive: iso, version: found.user.version + 1 };
      const changes = await save(tx, [{ op: 'update', from: found.user, to }], iso);
      return { status: 204, body: null, changes };
    });
  };

  return {
    seen(caller) {
      if (now() - caller.lastActive < LAST_ACTIVE_STEP_MS || running.has(caller.id)) return;
      const work = write(caller)
        .catch(report)
        .finally(() => running.delete(caller.id));
      running.set(caller.id, work);
    },
    async idle() {
      await Promise.all(running.values());
    },
  };
}
