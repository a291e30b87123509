import { isIP } from 'node:net';
import type { Change } from '@lockstep/protocol';
import { createFeed, systemClock } from '@lockstep/server';
import type { Database, Feed, FeedOptions, FullChange } from '@lockstep/server';
import Fastify, { LogController } from 'fastify';
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import { loadKeys } from './db/keys.ts';
import { userEntity } from './db/person.ts';
import type { Tables } from './db/tables.ts';
import {
  accountRoutes,
  clientOf,
  createAccess,
  createAccessTokens,
  createAccountNotes,
  createSessions,
  createSignInThrottle,
  handOver,
  hashPassword,
  isGuessedFirst,
  sessionEntity,
  writeCredential,
} from './features/accounts/index.ts';
import { auditRoutes } from './features/audit/index.ts';
import { changeRoutes, channels } from './features/changes/index.ts';
import { historyRoutes } from './features/history/index.ts';
import {
  createActivity,
  createTotals,
  peopleRoutes,
  reachInto,
  reachOf,
  readableChange,
  save,
} from './features/people/index.ts';
import { forgetEnded, invitationRoutes, rememberedMs } from './features/invitations/index.ts';
import { compactMovements, statisticsRoutes } from './features/statistics/index.ts';
import {
  forgetDeleted,
  viewChangeReach,
  viewEntity,
  viewRoutes,
  visibleViewChange,
} from './features/views/index.ts';
import type { Caller } from './http/caller.ts';
import { createCursors } from './http/cursors.ts';
import { guard } from './http/guard.ts';
import { operationRoutes } from './http/operation.ts';
import { createOrigins } from './http/origins.ts';
import type { Origins } from './http/origins.ts';
import { answerWithProblems, refusalOf, sendProblem } from './http/problems.ts';
import { secureAnswer, secureAnswers } from './http/security-headers.ts';
import { readStrictJson } from './http/strict-json.ts';
import { webFiles } from './http/web-files.ts';
import type { WriteContext } from './http/writes.ts';
import { realWorld } from './ports.ts';
import type { World } from './ports.ts';
import { createRecorders } from './recorders.ts';
import { defaultRetention } from './retention.ts';
import type { Retention } from './retention.ts';

export interface AppOptions {
  /** Open, and migrated by `migrate`. Stays open when the app closes. */
  database: Database<Tables>;
  world?: World;
  origins?: Origins;
  /** The folder of the built web application; null serves the API alone. */
  webRoot?: string | null;
  /** Addresses of reverse proxies whose X-Forwarded-* headers are believed. Default: nobody's. */
  trustedProxies?: readonly string[];
  logger?: FastifyServerOptions['logger'];
  feed?: FeedOptions;
  /** How long histories and the audit are kept. */
  retention?: Retention;
}

export interface DirectoryApp {
  readonly app: FastifyInstance;
  readonly feed: Feed;
  readonly origins: Origins;
  /** Refuses newcomers, closes sockets with 1012, waits for what runs, and ends. The database stays open. */
  close(): Promise<void>;
}

const bodyLimit = 1024 * 1024;
const sweepMs = 60 * 60 * 1000;

/** Longer than any client may be away and resume. */
const tombstoneMs = 30 * 24 * sweepMs;

