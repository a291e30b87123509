import type { User } from '@directory/contract';
import { uuidv7 } from '@lockstep/protocol';
import { commitIntent } from '@lockstep/server';
import type { NewChange } from '@lockstep/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Transaction } from 'kysely';
import { asJson, newUser } from '../../db/person.ts';
import type { Tables } from '../../db/tables.ts';
import { fieldRefusal, Refusal } from '../../http/problems.ts';
import { provenanceOf } from '../../http/provenance.ts';
import { serve } from '../../http/routing.ts';
import { commitWrite } from '../../http/writes.ts';
import type { WriteContext } from '../../http/writes.ts';
import type { World } from '../../ports.ts';
import type { AuditNote, NoteMaker } from '../../records.ts';
import {
  createInvitation,
  listInvitations,
  openInvitation,
  takeInvitation,
  withdrawInvitation,
} from './store.ts';
import type { Invitation } from './store.ts';
import { hashOf, tokenOf } from './tokens.ts';

type Tx = Transaction<Tables>;

export interface InvitationRoutesOptions {
  writes: WriteContext;
  world: World;
  /** Makes the links. */
  key: Uint8Array;
  note: NoteMaker;
  /** Counts attempts at guessing a link. */
  throttle: {
    attempt(address: string): Promise<void>;
    succeeded(address: string): Promise<void>;
  };
  people: { add(tx: Tx, user: User, now: string): Promise<NewChange[]> };
  accounts: {
    isWeak(password: string, owner: { name: string; email: string }): boolean;
    hash(password: string): Promise<string>;
    open(tx: Tx, account: { userId: string; hash: string }): Promise<void>;
    /** Opens a session, hands its cookies over, and answers its token. */
    signIn(request: FastifyRequest, reply: FastifyReply, person: User): Promise<string>;
  };
}

/** Invitations: an administrator makes a link, whoever has it makes the account. */
export async function invitationRoutes(
  app: FastifyInstance,
  options: InvitationRoutesOptions,
): Promise<void> {
  const { writes, world, key, note } = options;
  const noteOf = (request: FastifyRequest, action: AuditNote['action'], id: string, details: object) =>
    note(provenanceOf(request, world.now()), {
      action,
      entity: 'invitation',
      entityId: id,
      details: asJson(details),
    });

  serve(app, 'listInvitations', async () => ({
    data: await listInvitations(writes.database.db, world.now()),
  }));

  serve(app, 'createInvitation', async ({ request, reply, caller, body }) => {
    const id = uuidv7(world.now(), world.randomBytes(10));
    const by = { id: caller.id, name: caller.name };
    const text = await commitWrite(writes, request, reply, async (tx) => {
      const tokenHash = hashOf(tokenOf(key, id));
      const { invitation, replaced } = await createInvitation(tx, {
        ...body,
        id,
        tokenHash,
        by,
        nowMs: world.now(),
      });
      const { email, role } = invitation;
      const closing = [noteOf(request, 'invitation.created', id, { email, role, replaced })];
      return { status: 201, body: asJson(invitation), changes: [], closing };
    });
    // What is stored with the key is the invitation alone; the link is made anew for each answer.
    const invitation = readInvitation(text);
    return { data: { invitation, token: tokenOf(key, invitation.id) } };
  });

  serve(app, 'deleteInvitation', async ({ request, reply, params }) =>
    commitWrite(writes, request, reply, async (tx) => {
      const { email, role } = await withdrawInvitation(tx, params.id);
      const closing = [noteOf(request, 'invitation.withdrawn', params.id, { email, role })];
      return { status: 204, body: null, changes: [], closing };
    }),
  );

  acceptRoute(app, options);
}

function acceptRoute(app: FastifyInstance, options: InvitationRoutesOptions): void {
  const { writes, world, note, throttle, people, accounts } = options;

  serve(app, 'acceptInvitation', async ({ request, reply, body }) => {
    await throttle.attempt(request.ip);
    const tokenHash = hashOf(body.token);
    const nowMs = world.now();
    const now = new Date(nowMs).toISOString();
    // Looked at before the costly hash: whoever has no link costs little. Taken for good in the transaction below.
    const invitation = await openInvitation(writes.database.db, tokenHash, now);
    if (invitation === null) throw new Refusal('invitation-used');
    const { email, role } = invitation;
    if (accounts.isWeak(body.password, { name: body.name, email })) {
      throw fieldRefusal('weak-password', '/password', 'is easily guessed');
    }
    const hash = await accounts.hash(body.password);
    const id = uuidv7(nowMs, world.randomBytes(10));
    const person = newUser({ id, name: body.name, email, role, now });
    const provenance = { ...provenanceOf(request, nowMs), actor: { id, name: person.name } };
    await commitIntent(writes.database, { key: null, actor: id, hash: '', now: nowMs }, async (tx) => {
      await takeInvitation(tx, tokenHash, now, id);
      const changes = await people.add(tx, person, now);
      await accounts.open(tx, { userId: id, hash });
      const accepted = note(provenance, {
        action: 'invitation.accepted',
        entity: 'invitation',
        entityId: invitation.id,
        details: { role },
      });
      return { status: 204, body: null, changes, closing: [...writes.record(provenance, changes), accepted] };
    });
    await throttle.succeeded(request.ip);
    return { data: { token: await accounts.signIn(request, reply, person), user: person } };
  });
}

function readInvitation(text: string | undefined): Invitation {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the effect has answered, now or before
  return JSON.parse(text ?? 'null') as Invitation;
}
