import { CompiledQuery, sql } from 'kysely';
import { KEY_MAX_AGE_MS, KEY_MAX_AHEAD_MS, uuidv7 } from '@lockstep/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../database/index.ts';
import { onBothDatabases } from '../test-support/both-databases.ts';
import { count, counters, newKey } from '../test-support/counting.ts';
import { commitIntent, hashRequest } from './index.ts';

const keyAt = (ms: number): string => uuidv7(ms, crypto.getRandomValues(new Uint8Array(10)));

describe('hashRequest', () => {
  const hash = hashRequest({ method: 'PATCH', path: '/a', body: { x: 1, y: [1, 2] } });

  it('is one for bodies that say the same', () => {
    expect(hashRequest({ method: 'patch', path: '/a', body: { y: [1, 2], x: 1.0 } })).toBe(hash);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    { method: 'PUT', path: '/a', body: { x: 1, y: [1, 2] } },
    { method: 'PATCH', path: '/b', body: { x: 1, y: [1, 2] } },
    { method: 'PATCH', path: '/a', body: { x: 1, y: [2, 1] } },
    { method: 'PATCH', path: '/a', body: {} },
    { method: 'PATCH', path: '/a', body: undefined },
  ])('differs for $method $path $body', (request) => {
    expect(hashRequest(request)).not.toBe(hash);
  });

  it('keeps an absent body apart from an empty one, and path from body', () => {
    expect(hashRequest({ method: 'POST', path: '/a', body: undefined })).not.toBe(
      hashRequest({ method: 'POST', path: '/a', body: null }),
    );
    expect(hashRequest({ method: 'POST', path: '/a"', body: undefined })).not.toBe(
      hashRequest({ method: 'POST', path: '/a', body: '"' }),
    );
  });
});

