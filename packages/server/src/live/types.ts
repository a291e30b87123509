import type { Change, Json, ServerFrame } from '@lockstep/protocol';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { Clock, Report } from '../core/ports.ts';
import type { Database } from '../database/index.ts';
import type { Feed, FullChange } from '../feed/index.ts';

/** Why a client must read anew. */
export type ResetReason = Extract<ServerFrame, { type: 'RESET' }>['reason'];

/** Who a socket belongs to. Applications add fields of their own. */
export interface Subject {
  /** The person; `end` and `reset` name it. */
  readonly id: string;
  /** A name for what this subject may read. Two subjects with the same `rights` get the same bytes; see `rightsFor` for exceptions by row. */
  readonly rights: string;
  /** What others see of it in presence lists. */
  readonly name: string;
  /** When its sign-in ends, in ms since the epoch; the socket is then closed with 4401 unless a new `AUTH` came. Default: never. */
  readonly expiresAt?: number;
}

/** `ok: false` closes with 4401 (`sign-in`) or 4403 (`forbidden`). */
export type Authentication<S extends Subject> =
  | { ok: true; subject: S }
  | { ok: false; code: 'sign-in' | 'forbidden' };

export interface HubOptions<S extends Subject> {
  feed: Feed;
  /** Before the upgrade. False answers 403 without a socket. Decides by `Origin` (absent for programs that are not browsers). */
  acceptsOrigin(origin: string | undefined, request: FastifyRequest): boolean;
  /** By the handshake (a session cookie, a Bearer header). Null: nothing was sent, so wait for a first frame `AUTH`. */
  authenticateRequest(request: FastifyRequest): Promise<Authentication<S> | null>;
  /** By the token of a frame `AUTH`; also on a signed-in socket, to renew it. */
  authenticateToken(token: string): Promise<Authentication<S>>;
  /**
   * What the subject may read of a change: the change itself, one with fewer fields, or `{ op: 'none' }`. Must depend on nothing but the
   * change and `rightsFor(change, subject)`: the answer is computed once for all sockets of equal rights. Never mutate the change.
   */
  authorise(change: FullChange, subject: S): Change;
  /** Where rights depend on the row too (a person reads more of the own row). Default: `subject.rights`. */
  rightsFor?(change: FullChange, subject: S): string;
  /** May the subject join this presence topic? Default: none. */
  acceptsTopic?(topic: string, subject: S): boolean | Promise<boolean>;
  /** The subject as it is now, after its rights changed; asked by `reset`. Default: the same subject. */
  renew?(subject: S): Promise<Authentication<S>>;
  /** Carries presence, `end` and `reset` to every node on this database. Default: this process alone. */
  database?: Database;
  limits?: Partial<HubLimits>;
  clock?: Clock;
  report?: Report;
}

export interface HubLimits {
  /** Largest frame a client may send, in bytes; above it 1009. Default 16 KiB. */
  frameBytes: number;
  /** Frames a client may send in 10 s; above it 1008. Default 200. */
  framesPer10s: number;
  /**
   * Unsent bytes that one socket may hold. From a quarter of it on, the socket gets the feed in pages at its own pace; past it, or when
   * a page does not leave within `stallMs`, it is cut off with 1013. Default 4 MiB.
   */
  bufferBytes: number;
  /** See `bufferBytes`, in ms. Default 30,000. */
  stallMs: number;
  /** The server pings this often, in ms; a ping unanswered until the next one ends the socket. Default 25,000. */
  heartbeatMs: number;
  /** Time for the first `AUTH`, in ms; then 4401. Default 10,000. */
  authMs: number;
  /** Sockets in this process; above it the handshake answers 503. Default 20,000. */
  sockets: number;
  /** Sockets of one subject; above it the oldest is closed with 1008. Default 100. */
  socketsPerSubject: number;
  /** Topics one socket may join. Default 64. */
  topicsPerSocket: number;
}

/** One route that sockets arrive on. */
export interface ChannelRoute<S extends Subject> {
  /** Default `/realtime`. May hold parameters. */
  path?: string;
  /** Speak `lockstep.v1` where the client asks for it. Default true. */
  lockstep?: boolean;
  /**
   * For clients without a subprotocol: what to send for a change that the subject may read, or null for nothing. One JSON text a frame.
   * `scope` is the socket's own (below). Computed once for all sockets of equal rights and scope. Absent: such clients are closed with 4426.
   */
  plainForm?: (change: FullChange, context: { offset: number; scope: string }) => Json | null;
  /** What plain sockets on this route are about, by the handshake (a path parameter). Default `''`. */
  scope?(request: FastifyRequest): string;
  /** May this subject use the route at all? False: 4403. Default true. */
  acceptsSubject?: (subject: S, request: FastifyRequest) => boolean;
}

/** The live side of the feed: every socket gets what its subject may read, in order, from where it stopped. */
export interface Hub<S extends Subject> {
  /** A Fastify plugin with one route; register it once per route. */
  route(options?: ChannelRoute<S>): FastifyPluginAsync;
  /** Closes every socket of a subject, now. `sign-in` is 4401, `forbidden` 4403. Answers how many there were in this process. */
  end(subjectId: string, code: 'sign-in' | 'forbidden'): number;
  /**
   * From this moment nothing is sent under the subject's old rights; `renew` gives the new ones, then its sockets are told `RESET`
   * and go on. Every subject where `subjectId` is null. Answers how many sockets there were in this process.
   */
  reset(subjectId: string | null, reason: ResetReason): number;
  /** For metrics. */
  stats(): HubStats;
  /** Refuses newcomers and closes every socket with 1012; resolves when all are gone or after `withinMs` (default 2,000). */
  drain(withinMs?: number): Promise<void>;
}

export interface HubStats {
  sockets: number;
  subjects: number;
  topics: number;
  framesSent: number;
  framesReceived: number;
  /** Serialisations: one per batch and class of rights, whatever the number of sockets. */
  serialised: number;
  slowConsumersCut: number;
}
