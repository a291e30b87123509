import type { UserFilter } from '@directory/contract';
import { uuidv7 } from '@lockstep/protocol';
import type { Database, Effect, Feed } from '@lockstep/server';
import type { FastifyInstance } from 'fastify';
import type { Transaction } from 'kysely';
import { asJson } from '../../db/person.ts';
import type { Tables } from '../../db/tables.ts';
import type { Caller } from '../../http/caller.ts';
import type { Cursors } from '../../http/cursors.ts';
import { Refusal } from '../../http/problems.ts';
import { serve } from '../../http/routing.ts';
import { commitWrite, etagOf, expectedVersion } from '../../http/writes.ts';
import type { World } from '../../ports.ts';
import type { Recorder } from '../../records.ts';
import {
  createPerson,
  patchAll,
  patchEach,
  patchPerson,
  removePerson,
  restorePerson,
  resultOf,
} from './commands.ts';
import type { Writer, Written } from './commands.ts';
import { createPeopleQueries, positionOf } from './queries.ts';
import type { Totals } from './totals.ts';
import { mayAskFor, reachOf, readable } from './rights.ts';
import { setStatus } from './standing.ts';

export interface PeopleRoutesOptions {
  database: Database<Tables>;
  feed: Feed;
  totals: Totals;
  cursors: Cursors;
  world: World;
  record: Recorder;
}

/** People: lists, one person, and every write to them. */
export async function peopleRoutes(app: FastifyInstance, options: PeopleRoutesOptions): Promise<void> {
  readRoutes(app, options);
  writeRoutes(app, options);
}

function readRoutes(app: FastifyInstance, options: PeopleRoutesOptions): void {
  const { database, feed, totals, cursors, world } = options;
  const people = createPeopleQueries(database);

  serve(app, 'listUsers', async ({ caller, reply, query }) => {
    const { page, pageSize, sortBy, sortOrder, ...filter } = query;
    mayAskFor(caller, query);
    const { total, offset } = await totals.of(caller, filter);
    reply.header('lockstep-offset', String(offset));
    const skip = (page - 1) * pageSize;
    const now = world.now();
    const rows = await people.list(caller, { filter, sortBy, sortOrder, limit: pageSize + 1, skip, now });
    const users = rows.slice(0, pageSize).map((user) => readable(user, caller));
    return { data: { users, total, hasMore: rows.length > pageSize } };
  });

  serve(app, 'listUsersInfinite', async ({ caller, reply, query }) => {
    const { limit, cursor, sortBy, sortOrder, ...filter } = query;
    mayAskFor(caller, query);
    const list = ['infinite', sortBy, sortOrder, reachOf(caller.role), filterOf(filter)];
    const [key, id] = cursor === undefined ? [] : cursors.read(list, cursor);
    const after = key === undefined || id === undefined ? undefined : { key, id };
    const { total, offset } = await totals.of(caller, filter);
    reply.header('lockstep-offset', String(offset));
    const now = world.now();
    const rows = await people.list(caller, { filter, sortBy, sortOrder, limit: limit + 1, after, now });
    const shown = rows.slice(0, limit);
    const hasMore = rows.length > limit;
    const last = shown.at(-1);
    const next = hasMore && last !== undefined ? positionOf(last, sortBy) : undefined;
    return {
      users: shown.map((user) => readable(user, caller)),
      ...(next === undefined ? {} : { nextCursor: cursors.make(list, [next.key, next.id]) }),
      hasMore,
      total,
    };
  });

  serve(app, 'searchUsers', async ({ caller, reply, query }) => {
    reply.header('lockstep-offset', String(feed.offset()));
    const users = await people.search(caller, query.q, query.limit);
    return { data: users.map((user) => readable(user, caller)) };
  });

  serve(app, 'snapshotUsers', async ({ caller, reply, query }) => {
    const list = ['snapshot'];
    const [offset = '', after] =
      query.cursor === undefined ? [String(feed.offset())] : cursors.read(list, query.cursor);
    reply.header('lockstep-offset', offset);
    const rows = await people.allAfter(after ?? null, query.limit + 1);
    const shown = rows.slice(0, query.limit);
    const last = shown.at(-1);
    const more = rows.length > query.limit && last !== undefined;
    const nextCursor = more ? cursors.make(list, [offset, last.id]) : null;
    return {
      data: { users: shown.map((user) => readable(user, caller)), nextCursor, offset: Number(offset) },
    };
  });

  serve(app, 'getStats', async ({ caller, reply }) => {
    const [admin, moderator, user] = await Promise.all([
      totals.of(caller, { role: 'admin' }),
      totals.of(caller, { role: 'moderator' }),
      totals.of(caller, { role: 'user' }),
    ]);
    const active = await people.active(world.now());
    reply.header('lockstep-offset', String(Math.min(admin.offset, moderator.offset, user.offset)));
    const byRole = { admin: admin.total, moderator: moderator.total, user: user.total };
    return { data: { total: admin.total + moderator.total + user.total, ...active, byRole } };
  });

  serve(app, 'getUser', async ({ caller, reply, params }) => {
    reply.header('lockstep-offset', String(feed.offset()));
    const user = await people.byId(params.id);
    if (user === null) throw new Refusal('not-found', `There is no person ${params.id}.`);
    reply.header('etag', etagOf(user.version));
    return { data: readable(user, caller) };
  });
}