onBothDatabases('commitIntent', (database, dialect) => {
  const outbox = async () =>
    (
      await sql<{ change: { intent?: string } }>`select change from lockstep_outbox order by seq`.execute(
        database().db,
      )
    ).rows;
  beforeEach(async () => {
    await sql`delete from counters`.execute(database().db);
    await sql`delete from lockstep_outbox`.execute(database().db);
  });

  it('I2 applies a key once and answers the second time as it did the first', async () => {
    const key = newKey();
    const first = await count(database(), 'a', { key });
    expect(first).toEqual({
      kind: 'committed',
      status: 200,
      body: { data: { id: 'a', version: 1, value: 1 } },
      headers: { etag: '"1"' },
    });
    await count(database(), 'a');
    const second = await count(database(), 'a', { key });
    expect(second).toEqual({ ...first, kind: 'replayed' });
    expect(await counters(database())).toEqual([{ id: 'a', version: 2, value: 2 }]);
  });

  it('puts the whole change into the outbox, with intent, actor and time', async () => {
    const key = newKey();
    const now = Date.now();
    await count(database(), 'a', { key, actor: 'ann', now });
    expect(await outbox()).toEqual([
      {
        change: {
          entity: 'counter',
          id: 'a',
          op: 'insert',
          version: 1,
          row: { id: 'a', version: 1, value: 1 },
          intent: key,
          actor: 'ann',
          at: new Date(now).toISOString(),
        },
      },
    ]);
  });

  it('applies a write without a key each time', async () => {
    await count(database(), 'a', { key: null, actor: null });
    await count(database(), 'a', { key: null, actor: null });
    expect(await counters(database())).toEqual([{ id: 'a', version: 2, value: 2 }]);
    expect((await outbox()).map(({ change }) => change.intent)).toEqual([undefined, undefined]);
  });

  it('refuses a key with another request, and to another actor, without a word of the first answer', async () => {
    const key = newKey();
    await count(database(), 'a', { key, actor: 'ann' });
    const mismatch = { kind: 'refused', code: 'idempotency-mismatch' };
    expect(await count(database(), 'a', { key, actor: 'ann', by: 2 })).toEqual(mismatch);
    expect(await count(database(), 'b', { key, actor: 'ann' })).toEqual(mismatch);
    expect(await count(database(), 'a', { key, actor: 'bob' })).toEqual(mismatch);
    expect(await count(database(), 'a', { key, actor: null })).toEqual(mismatch);
    expect(await counters(database())).toEqual([{ id: 'a', version: 1, value: 1 }]);
  });

  it('I2 applies a key once under concurrency; everybody gets the same answer', async () => {
    const key = newKey();
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => count(database(), 'a', { key })));
    expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'replayed')).toHaveLength(7);
    expect(new Set(outcomes.map((outcome) => JSON.stringify({ ...outcome, kind: '' })))).toHaveProperty(
      'size',
      1,
    );
    expect(await counters(database())).toEqual([{ id: 'a', version: 1, value: 1 }]);
    expect(await outbox()).toHaveLength(1);
  });

  it('releases the key when the effect throws, and commits nothing of it', async () => {
    const key = newKey();
    const refusal = new Error('412');
    await expect(
      count(database(), 'a', {
        key,
        during: () => {
          throw refusal;
        },
      }),
    ).rejects.toBe(refusal);
    expect(await counters(database())).toEqual([]);
    expect(await outbox()).toEqual([]);
    // Another request may use it: the first one never happened.
    expect(await count(database(), 'b', { key, by: 5 })).toMatchObject({ kind: 'committed' });
  });

  it('lets one who waited for a failed first go ahead', async () => {
    const key = newKey();
    const running = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const first = count(database(), 'a', {
      key,
      during: () => {
        running.resolve();
        return end.promise;
      },
    });
    await running.promise;
    const second = count(database(), 'a', { key });
    end.reject(new Error('failed'));
    await expect(first).rejects.toThrow('failed');
    expect(await second).toMatchObject({ kind: 'committed' });
  });

  it('rolls back and releases the key when the changes are not sound', async () => {
    const key = newKey();
    const intent = { key, actor: null, hash: 'x', now: Date.now() };
    for (const change of [
      { entity: 'counter', id: '', op: 'insert', version: 1, row: {} },
      { entity: 'counter', id: 'a', op: 'insert', version: 0, row: {} },
      { entity: 'counter', id: 'a', op: 'insert', version: 1 },
      { entity: 'counter', id: 'a', op: 'delete', version: 2, row: {} },
    ] as const) {
      const commit = commitIntent(database(), intent, async () => ({
        status: 200,
        body: null,
        changes: [change],
      }));
      await expect(commit).rejects.toMatchObject({ code: 'bad-change' });
    }
    expect(
      await commitIntent(database(), intent, async () => ({ status: 204, body: null, changes: [] })),
    ).toMatchObject({ kind: 'committed' });
  });

  it('replays bodies and headers as they were, whatever text they hold', async () => {
    const key = newKey();
    const body = { b: 1, a: [null, true, 1.5, 'nul \0, lone \ud800, "quotes", ∞'], __proto__x: {}, '': '' };
    const write = () =>
      commitIntent(database(), { key, actor: 'ann', hash: 'h', now: Date.now() }, async () => ({
        status: 201,
        body,
        headers: { location: '/x' },
        changes: [],
      }));
    const first = await write();
    const second = await write();
    expect(second).toEqual({ kind: 'replayed', status: 201, body, headers: { location: '/x' } });
    expect(JSON.stringify(second)).toBe(JSON.stringify({ ...first, kind: 'replayed' }));
  });

  it('knows keys that are too old, too far ahead, or none', async () => {
    const now = Date.now();
    const refusal = async (key: string) => count(database(), 'a', { key, now });
    expect(await refusal(keyAt(now - KEY_MAX_AGE_MS - 1_000))).toEqual({
      kind: 'refused',
      code: 'intent-expired',
    });
    expect(await refusal(keyAt(now + KEY_MAX_AHEAD_MS + 1_000))).toEqual({
      kind: 'refused',
      code: 'clock-skew',
    });
    expect(await refusal('toString')).toEqual({ kind: 'refused', code: 'malformed-key' });
    expect(await refusal(crypto.randomUUID())).toEqual({ kind: 'refused', code: 'malformed-key' });
    expect(await counters(database())).toEqual([]);
    expect(await refusal(keyAt(now - KEY_MAX_AGE_MS + 60_000))).toMatchObject({ kind: 'committed' });
    expect(await refusal(keyAt(now + KEY_MAX_AHEAD_MS - 60_000))).toMatchObject({ kind: 'committed' });
  });

  it('answers an old key that has a record, however late', async () => {
    const then = Date.now();
    const key = keyAt(then);
    await count(database(), 'a', { key, now: then });
    expect(await count(database(), 'a', { key, now: then + KEY_MAX_AGE_MS + 60_000 })).toMatchObject({
      kind: 'replayed',
      status: 200,
    });
    expect(await count(database(), 'b', { key, now: then + KEY_MAX_AGE_MS + 60_000 })).toEqual({
      kind: 'refused',
      code: 'idempotency-mismatch',
    });
  });

  it('writes with several changes in their order', async () => {
    const changes = Array.from({ length: 300 }, (_, index) => ({
      entity: 'thing',
      id: `t${index}`,
      op: 'insert' as const,
      version: 1,
      row: { index },
    }));
    await commitIntent(database(), { key: newKey(), actor: null, hash: '', now: Date.now() }, async () => ({
      status: 200,
      body: null,
      changes,
    }));
    const { rows } = await sql<{
      id: string;
    }>`select change->>'id' as id from lockstep_outbox order by seq`.execute(database().db);
    expect(rows.map(({ id }) => id)).toEqual(changes.map(({ id }) => id));
  });

  it('applies once when its table changes under a prepared statement', async () => {
    const write = (key: string) =>
      commitIntent(database(), { key, actor: null, hash: '', now: Date.now() }, async (tx) => {
        const { rows } =
          await sql`insert into counters (id, version, value) values (${key}, 1, 1) returning *`.execute(tx);
        return { status: 200, body: rows.length, changes: [] };
      });
    for (let use = 0; use < 8; use += 1) await write(newKey());
    await sql`alter table counters add column extra text`.execute(database().db);
    expect(await write(newKey())).toMatchObject({ kind: 'committed' });
    await sql`alter table counters drop column extra`.execute(database().db);
    expect(await counters(database())).toHaveLength(9);
  });

  it('sends closing statements with COMMIT: with the write or not at all', async () => {
    const key = newKey();
    const write = (sent: string) =>
      commitIntent(database(), { key, actor: null, hash: '', now: Date.now() }, async () => ({
        status: 200,
        body: null,
        changes: [],
        closing: [
          CompiledQuery.raw(`insert into counters (id, version, value) values ($1, 1, 5)`, ['closing']),
          CompiledQuery.raw(sent, []),
        ],
      }));
    await expect(write(`insert into counters values ('other', null, 0)`)).rejects.toMatchObject({
      code: '23502',
    });
    expect(await counters(database())).toEqual([]);
    expect(await write('select 1')).toMatchObject({ kind: 'committed' });
    expect(await write('select 1')).toMatchObject({ kind: 'replayed' });
    expect(await counters(database())).toEqual([{ id: 'closing', version: 1, value: 5 }]);
  });

  it('does not wait for ever for the first one', async () => {
    // On the embedded database the second waits for its turn before it begins.
    if (dialect === 'pglite') return;
    const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(database().db);
    const url = Object.assign(new URL(process.env['LOCKSTEP_TEST_POSTGRES'] ?? ''), {
      pathname: `/${rows[0]?.name}`,
    }).href;
    const impatient = await openDatabase({ postgres: { url, lockTimeoutMs: 50 } });
    const key = newKey();
    const running = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const first = count(database(), 'a', {
      key,
      during: () => {
        running.resolve();
        return end.promise;
      },
    });
    await running.promise;
    expect(await count(impatient, 'a', { key })).toEqual({ kind: 'refused', code: 'intent-in-progress' });
    // Another key that waits for the same row is not in progress: the database is busy.
    await expect(count(impatient, 'a')).rejects.toMatchObject({ code: 'unavailable' });
    end.resolve();
    expect(await first).toMatchObject({ kind: 'committed' });
    expect(await count(impatient, 'a', { key })).toMatchObject({ kind: 'replayed' });
    await impatient.close();
  });

  it('tries again where two writes locked each other out', async () => {
    // On the embedded database transactions follow each other, so this cannot happen there.
    if (dialect === 'pglite') return;
    await sql`insert into counters values ('x', 1, 0), ('y', 1, 0)`.execute(database().db);
    let runs = 0;
    const both = Promise.withResolvers<void>();
    let waiting = 0;
    const touch = (first: string, second: string) =>
      commitIntent(database(), { key: newKey(), actor: null, hash: '', now: Date.now() }, async (tx) => {
        runs += 1;
        await sql`update counters set value = value + 1 where id = ${first}`.execute(tx);
        waiting += 1;
        if (waiting === 2) both.resolve();
        await both.promise;
        await sql`update counters set value = value + 1 where id = ${second}`.execute(tx);
        return { status: 200, body: null, changes: [] };
      });
    const outcomes = await Promise.all([touch('x', 'y'), touch('y', 'x')]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['committed', 'committed']);
    expect(runs).toBe(3);
    expect((await counters(database())).map(({ value }) => value)).toEqual([2, 2]);
  });
});
