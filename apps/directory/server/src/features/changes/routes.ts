import type { Change } from '@lockstep/protocol';
import type { Feed, FullChange } from '@lockstep/server';
import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../http/caller.ts';
import { Refusal } from '../../http/problems.ts';
import { serve } from '../../http/routing.ts';

/** The feed over HTTP: for clients that lost their place, and for scripts. */
export async function changeRoutes(
  app: FastifyInstance,
  options: { feed: Feed; authorise(change: FullChange, caller: Caller): Change },
): Promise<void> {
  const { feed, authorise } = options;

  serve(app, 'readChanges', async ({ caller, reply, query }) => {
    const page = await feed.read(query);
    if (page.kind === 'below-horizon') throw new Refusal('below-horizon');
    if (page.kind === 'ahead') {
      throw new Refusal(
        'below-horizon',
        'The feed has not reached this offset: it belongs to another database.',
      );
    }
    const { changes, offset, horizon, hasMore } = page;
    reply.header('lockstep-offset', String(offset));
    return {
      data: { changes: changes.map((change) => authorise(change, caller)), offset, horizon, hasMore },
    };
  });
}