/** Puts the server together: every feature knows the database and HTTP, none knows another. */
export async function createApp(options: AppOptions): Promise<DirectoryApp> {
  const { database, world = realWorld, origins = createOrigins([]), webRoot = null } = options;
  const now = () => world.now();
  const requestId = requestIds(world);
  const app = Fastify({
    logger: options.logger ?? false,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    requestIdHeader: false,
    trustProxy: trustOf(options.trustedProxies ?? []),
    bodyLimit,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    requestTimeout: 60_000,
    exposeHeadRoutes: true,
    frameworkErrors: (error, request, reply) => {
      secureAnswer(request, reply);
      sendProblem(reply, refusalOf(error));
    },
  });
  const report = (problem: unknown, doing: string) => app.log.warn({ err: problem }, doing);
  const keys = await loadKeys(database, world);
  const clock = { ...systemClock, now };
  const feed = createFeed(database, { clock, report, ...options.feed });
  await feed.start();

  const tokens = createAccessTokens(keys.accessTokens, now);
  const sessions = createSessions(database, world);
  const throttle = createSignInThrottle(database, now);
  const access = createAccess({ database, feed, tokens, now });
  const activity = createActivity({ database, now, report: (problem) => report(problem, 'noting activity') });
  const totals = createTotals({ database, feed, now });
  const cursors = createCursors(keys.cursors);
  const authenticate = (token: string) => access.authenticate(token);
  const { history, audit, record } = createRecorders(database, world);
  const writes: WriteContext = { database, feed, now, record };
  const notes = createAccountNotes({ audit, now });
  const { historyMs, auditMs } = options.retention ?? defaultRetention;

  readStrictJson(app);
  answerWithProblems(app);
  secureAnswers(app);
  logAnswers(app);
  guard(app, { origins, authenticate, onSeen: (caller) => activity.seen(caller) });

  const hub = await channels(app, {
    database,
    feed,
    origins,
    userEntity,
    authenticate,
    authorise,
    renew: (caller) => access.callerOf(caller.sessionId, caller.id),
    reach,
    clock,
    report,
  });
  const operation = operationRoutes(app, {
    database,
    figures: {
      sockets: () => hub.stats().sockets,
      feedOffset: () => feed.offset(),
      slowConsumersCut: () => hub.stats().slowConsumersCut,
    },
  });
  await app.register(accountRoutes, { database, world, access, sessions, tokens, throttle, notes });
  await app.register(peopleRoutes, { database, feed, totals, cursors, world, record });
  await app.register(changeRoutes, { feed, authorise });
  await app.register(historyRoutes, { history, cursors });
  await app.register(auditRoutes, { audit, cursors });
  await app.register(statisticsRoutes, { database, feed, world });
  await app.register(viewRoutes, { writes, world });
  await app.register(invitationRoutes, {
    writes,
    world,
    key: keys.invitations,
    note: audit.note,
    throttle: {
      attempt: (address) => throttle.guess('invitation', address),
      succeeded: (address) => throttle.guessed('invitation', address),
    },
    people: { add: (tx, user, at) => save(tx, [{ op: 'insert', user }], at) },
    accounts: {
      isWeak: isGuessedFirst,
      hash: hashPassword,
      open: (tx, { userId, hash }) => writeCredential(tx, { userId, hash, initial: false, now: now() }),
      signIn: async (request, reply, person) => {
        const opened = await sessions.open(person.id, clientOf(request), notes.signedIn(request, person));
        return handOver(reply, tokens, opened);
      },
    },
  });
  if (webRoot !== null) await servePages(app, webRoot, world);

  // After `access`, which follows first: whoever reconnects is then judged by what they may do now.
  const stopEnding = feed.follow(({ changes }) => {
    for (const change of changes) {
      if (change.entity === sessionEntity) {
        const userId = change.before?.['userId'];
        if (typeof userId === 'string') hub.end(userId, 'sign-in');
      } else if (change.entity === userEntity) {
        if (change.op === 'delete' || change.row?.['status'] === 'disabled') hub.end(change.id, 'sign-in');
        else if (change.before !== undefined && 'role' in change.before) hub.reset(change.id, 'rights');
      }
    }
  });
  const sweeping = setInterval(() => {
    const sweeps = [
      sessions.sweep(),
      throttle.sweep(),
      history.forget(now() - historyMs),
      audit.forget(now() - auditMs),
      compactMovements(database, now()),
      forgetDeleted(database.db, now() - tombstoneMs),
      forgetEnded(database.db, now() - rememberedMs),
    ];
    Promise.all(sweeps).catch((error: unknown) => report(error, 'sweeping'));
  }, sweepMs);
  sweeping.unref();

  return {
    app,
    feed,
    origins,
    async close() {
      clearInterval(sweeping);
      operation.drain();
      await hub.drain();
      await app.close();
      await activity.idle();
      stopEnding();
      access.stop();
      totals.stop();
      await feed.stop();
    },
  };
}

/** What a caller may read of a change. Changes of anything else are nobody's business, yet they keep offsets dense. */
function authorise(change: FullChange, caller: Caller): Change {
  if (change.entity === userEntity) return readableChange(change, reachInto(caller, change.id));
  if (change.entity === viewEntity) return visibleViewChange(change, viewChangeReach(change, caller));
  return { op: 'none' };
}

/** A name for all that `authorise` depends on beside the change. */
function reach(caller: Caller, change?: FullChange): string {
  if (change === undefined) return reachOf(caller.role);
  return change.entity === viewEntity ? viewChangeReach(change, caller) : reachInto(caller, change.id);
}

/** Pages for people, for every address that is neither the API's nor a file's. */
async function servePages(app: FastifyInstance, root: string, world: World): Promise<void> {
  const page = await webFiles(app, {
    root,
    nonce: () => Buffer.from(world.randomBytes(16)).toString('base64'),
  });
  app.get('/', (_request, reply) => page(reply));
  app.get('/*', (request, reply) => {
    const [path = ''] = request.url.split('?', 1);
    const isPage = !path.startsWith('/api/') && !/\.[a-z0-9]+$/i.test(path);
    if (!isPage) {
      reply.callNotFound();
      return reply;
    }
    return page(reply);
  });
}

/** One line for each write and each failure; reads that succeed only at level debug. */
function logAnswers(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    const level =
      reply.statusCode >= 500
        ? 'error'
        : request.method !== 'GET' || reply.statusCode >= 400
          ? 'info'
          : 'debug';
    request.log[level](
      {
        method: request.method,
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        user: request.caller?.id,
        address: request.ip,
      },
      'answered',
    );
    done();
  });
}

/** Unique among nodes and starts, and cheap: a random beginning, then a count. */
function requestIds(world: World): () => string {
  const start = Buffer.from(world.randomBytes(9)).toString('base64url');
  let count = 0;
  return () => {
    count += 1;
    return `${start}-${count.toString(36)}`;
  };
}

function trustOf(proxies: readonly string[]): false | string[] {
  const known = proxies.filter((entry) => isIP(entry.split('/')[0] ?? '') !== 0);
  return known.length === 0 ? false : known;
}
