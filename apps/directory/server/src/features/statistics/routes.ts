import type { Database, Feed } from '@lockstep/server';
import type { FastifyInstance } from 'fastify';
import type { Tables } from '../../db/tables.ts';
import { serve } from '../../http/routing.ts';
import type { World } from '../../ports.ts';
import { readSeries } from './series.ts';

export async function statisticsRoutes(
  app: FastifyInstance,
  options: { database: Database<Tables>; feed: Pick<Feed, 'offset'>; world: World },
): Promise<void> {
  const { database, feed, world } = options;

  serve(app, 'getStatsSeries', async ({ reply, query }) => {
    reply.header('lockstep-offset', String(feed.offset()));
    return { data: { points: await readSeries(database, { ...query, now: world.now() }) } };
  });
}
