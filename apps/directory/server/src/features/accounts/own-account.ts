import type { FastifyInstance } from 'fastify';
import { fieldRefusal, Refusal } from '../../http/problems.ts';
import { serve } from '../../http/routing.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { sessionOf, takeBack } from './session-answers.ts';
import type { AccountRoutesOptions } from './routes.ts';
import { isGuessedFirst } from './weak-passwords.ts';

/** What people do with their own account: look at their sessions, end one, change the password. */
export function ownAccountRoutes(app: FastifyInstance, options: AccountRoutesOptions): void {
  const { database, world, access, sessions, throttle, notes } = options;
  const iso = () => new Date(world.now()).toISOString();

  serve(app, 'listSessions', async ({ caller }) => {
    const rows = await database.db
      .selectFrom('sessions')
      .selectAll()
      .where('user_id', '=', caller.id)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', iso())
      .orderBy('last_used_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
    return { data: rows.map((row) => sessionOf(row, caller.sessionId)) };
  });

  serve(app, 'endSession', async ({ request, reply, caller, params }) => {
    const own = await database.db
      .selectFrom('sessions')
      .select('id')
      .where('id', '=', params.id)
      .where('user_id', '=', caller.id)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', iso())
      .executeTakeFirst();
    // Somebody else's session is as unknown as one that never was.
    if (own === undefined) throw new Refusal('not-found');
    await sessions.close(params.id, caller.id, notes.sessionEnded(request, params.id));
    access.forget(params.id);
    if (params.id === caller.sessionId) takeBack(reply);
    return undefined;
  });

  serve(app, 'changePassword', async ({ request, caller, body }) => {
    const owner = await database.db
      .selectFrom('people')
      .innerJoin('credentials', 'credentials.user_id', 'people.id')
      .select(['people.email', 'people.name', 'credentials.hash'])
      .where('people.id', '=', caller.id)
      .executeTakeFirst();
    if (owner === undefined) throw new Refusal('wrong-password');
    // Whoever found an open browser must not guess here without limit either.
    await notes.throttled(request, throttle.attempt(owner.email, request.ip));
    if (!(await checkPassword(owner.hash, body.currentPassword))) {
      await notes.passwordRefused(request);
      throw fieldRefusal('wrong-password', '/currentPassword', 'is not the current password');
    }
    await throttle.succeeded(owner.email, request.ip);
    if (isGuessedFirst(body.newPassword, owner)) {
      throw fieldRefusal('weak-password', '/newPassword', 'is easily guessed');
    }
    const hash = await hashPassword(body.newPassword);
    await sessions.closeAll(caller.id, caller.id, caller.sessionId, async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('credentials')
        .set({ hash, initial: false, changed_at: iso() })
        .where('user_id', '=', caller.id)
        // Another change may have come first: then the current password is another one.
        .where('hash', '=', owner.hash)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw new Refusal('wrong-password');
      await notes.passwordChanged(request)(tx);
    });
    return undefined;
  });
}
