import type { Change, Json } from '@lockstep/protocol';
import { createHub } from '@lockstep/server';
import type {
  Authentication,
  Clock,
  Database,
  Feed,
  FullChange,
  Hub,
  Report,
  Subject,
} from '@lockstep/server';
import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../http/caller.ts';
import { credentialOf } from '../../http/guard.ts';
import type { Origins } from '../../http/origins.ts';
import { textMember } from '../../members.ts';

/** A caller on a socket. */
export interface SocketSubject extends Subject {
  readonly caller: Caller;
}

export interface ChannelOptions {
  database: Database;
  feed: Feed;
  origins: Origins;
  /** The feed's name for people. */
  userEntity: string;
  authenticate(token: string): Promise<Caller | null>;
  /** The caller as of now; null where the session has ended. */
  renew(caller: Caller): Promise<Caller | null>;
  authorise(change: FullChange, caller: Caller): Change;
  /** A name for what this caller reads of this change. */
  reach(caller: Caller, change?: FullChange): string;
  clock: Clock;
  report: Report;
}

/** The live channel, in Lockstep's form and in the plain one, and the plain channel of one person. */
export async function channels(app: FastifyInstance, options: ChannelOptions): Promise<Hub<SocketSubject>> {
  const { database, feed, origins, authenticate, renew, authorise, reach, clock, report, userEntity } =
    options;

  const subjectOf = (caller: Caller): SocketSubject => ({
    id: caller.id,
    name: caller.name,
    rights: reach(caller),
    expiresAt: caller.expiresAt,
    caller,
  });
  const admitted = (caller: Caller | null): Authentication<SocketSubject> =>
    caller === null ? { ok: false, code: 'sign-in' } : { ok: true, subject: subjectOf(caller) };
  const admit = async (token: string) => admitted(await authenticate(token));

  const hub = createHub<SocketSubject>({
    feed,
    clock,
    report,
    database,
    // Programs that are no browsers name no origin; they cannot be tricked into sending somebody's cookie either.
    acceptsOrigin: (origin) => origin === undefined || origins.allows(origin),
    authenticateRequest: async (request) => {
      const credential = credentialOf(request);
      return credential === null ? null : admit(credential.token);
    },
    authenticateToken: admit,
    renew: async (subject) => admitted(await renew(subject.caller)),
    authorise: (change, subject) => authorise(change, subject.caller),
    rightsFor: (change, subject) => reach(subject.caller, change),
    acceptsTopic: (topic) => /^user\/[0-9a-f-]{36}$/.test(topic),
  });

  await app.register(
    hub.route({
      plainForm: (change, { offset }) => (change.entity === userEntity ? eventOf(change, offset) : null),
    }),
  );
  await app.register(
    hub.route({
      path: '/users/:id/subscribe',
      lockstep: false,
      scope: (request) => textMember(request.params, 'id') ?? '',
      plainForm: (change, { scope }) =>
        change.entity === userEntity && change.id === scope ? partialOf(change) : null,
    }),
  );
  return hub;
}

const eventNames = { insert: 'USER_CREATED', update: 'USER_UPDATED', delete: 'USER_DELETED' } as const;

/** One event a frame, for clients without a subprotocol. */
export function eventOf(change: FullChange, offset: number): Json {
  return {
    type: eventNames[change.op],
    data: change.row ?? { id: change.id },
    offset,
    version: change.version,
  };
}

/**
 * The fields that changed, whole: a client that lays them over what it has must not lose the rest of a nested object.
 */
export function partialOf(change: FullChange): Json | null {
  const { row, before } = change;
  if (row === undefined) return null;
  if (before === undefined) return row;
  const changed = Object.fromEntries(Object.entries(row).filter(([name]) => Object.hasOwn(before, name)));
  return { id: change.id, version: change.version, ...changed };
}
