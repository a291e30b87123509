import { emailKey } from '@directory/contract';
import type { User } from '@directory/contract';
import type { Database } from '@lockstep/server';
import type { FastifyInstance } from 'fastify';
import { userOf } from '../../db/person.ts';
import type { Tables } from '../../db/tables.ts';
import { cookieOf, refreshCookie } from '../../http/cookies.ts';
import { Refusal } from '../../http/problems.ts';
import { serve } from '../../http/routing.ts';
import type { AccountNotes } from './notes.ts';
import { ownAccountRoutes } from './own-account.ts';
import type { World } from '../../ports.ts';
import type { Access } from './access.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { clientOf, handOver, sessionOf, takeBack } from './session-answers.ts';
import type { Sessions } from './sessions.ts';
import type { SignInThrottle } from './throttle.ts';
import type { AccessTokens } from './tokens.ts';

export interface AccountRoutesOptions {
  database: Database<Tables>;
  world: World;
  access: Access;
  sessions: Sessions;
  tokens: AccessTokens;
  throttle: SignInThrottle;
  notes: AccountNotes;
}

/** Signing in, staying signed in, signing out. */
export async function accountRoutes(app: FastifyInstance, options: AccountRoutesOptions): Promise<void> {
  const { database, world, access, sessions, tokens, throttle, notes } = options;
  // An unknown address costs the same work as a known one, so that time does not tell them apart.
  const nobody = await hashPassword(Buffer.from(world.randomBytes(16)).toString('hex'));

  const personById = async (id: string): Promise<User> =>
    userOf(await database.db.selectFrom('people').selectAll().where('id', '=', id).executeTakeFirstOrThrow());

  serve(app, 'login', async ({ request, reply, body }) => {
    await notes.throttled(request, throttle.attempt(body.email, request.ip));
    const found = await database.db
      .selectFrom('people')
      .innerJoin('credentials', 'credentials.user_id', 'people.id')
      .selectAll('people')
      .select('credentials.hash')
      .where('email_key', '=', emailKey(body.email))
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
    const matches = await checkPassword(found?.hash ?? nobody, body.password);
    if (found === undefined || !matches || found.status !== 'active') {
      await notes.refused(request, found);
      throw new Refusal('wrong-credentials');
    }
    await throttle.succeeded(body.email, request.ip);
    const token = handOver(
      reply,
      tokens,
      await sessions.open(found.id, clientOf(request), notes.signedIn(request, found)),
    );
    return { data: { token, user: userOf(found) } };
  });

  serve(app, 'refresh', async ({ request, reply }) => {
    const presented = cookieOf(request, refreshCookie);
    const opened = presented === undefined ? null : await sessions.refresh(presented, notes.reused(request));
    if (opened === null) {
      takeBack(reply);
      throw new Refusal('not-signed-in');
    }
    return { token: handOver(reply, tokens, opened) };
  });

  serve(app, 'logout', async ({ request, reply, caller }) => {
    const presented = cookieOf(request, refreshCookie);
    if (presented !== undefined) await sessions.closeByToken(presented);
    if (caller !== null) {
      await sessions.close(caller.sessionId, caller.id, notes.signedOut(request));
      access.forget(caller.sessionId);
    }
    takeBack(reply);
    return undefined;
  });

  ownAccountRoutes(app, options);

  serve(app, 'getSession', async ({ caller }) => {
    const session = await database.db
      .selectFrom('sessions')
      .selectAll()
      .where('id', '=', caller.sessionId)
      .executeTakeFirstOrThrow();
    return { data: { user: await personById(caller.id), session: sessionOf(session, caller.sessionId) } };
  });
}
