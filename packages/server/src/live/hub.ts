import { randomUUID } from 'node:crypto';
import { CLOSE, PROTOCOL_VERSION, readClientFrame } from '@lockstep/protocol';
import type { ClientFrame } from '@lockstep/protocol';
import { systemClock } from '../core/ports.ts';
import type { Connection } from './connection.ts';
import { Delivery } from './delivery.ts';
import { noNodes, nodesOn } from './nodes.ts';
import type { NodeMessage } from './nodes.ts';
import { Presence } from './presence.ts';
import { createRoutes } from './route.ts';
import type { Authentication, Hub, HubLimits, HubOptions, ResetReason, Subject } from './types.ts';

const DEFAULT_LIMITS: HubLimits = {
  frameBytes: 16 * 1024,
  framesPer10s: 200,
  bufferBytes: 4 * 1024 * 1024,
  stallMs: 30_000,
  heartbeatMs: 25_000,
  authMs: 10_000,
  sockets: 20_000,
  socketsPerSubject: 100,
  topicsPerSocket: 64,
};

/** Heartbeats go out in slices, so that ten thousand sockets are not asked in one moment. */
const SLICES = 16;
const RENEWALS_AT_ONCE = 8;

const PING = JSON.stringify({ type: 'PING' });
const PONG = JSON.stringify({ type: 'PONG' });

/** The live side of a started feed; one per process. Register `route()` on the Fastify instance's root. */
export function createHub<S extends Subject>(options: HubOptions<S>): Hub<S> {
  const hub = new LiveHub(options);
  return {
    route: createRoutes(hub, options),
    end: (subjectId, code) => hub.endEverywhere(subjectId, code),
    reset: (subjectId, reason) => hub.resetEverywhere(subjectId, reason),
    stats: () => hub.stats(),
    drain: (withinMs = 2_000) => hub.drain(withinMs),
  };
}

export class LiveHub<S extends Subject> {
  readonly limits: HubLimits;
  readonly #options: HubOptions<S>;
  readonly #clock;
  readonly #report;
  readonly #delivery: Delivery<S>;
  readonly #presence: Presence<S>;
  readonly #nodes;
  readonly #connections = new Set<Connection<S>>();
  readonly #bySubject = new Map<string, Set<Connection<S>>>();
  /** Sockets that have yet to say AUTH. */
  readonly #waiting = new Map<Connection<S>, { accepts: (subject: S) => boolean; cancel: () => void }>();
  readonly #ends: (() => void)[];
  #slices: Connection<S>[][] = [];
  #opened: Promise<void> | null = null;
  #draining = false;
  #framesReceived = 0;
  #slowConsumersCut = 0;
  #emptied: () => void = () => {};

