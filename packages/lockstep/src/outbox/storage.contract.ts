import { describe, expect, test } from 'vitest';
import type { Draft, OutboxStorage } from './storage.ts';

/** The payloads that the suite stores. */
export interface Note {
  readonly text: string;
}

/** A medium of its own for one test; each connection is a tab of its own. */
export interface Medium {
  connect(): Promise<OutboxStorage<Note>>;
  /** Resolves when notices that are under way have arrived. */
  settle(): Promise<void>;
}

const draft = (id: string, text = ''): Draft<Note> => ({
  id,
  key: id,
  lanes: [id],
  after: [],
  payload: { text },
  schema: 1,
  at: 1_700_000_000_000,
  status: { kind: 'durable' },
});

const append = (...ids: readonly string[]) => ids.map((id) => ({ op: 'append' as const, entry: draft(id) }));

async function opened(
  create: () => Promise<Medium>,
): Promise<{ medium: Medium; storage: OutboxStorage<Note> }> {
  const medium = await create();
  return { medium, storage: await medium.connect() };
}

/** What every storage of the outbox must do, whatever it stores in. */
export function outboxStorageContract(name: string, create: () => Promise<Medium>): void {
  describe(`S5.24 the outbox's storage: ${name}`, () => {
    test('is empty at first', async () => {
      const { storage } = await opened(create);
      expect(await storage.load()).toEqual({ entries: [], tail: 0 });
    });

    test('gives rising positions without gaps, and never one twice', async () => {
      const { storage } = await opened(create);
      const first = await storage.commit(append('a', 'b'));
      expect(first).toMatchObject({ kind: 'done', tail: 2, entries: [{ position: 1 }, { position: 2 }] });
      const { entries } = await storage.load();
      await storage.commit(entries.map(({ position, revision }) => ({ op: 'remove', position, revision })));
      expect(await storage.load()).toEqual({ entries: [], tail: 2 });
      expect(await storage.commit(append('c'))).toMatchObject({ tail: 3, entries: [{ position: 3 }] });
    });

    test('keeps all that an entry holds, and hands out copies that nobody else changes', async () => {
      const { storage } = await opened(create);
      const payload = { text: 'before' };
      const entry: Draft<Note> = {
        ...draft('a'),
        payload,
        after: ['x'],
        reviewed: true,
        status: { kind: 'parked', parking: { kind: 'aged' }, sent: true },
      };
      await storage.commit([{ op: 'append', entry }]);
      payload.text = 'after';
      const { entries } = await storage.load();
      expect(entries).toMatchObject([{ ...entry, payload: { text: 'before' } }]);
    });

    test('lists by position, also after an entry was put again', async () => {
      const { storage } = await opened(create);
      await storage.commit(append('a', 'b', 'c'));
      const { entries } = await storage.load();
      const second = entries[1];
      if (!second) throw new Error('expected three entries');
      const { position, revision, ...rest } = second;
      await storage.commit([{ op: 'put', position, revision, entry: { ...rest, key: 'k' } }]);
      const after = await storage.load();
      expect(after.entries.map(({ id, key }) => [id, key])).toEqual([
        ['a', 'a'],
        ['b', 'k'],
        ['c', 'c'],
      ]);
      expect(after.entries[1]?.revision).toBeGreaterThan(revision);
    });

    test('commits all steps or none: a step on a revision that has passed undoes the others', async () => {
      const { storage } = await opened(create);
      await storage.commit(append('a', 'b'));
      const { entries } = await storage.load();
      const [a, b] = entries;
      if (!a || !b) throw new Error('expected two entries');
      const put = (one: typeof a, key: string) => {
        const { position, revision, ...rest } = one;
        return { op: 'put' as const, position, revision, entry: { ...rest, key } };
      };
      expect(await storage.commit([put(b, 'new')])).toMatchObject({ kind: 'done' });
      const before = await storage.load();
      for (const stale of [
        put(b, 'newer'),
        { op: 'remove' as const, position: b.position, revision: b.revision },
      ]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other on one medium
        expect(await storage.commit([...append('c'), put(a, 'other'), stale])).toEqual({ kind: 'changed' });
      }
      expect(await storage.load()).toEqual(before);
    });

    test('refuses a step on an entry that is gone', async () => {
      const { storage } = await opened(create);
      await storage.commit(append('a'));
      const step = {
        op: 'remove' as const,
        position: 1,
        revision: (await storage.load()).entries[0]?.revision ?? -1,
      };
      expect(await storage.commit([step])).toMatchObject({ kind: 'done', entries: [] });
      expect(await storage.commit([step])).toEqual({ kind: 'changed' });
    });

    test('refuses an id that is stored, or given twice in one commit', async () => {
      const { storage } = await opened(create);
      await storage.commit(append('a'));
      expect(await storage.commit(append('b', 'a'))).toEqual({ kind: 'changed' });
      expect(await storage.commit(append('c', 'c'))).toEqual({ kind: 'changed' });
      expect((await storage.load()).entries.map(({ id }) => id)).toEqual(['a']);
    });

    test('takes ids such as __proto__ for plain text', async () => {
      const { storage } = await opened(create);
      const ids = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
      expect(await storage.commit(append(...ids))).toMatchObject({ kind: 'done' });
      expect((await storage.load()).entries.map(({ id }) => id)).toEqual(ids);
    });

    test('refuses a commit whose tail has moved', async () => {
      const { medium, storage } = await opened(create);
      const other = await medium.connect();
      expect(await storage.commit(append('a'), { tail: 0 })).toMatchObject({ kind: 'done', tail: 1 });
      await other.commit(append('b'));
      expect(await storage.commit(append('c'), { tail: 1 })).toEqual({ kind: 'changed' });
      expect(await storage.commit(append('c'), { tail: 2 })).toMatchObject({ kind: 'done', tail: 3 });
    });

    test('F9 refuses commits under a fence that another tab has raised, and lets appends without one pass', async () => {
      const { medium, storage } = await opened(create);
      const other = await medium.connect();
      const low = await storage.claim();
      const high = await other.claim();
      expect(high).toBeGreaterThan(low);
      expect(await storage.commit(append('a'), { fence: low })).toEqual({ kind: 'fenced' });
      expect(await other.commit(append('b'), { fence: high })).toMatchObject({ kind: 'done' });
      expect(await storage.commit(append('c'))).toMatchObject({ kind: 'done' });
      expect((await other.load()).entries.map(({ id }) => id)).toEqual(['b', 'c']);
    });

    test('does what it is asked in order, and answers in order', async () => {
      const { storage } = await opened(create);
      const answers: string[] = [];
      const told = async (what: string, promise: Promise<unknown>): Promise<unknown> => {
        const value = await promise;
        answers.push(what);
        return value;
      };
      const [, first, , second] = await Promise.all([
        told('append a', storage.commit(append('a'))),
        told('load', storage.load()),
        told('append b', storage.commit(append('b'))),
        told('load again', storage.load()),
      ]);
      expect(answers).toEqual(['append a', 'load', 'append b', 'load again']);
      expect(first).toMatchObject({ entries: [{ id: 'a' }], tail: 1 });
      expect(second).toMatchObject({ entries: [{ id: 'a' }, { id: 'b' }], tail: 2 });
    });

    test('tells the other connections of a commit, and not the one that made it', async () => {
      const { medium, storage } = await opened(create);
      const other = await medium.connect();
      const told: string[] = [];
      storage.watch(() => told.push('own'));
      const stop = other.watch(() => told.push('other'));
      await storage.commit(append('a'));
      await medium.settle();
      expect(told).toEqual(['other']);
      stop();
      await storage.commit(append('b'));
      await medium.settle();
      expect(told).toEqual(['other']);
    });

    test('F10 rejects what cannot be stored, and stores nothing of that commit', async () => {
      const { storage } = await opened(create);
      const payload = { text: 'x', run: () => 1 };
      const promise = storage.commit([...append('a'), { op: 'append', entry: { ...draft('b'), payload } }]);
      await expect(promise).rejects.toMatchObject({ name: 'StorageFailure', kind: 'not-storable' });
      expect(await storage.load()).toEqual({ entries: [], tail: 0 });
    });

    test('rejects once it is closed; other connections go on', async () => {
      const { medium, storage } = await opened(create);
      const other = await medium.connect();
      storage.close();
      await expect(storage.load()).rejects.toMatchObject({ kind: 'closed' });
      await expect(storage.commit(append('a'))).rejects.toMatchObject({ kind: 'closed' });
      await expect(storage.claim()).rejects.toMatchObject({ kind: 'closed' });
      expect(await other.commit(append('a'))).toMatchObject({ kind: 'done' });
    });
  });
}
