import type { SavedView } from '@directory/contract';
import { uuidv7 } from '@lockstep/protocol';
import type { Effect } from '@lockstep/server';
import type { FastifyInstance } from 'fastify';
import type { Transaction } from 'kysely';
import { asJson } from '../../db/person.ts';
import type { Tables } from '../../db/tables.ts';
import { serve } from '../../http/routing.ts';
import { commitWrite, etagOf, expectedVersion } from '../../http/writes.ts';
import type { WriteContext } from '../../http/writes.ts';
import type { World } from '../../ports.ts';
import { createView, deleteView, patchView, visibleViews } from './store.ts';
import type { WrittenView } from './store.ts';

/** Saved views: one's own, and those that others share. */
export async function viewRoutes(
  app: FastifyInstance,
  options: { writes: WriteContext; world: World },
): Promise<void> {
  const { writes, world } = options;
  const now = () => new Date(world.now()).toISOString();

  serve(app, 'listViews', async ({ caller, reply }) => {
    reply.header('lockstep-offset', String(writes.feed.offset()));
    return { data: await visibleViews(writes.database.db, caller) };
  });

  serve(app, 'createView', async ({ request, reply, caller, body }) => {
    const id = body.id ?? uuidv7(world.now(), world.randomBytes(10));
    const effect = answerWith(201, (tx) => createView(tx, { caller, now: now() }, { ...body, id }));
    return commitWrite(writes, request, reply, effect);
  });

  serve(app, 'patchView', async ({ request, reply, caller, params, body }) => {
    const expected = expectedVersion(request);
    const effect = answerWith(200, (tx) => patchView(tx, { caller, now: now() }, params.id, body, expected));
    return commitWrite(writes, request, reply, effect);
  });

  serve(app, 'deleteView', async ({ request, reply, caller, params }) => {
    const expected = expectedVersion(request);
    return commitWrite(writes, request, reply, async (tx) => {
      const { version, changes } = await deleteView(tx, { caller, now: now() }, params.id, expected);
      return { status: 204, body: null, headers: { etag: etagOf(version) }, changes };
    });
  });
}

function answerWith(status: number, work: (tx: Transaction<Tables>) => Promise<WrittenView>): Effect<Tables> {
  return async (tx) => {
    const { view, changes } = await work(tx);
    const body: { data: SavedView } = { data: view };
    return { status, body: asJson(body), headers: { etag: etagOf(view.version) }, changes };
  };
}