  constructor(options: HubOptions<S>) {
    this.#options = options;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#report = options.report ?? (() => {});
    this.#delivery = new Delivery({
      feed: options.feed,
      rights: options,
      limits: this.limits,
      clock: this.#clock,
      report: this.#report,
      cutOff: (connection) => this.#cutOff(connection),
      giveUp: (connection) => this.#close(connection, CLOSE.tryLater, 'try later'),
      startOver: (connection, reason) => {
        if (connection === null) this.#reset(null, reason);
        else this.#startOver(connection, reason);
      },
    });
    this.#nodes =
      options.database === undefined ? noNodes : nodesOn(options.database, randomUUID(), this.#report);
    this.#presence = new Presence({
      clock: this.#clock,
      tell: (connection, text) => this.#delivery.send(connection, text),
      publish: (message) => void this.#nodes.send(message),
    });
    this.#ends = [
      () => this.#delivery.stop(),
      this.#clock.every(this.limits.heartbeatMs / SLICES, () => this.#beat()),
    ];
  }

  get isFull(): boolean {
    return this.#draining || this.#connections.size >= this.limits.sockets;
  }

  /** Joins the hubs of the other nodes, once. */
  open(): Promise<void> {
    this.#opened ??= this.#nodes.open(
      (from, message) => this.#hear(from, message),
      // What the other nodes said meanwhile is lost: ask for everybody's rights.
      () => void this.#renewAll([...this.#connections], null),
    );
    return this.#opened;
  }

  /** A socket arrived; `subject` is null where it has to say AUTH first. */
  admit(connection: Connection<S>, signIn: Authentication<S> | null, accepts: (subject: S) => boolean): void {
    this.#connections.add(connection);
    if (this.#draining) this.#close(connection, CLOSE.restart, 'restarting');
    else if (signIn !== null) this.#signIn(connection, signIn, accepts);
    else {
      const { turn } = connection;
      const cancel = this.#clock.after(this.limits.authMs, () => {
        if (connection.turn === turn) this.#close(connection, CLOSE.signInAgain, 'sign in');
      });
      this.#waiting.set(connection, { accepts, cancel });
    }
  }

  /** The socket is gone. */
  dismiss(connection: Connection<S>): void {
    this.#retire(connection);
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#emptied();
  }

  receive(connection: Connection<S>, text: string | null): void {
    if (connection.phase === 'closed') return;
    this.#framesReceived += 1;
    connection.pinged = false;
    const now = this.#clock.now();
    if (now - connection.windowStart >= 10_000) {
      connection.windowStart = now;
      connection.windowFrames = 0;
    }
    connection.windowFrames += 1;
    if (connection.windowFrames > this.limits.framesPer10s)
      return this.#close(connection, CLOSE.policy, 'too many frames');
    if (text === null) return this.#close(connection, CLOSE.policy, 'text frames only');
    const read = readClientFrame(text);
    if (!read.ok) {
      // Programs of the plain form may say things of their own; a newer client may know more frames.
      if (!connection.framed || read.reason === 'unknown-type') return;
      return this.#close(connection, CLOSE.policy, read.reason);
    }
    const { frame } = read;
    if (connection.busy !== null) {
      this.#queue(connection, connection.busy, frame);
      return;
    }
    const work = this.#handle(connection, frame);
    if (work !== null) this.#queue(connection, work, null);
  }

  /** Keeps the order of frames where one takes time; `next` is handled after `before`. */
  #queue(connection: Connection<S>, before: Promise<void>, next: ClientFrame | null): void {
    const busy = (async () => {
      await before;
      if (next !== null) await this.#handle(connection, next);
    })().finally(() => {
      if (connection.busy === busy) connection.busy = null;
    });
    connection.busy = busy;
  }

  ponged(connection: Connection<S>): void {
    connection.pinged = false;
  }

  endEverywhere(subjectId: string, code: 'sign-in' | 'forbidden'): number {
    void this.#nodes.send({ kind: 'end', subject: subjectId, code });
    return this.#end(subjectId, code);
  }

  resetEverywhere(subjectId: string | null, reason: ResetReason): number {
    void this.#nodes.send({ kind: 'reset', subject: subjectId, reason });
    return this.#reset(subjectId, reason);
  }

  stats() {
    return {
      sockets: this.#connections.size,
      subjects: this.#bySubject.size,
      topics: this.#presence.topics,
      framesSent: this.#delivery.framesSent,
      framesReceived: this.#framesReceived,
      serialised: this.#delivery.serialised,
      slowConsumersCut: this.#slowConsumersCut,
    };
  }

  async drain(withinMs: number): Promise<void> {
    if (!this.#draining) {
      this.#draining = true;
      for (const end of this.#ends) end();
      this.#presence.stop();
    }
    for (const connection of this.#connections) this.#close(connection, CLOSE.restart, 'restarting');
    if (this.#connections.size > 0) {
      await new Promise<void>((done) => {
        const cancel = this.#clock.after(withinMs, done);
        this.#emptied = () => {
          cancel();
          done();
        };
      });
      for (const connection of this.#connections) connection.socket.terminate();
    }
    await this.#nodes.close();
  }

  // --- signing in ---

  #signIn(connection: Connection<S>, signIn: Authentication<S>, accepts: (subject: S) => boolean): void {
    if (!signIn.ok) return this.#refuse(connection, signIn.code);
    const { subject } = signIn;
    if (!accepts(subject)) return this.#refuse(connection, 'forbidden');
    connection.subject = subject;
    let own = this.#bySubject.get(subject.id);
    if (own === undefined) this.#bySubject.set(subject.id, (own = new Set()));
    own.add(connection);
    if (own.size > this.limits.socketsPerSubject) {
      const [oldest] = own;
      if (oldest !== undefined) this.#close(oldest, CLOSE.policy, 'too many connections');
    }
    if (connection.phase !== 'signing-in') return;
    const { feed } = this.#options;
    if (connection.framed) {
      connection.phase = 'greeted';
      const now = new Date(this.#clock.now()).toISOString();
      this.#delivery.send(
        connection,
        JSON.stringify({
          type: 'HELLO',
          offset: feed.offset(),
          horizon: feed.horizon(),
          protocol: PROTOCOL_VERSION,
          now,
        }),
      );
    } else {
      connection.position = feed.offset();
      void this.#delivery.catchUp(connection);
    }
  }

  async #authenticate(connection: Connection<S>, token: string): Promise<void> {
    const signIn = await this.#options.authenticateToken(token).catch((error: unknown) => {
      this.#report(error, 'signing a socket in');
      return null;
    });
    if (connection.phase === 'closed') return;
    if (signIn === null) return this.#close(connection, CLOSE.tryLater, 'try later');
    const waiting = this.#waiting.get(connection);
    if (waiting !== undefined) {
      waiting.cancel();
      this.#waiting.delete(connection);
      return this.#signIn(connection, signIn, waiting.accepts);
    }
    this.#renewed(connection, signIn, null);
  }

  #refuse(connection: Connection<S>, code: 'sign-in' | 'forbidden'): void {
    if (code === 'sign-in') this.#close(connection, CLOSE.signInAgain, 'sign in');
    else this.#close(connection, CLOSE.forbidden, 'forbidden');
  }

  // --- what clients say ---

  /** A promise where it takes time; then later frames wait for it. */
  #handle(connection: Connection<S>, frame: ClientFrame): Promise<void> | null {
    if (connection.phase === 'closed') return null;
    if (frame.type === 'PING') {
      this.#delivery.send(connection, PONG);
      return null;
    }
    if (frame.type === 'PONG') return null;
    if (frame.type === 'AUTH') return this.#authenticate(connection, frame.token);
    if (connection.subject === null) {
      this.#close(connection, CLOSE.signInAgain, 'sign in');
      return null;
    }
    if (!connection.framed) return null;
    switch (frame.type) {
      case 'RESUME':
        connection.position = frame.since;
        // While its rights are being read anew it goes on afterwards, by RESET.
        if (connection.phase !== 'renewing') void this.#delivery.catchUp(connection);
        return null;
      case 'SUBSCRIBE':
        return this.#subscribe(connection, frame.topic, connection.subject);
      case 'UNSUBSCRIBE':
        this.#presence.leave(connection, frame.topic);
        return null;
      case 'PRESENCE': {
        const { state, field } = frame;
        const doing = state === 'gone' ? null : { state, ...(field === undefined ? {} : { field }) };
        // Not joined: it was told nobody is there, or left already. Nothing to do for it.
        this.#presence.set(connection, frame.topic, doing);
        return null;
      }
    }
    return null;
  }

  async #subscribe(connection: Connection<S>, topic: string, subject: S): Promise<void> {
    const joined = connection.topics?.size ?? 0;
    if (joined >= this.limits.topicsPerSocket && connection.topics?.has(topic) !== true) {
      return this.#close(connection, CLOSE.policy, 'too many topics');
    }
    let accepted = false;
    try {
      accepted = (await this.#options.acceptsTopic?.(topic, subject)) ?? false;
    } catch (error) {
      this.#report(error, 'joining a topic');
    }
    if (connection.subject === null || connection.phase === 'closed') return;
    if (accepted) this.#presence.join(connection, topic);
    // Says nothing of whether the topic exists.
    else this.#delivery.send(connection, JSON.stringify({ type: 'PRESENCE', topic, people: [] }));
  }

  /** The client drops what it has and reads anew; it says RESUME when it has done so. */
  #startOver(connection: Connection<S>, reason: ResetReason): void {
    this.#delivery.halt(connection);
    if (connection.framed) {
      connection.phase = 'greeted';
      this.#delivery.send(connection, JSON.stringify({ type: 'RESET', reason }));
    } else {
      connection.position = this.#options.feed.offset();
      void this.#delivery.catchUp(connection);
    }
  }

  #cutOff(connection: Connection<S>): void {
    if (connection.phase === 'closed') return;
    this.#slowConsumersCut += 1;
    this.#close(connection, CLOSE.tryLater, 'too slow');
    // The close frame waits behind what the peer does not read.
    this.#clock.after(2_000, () => connection.socket.terminate());
  }

  // --- rights ---

  #end(subjectId: string, code: 'sign-in' | 'forbidden'): number {
    const own = [...(this.#bySubject.get(subjectId) ?? [])];
    for (const connection of own) this.#refuse(connection, code);
    return own.length;
  }

  #reset(subjectId: string | null, reason: ResetReason): number {
    const all = subjectId === null ? this.#connections : (this.#bySubject.get(subjectId) ?? []);
    const signedIn = [...all].filter(({ subject, phase }) => subject !== null && phase !== 'closed');
    for (const connection of signedIn) {
      this.#delivery.halt(connection);
      connection.phase = 'renewing';
    }
    void this.#renewAll(signedIn, reason);
    return signedIn.length;
  }

  async #renewAll(connections: Connection<S>[], reason: ResetReason | null): Promise<void> {
    const waiting = connections.values();
    const worker = async () => {
      for (const connection of waiting) {
        const { subject, turn } = connection;
        if (subject === null || connection.phase === 'closed') continue;
        try {
          const signIn = (await this.#options.renew?.(subject)) ?? { ok: true, subject };
          if (reason === null || connection.turn === turn) this.#renewed(connection, signIn, reason);
        } catch (error) {
          this.#report(error, "renewing a socket's rights");
          this.#close(connection, CLOSE.tryLater, 'try later');
        }
      }
    };
    await Promise.all(Array.from({ length: RENEWALS_AT_ONCE }, worker));
  }

  /** Takes a subject's new rights. `reason` null: only where they differ must the client start over. */
  #renewed(connection: Connection<S>, signIn: Authentication<S>, reason: ResetReason | null): void {
    const old = connection.subject;
    if (connection.phase === 'closed' || old === null) return;
    if (!signIn.ok) return this.#refuse(connection, signIn.code);
    // A socket never changes hands.
    if (signIn.subject.id !== old.id) return this.#refuse(connection, 'sign-in');
    connection.subject = signIn.subject;
    if (reason !== null) this.#startOver(connection, reason);
    else if (signIn.subject.rights !== old.rights) this.#startOver(connection, 'rights');
  }

  #hear(from: string, message: NodeMessage): void {
    switch (message.kind) {
      case 'end':
        this.#end(message.subject, message.code);
        return;
      case 'reset':
        this.#reset(message.subject, message.reason);
        return;
      case 'presence':
        this.#presence.receive(from, message.topic, message.people);
        return;
      case 'ask':
        this.#presence.answer(message.topic);
    }
  }

  // --- life ---

  #beat(): void {
    if (this.#slices.length === 0) {
      const all = [...this.#connections];
      const size = Math.ceil(all.length / SLICES);
      this.#slices = Array.from({ length: SLICES }, (_, index) =>
        all.slice(index * size, (index + 1) * size),
      );
    }
    const now = this.#clock.now();
    for (const connection of this.#slices.pop() ?? []) {
      if (connection.phase === 'closed') continue;
      if (connection.pinged) {
        connection.socket.terminate();
        continue;
      }
      if ((connection.subject?.expiresAt ?? Infinity) <= now) {
        this.#close(connection, CLOSE.signInAgain, 'sign in');
        continue;
      }
      connection.pinged = true;
      if (connection.framed) this.#delivery.send(connection, PING);
      else connection.socket.ping();
    }
  }

  #close(connection: Connection<S>, code: number, reason: string): void {
    if (connection.phase === 'closed') return;
    this.#retire(connection);
    connection.socket.close(code, reason);
  }

  #retire(connection: Connection<S>): void {
    connection.phase = 'closed';
    this.#delivery.halt(connection);
    this.#waiting.get(connection)?.cancel();
    this.#waiting.delete(connection);
    this.#presence.leaveAll(connection);
    const { subject } = connection;
    if (subject === null) return;
    const own = this.#bySubject.get(subject.id);
    if (own?.delete(connection) === true && own.size === 0) this.#bySubject.delete(subject.id);
  }
}
