import type { FastifyInstance } from 'fastify';
import type { Cursors } from '../../http/cursors.ts';
import { Refusal } from '../../http/problems.ts';
import { serve } from '../../http/routing.ts';
import type { History } from './history.ts';

/** Everybody reads their own history; administrators and moderators everybody's, also of the deleted. */
export async function historyRoutes(
  app: FastifyInstance,
  options: { history: History; cursors: Cursors },
): Promise<void> {
  const { history, cursors } = options;

  serve(app, 'getUserHistory', async ({ caller, params, query }) => {
    // Before the question whether there is such a person: who may not read learns nothing.
    if (caller.role === 'user' && caller.id !== params.id) throw new Refusal('forbidden');
    const list = ['history', params.id];
    const [below] = query.cursor === undefined ? [] : cursors.read(list, query.cursor);
    if (below === undefined && !(await history.knows(params.id))) throw new Refusal('not-found');
    const entries = await history.read(
      params.id,
      below === undefined ? null : Number(below),
      query.limit + 1,
    );
    const shown = entries.slice(0, query.limit);
    const last = shown.at(-1);
    const more = entries.length > query.limit && last !== undefined;
    return {
      data: { entries: shown, nextCursor: more ? cursors.make(list, [String(last.version)]) : null },
    };
  });
}
