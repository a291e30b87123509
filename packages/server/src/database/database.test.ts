import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isServerError } from '../core/errors.ts';
import { onBothDatabases } from '../test-support/both-databases.ts';
import { sqlState } from './index.ts';

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (isServerError(error) ? error.code : (sqlState(error) ?? String(error))),
  );

onBothDatabases('database', (database) => {
  beforeEach(async () => {
    await sql`create table things (id integer primary key, name text not null unique)`.execute(database().db);
  });
  afterEach(async () => {
    await sql`drop table things`.execute(database().db);
  });

  it('gives the same values on both adapters', async () => {
    const { rows } = await sql`select
      9007199254740991::bigint as safe, 9007199254740993::bigint as unsafe, 1.50::numeric as money,
      '2026-01-02 03:04:05.678912+02'::timestamptz as instant, '2026-01-02 03:04:05+00'::timestamptz as whole,
      'infinity'::timestamptz as forever, '2026-01-02'::date as day, '2026-01-02 03:04:05.6'::timestamp as local,
      interval '1 day 2 hours' as span, '{"a":[1]}'::jsonb as b, '{"a": null}'::json as j, null::int as nothing,
      array[1, 9007199254740993]::bigint[] as counts, array['2026-01-02T00:00:00Z', null]::timestamptz[] as instants,
      array['{"a":"x,\\"y\\""}']::jsonb[] as objects, true as yes, 0.5::float8 as half, '\\x00ff'::bytea as bytes`.execute(
      database().db,
    );
    expect(rows).toEqual([
      {
        safe: 9007199254740991,
        unsafe: '9007199254740993',
        money: '1.50',
        instant: '2026-01-02T01:04:05.678Z',
        whole: '2026-01-02T03:04:05.000Z',
        forever: 'infinity',
        day: '2026-01-02',
        local: '2026-01-02 03:04:05.6',
        span: '1 day 02:00:00',
        b: { a: [1] },
        j: { a: null },
        nothing: null,
        counts: [1, '9007199254740993'],
        instants: ['2026-01-02T00:00:00.000Z', null],
        objects: [{ a: 'x,"y"' }],
        yes: true,
        half: 0.5,
        bytes: Buffer.from([0, 255]),
      },
    ]);
  });

  it('takes the same parameters on both adapters', async () => {
    const at = new Date('2026-03-04T05:06:07.089Z');
    const { rows } =
      await sql`select ${at}::timestamptz as at, ${10n ** 17n}::bigint as big, ${'{"a":1}'}::jsonb as json,
      ${['a', 'b"c,']}::text[] as texts, ${null}::text as nothing, ${true}::boolean as yes, ${2.5}::float8 as number`.execute(
        database().db,
      );
    expect(rows).toEqual([
      {
        at: at.toISOString(),
        big: '100000000000000000',
        json: { a: 1 },
        texts: ['a', 'b"c,'],
        nothing: null,
        yes: true,
        number: 2.5,
      },
    ]);
  });

  it('keeps SQLSTATE and constraint of what SQL refuses', async () => {
    await sql`insert into things values (1, 'one')`.execute(database().db);
    const twice = sql`insert into things values (2, 'one')`.execute(database().db);
    await expect(twice).rejects.toMatchObject({
      code: '23505',
      constraint: 'things_name_key',
      table: 'things',
    });
    expect(await codeOf(sql`selec`.execute(database().db))).toBe('42601');
    expect(await codeOf(sql`select ${'a\0b'}::text`.execute(database().db))).toBe('22021');
  });

  it('rolls a transaction back as a whole', async () => {
    const { transaction, db } = database();
    await expect(
      transaction(async (tx) => {
        await sql`insert into things values (1, 'one')`.execute(tx);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await expect(
      transaction(async (tx) => {
        await sql`insert into things values (1, 'one')`.execute(tx);
        await sql`insert into things values (1, 'again')`.execute(tx);
      }),
    ).rejects.toMatchObject({ code: '23505' });
    // A caller that swallows the error cannot commit half a transaction.
    const swallowed = transaction(async (tx) => {
      await sql`insert into things values (1, 'one')`.execute(tx);
      await sql`insert into things values (1, 'again')`.execute(tx).catch(() => {});
    });
    await expect(swallowed).rejects.toThrow('rolled back');
    expect((await sql`select * from things`.execute(db)).rows).toEqual([]);
    await transaction((tx) => sql`insert into things values (1, 'one')`.execute(tx));
    expect((await sql`select * from things`.execute(db)).rows).toEqual([{ id: 1, name: 'one' }]);
  });

  it('keeps transactions and queries apart however they interleave', async () => {
    const { transaction, db } = database();
    const work = Array.from({ length: 12 }, async (_, id) => {
      await transaction(async (tx) => {
        await sql`insert into things values (${id}, ${`first ${id}`})`.execute(tx);
        if (id % 3 === 0) throw new Error('rolled back');
        await sql`update things set name = ${`second ${id}`} where id = ${id}`.execute(tx);
      }).catch(() => {});
      const seen = await sql<{ name: string }>`select name from things`.execute(db);
      // Nobody ever sees the inside of a transaction.
      expect(seen.rows.filter(({ name }) => name.startsWith('first'))).toEqual([]);
    });
    await Promise.all(work);
    const { rows } = await sql<{ id: number }>`select id from things order by id`.execute(db);
    expect(rows.map(({ id }) => id)).toEqual([1, 2, 4, 5, 7, 8, 10, 11]);
  });

  it('says so at once when a query inside a transaction goes around it', async () => {
    const { transaction, db } = database();
    await transaction(async (tx) => {
      expect(await codeOf(sql`select 1`.execute(db))).toBe('query-outside-transaction');
      expect(await codeOf(transaction(async () => {}))).toBe('query-outside-transaction');
      expect((await sql`select 1 as one`.execute(tx)).rows).toEqual([{ one: 1 }]);
    });
    expect(await codeOf(sql`select 1`.execute(db))).toBe('resolved');
  });

  it('runs at the isolation asked for', async () => {
    const level = await database().transaction(
      async (tx) =>
        (await sql<{ transaction_isolation: string }>`show transaction_isolation`.execute(tx)).rows[0]
          ?.transaction_isolation,
      { isolation: 'serializable' },
    );
    expect(level).toBe('serializable');
  });

  it('brings notifications to every listener of a channel, until it stops', async () => {
    const heard = Promise.withResolvers<string>();
    const ended = Promise.withResolvers<string>();
    const first: string[] = [];
    const stopFirst = await database().listen('news', (payload) => first.push(payload));
    const stopSecond = await database().listen('news', (payload) =>
      (payload === 'end' ? ended : heard).resolve(payload),
    );
    await database().notify('news', 'żółw "quoted"');
    expect(await heard.promise).toBe('żółw "quoted"');
    await stopFirst();
    await database().notify('news', 'end');
    await ended.promise;
    expect(first).toEqual(['żółw "quoted"']);
    await stopSecond();
  });

  it('refuses channels and payloads that PostgreSQL would', async () => {
    expect(await codeOf(database().notify('Bad Name', ''))).toBe('bad-channel');
    expect(await codeOf(database().listen('"; drop table things', () => {}))).toBe('bad-channel');
    expect(await codeOf(database().notify('news', 'x'.repeat(8_000)))).toBe('bad-channel');
    expect(await codeOf(database().notify('news', '\0'))).toBe('bad-channel');
  });

  it('goes on when a table changes under statements that were prepared', async () => {
    const { db, transaction } = database();
    await sql`insert into things values (1, 'one')`.execute(db);
    const all = () => sql`select * from things where id = ${1}`;
    for (let use = 0; use < 8; use += 1) await all().execute(db);
    await sql`alter table things add column extra text default 'x'`.execute(db);
    expect((await all().execute(db)).rows).toEqual([{ id: 1, name: 'one', extra: 'x' }]);
    for (let use = 0; use < 8; use += 1) await all().execute(db);
    await sql`alter table things drop column extra`.execute(db);
    // In a transaction the failure shows, since what came before it is lost; the next one is well.
    expect(await codeOf(transaction((tx) => all().execute(tx)))).toBe('0A000');
    expect((await transaction((tx) => all().execute(tx))).rows).toEqual([{ id: 1, name: 'one' }]);
  });

  it('is ready, and has trigrams', async () => {
    await database().ready();
    await sql`create extension if not exists pg_trgm`.execute(database().db);
    expect((await sql`select similarity('word', 'ward') > 0.2 as near`.execute(database().db)).rows).toEqual([
      { near: true },
    ]);
  });
});