function writeRoutes(app: FastifyInstance, { database, feed, world, record }: PeopleRoutesOptions): void {
  const context = { database, feed, now: () => world.now(), record };
  const writerOf = (caller: Caller): Writer => ({ caller, now: new Date(world.now()).toISOString() });

  serve(app, 'createUser', async ({ request, reply, caller, body }) => {
    const id = body.id ?? uuidv7(world.now(), world.randomBytes(10));
    const effect = answerWith(caller, 201, (tx) => createPerson(tx, writerOf(caller), { ...body, id }));
    return commitWrite(context, request, reply, effect);
  });

  serve(app, 'patchUser', async ({ request, reply, caller, params, body }) => {
    const expected = expectedVersion(request);
    const effect = answerWith(caller, 200, (tx) =>
      patchPerson(tx, writerOf(caller), params.id, body, expected),
    );
    return commitWrite(context, request, reply, effect);
  });

  serve(app, 'deleteUser', async ({ request, reply, caller, params }) => {
    const expected = expectedVersion(request);
    return commitWrite(context, request, reply, async (tx) => {
      const { version, changes } = await removePerson(tx, writerOf(caller), params.id, expected);
      return { status: 204, body: null, headers: { etag: etagOf(version) }, changes };
    });
  });

  serve(app, 'restoreUser', async ({ request, reply, caller, params }) => {
    const expected = expectedVersion(request);
    const effect = answerWith(caller, 200, (tx) => restorePerson(tx, writerOf(caller), params.id, expected));
    return commitWrite(context, request, reply, effect);
  });

  for (const [name, status] of [
    ['disableUser', 'disabled'],
    ['enableUser', 'active'],
  ] as const) {
    serve(app, name, async ({ request, reply, caller, params }) => {
      const expected = expectedVersion(request);
      const effect = answerWith(caller, 200, (tx) =>
        setStatus(tx, writerOf(caller), params.id, status, expected),
      );
      return commitWrite(context, request, reply, effect);
    });
  }

  serve(app, 'batchUsers', async ({ request, reply, caller, query, body }) => {
    const writer = writerOf(caller);
    return commitWrite(context, request, reply, async (tx) => {
      if (query.mode === 'each') {
        const { results, changes } = await patchEach(tx, writer, body.updates);
        const data = results.map((result) => resultOf(writer, result, request.id));
        return { status: 200, body: asJson({ data }), changes };
      }
      const { users, changes } = await patchAll(tx, writer, body.updates);
      return { status: 200, body: asJson({ data: users.map((user) => readable(user, caller)) }), changes };
    });
  });
}

/** The effect of a write whose answer is one person. */
function answerWith(
  caller: Caller,
  status: number,
  work: (tx: Transaction<Tables>) => Promise<Written>,
): Effect<Tables> {
  return async (tx) => {
    const { user, changes } = await work(tx);
    const body = asJson({ data: readable(user, caller) });
    return { status, body, headers: { etag: etagOf(user.version) }, changes };
  };
}

/** One form for one filter, so that a cursor recognises its list. */
function filterOf(filter: UserFilter) {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}
