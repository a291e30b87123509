import { randomUUID } from 'node:crypto';
import { CHANGES_LIMIT, CLOSE, PROTOCOL_VERSION, readClientFrame } from '@lockstep/protocol';
import type { ClientFrame } from '@lockstep/protocol';
import { systemClock } from '../core/ports.ts';
import type { FullChange } from '../feed/index.ts';
import { TEXT } from './connection.ts';
import type { Connection } from './connection.ts';
import { noNodes, nodesOn } from './nodes.ts';
import type { NodeMessage } from './nodes.ts';
import { Presence } from './presence.ts';
import { BatchFrames, Rendering } from './rendering.ts';
import { createRoutes } from './route.ts';
import type { Authentication, Hub, HubLimits, HubOptions, Subject } from './types.ts';

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
/** Of a page for a socket that could not keep up: small, so that its buffer stays small. */
const LAGGARD_PAGE = 200;

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
  readonly #rendering: Rendering<S>;
  readonly #presence: Presence<S>;
  readonly #nodes;
  readonly #connections = new Set<Connection<S>>();
  readonly #live = new Set<Connection<S>>();
  readonly #bySubject = new Map<string, Set<Connection<S>>>();
  /** Sockets that have yet to say AUTH. */
  readonly #waiting = new Map<Connection<S>, { accepts: (subject: S) => boolean; cancel: () => void }>();
  readonly #ends: (() => void)[];
  #slices: Connection<S>[][] = [];
  #opened: Promise<void> | null = null;
  #draining = false;
  /** The last change that every live connection was sent. */
  #position: number;
  #pending: FullChange[] = [];
  #framesSent = 0;
  #framesReceived = 0;
  #serialised = 0;
  #slowConsumersCut = 0;
  #emptied: () => void = () => {};

  constructor(options: HubOptions<S>) {
    this.#options = options;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#report = options.report ?? (() => {});
    this.#rendering = new Rendering(options);
    this.#nodes =
      options.database === undefined ? noNodes : nodesOn(options.database, randomUUID(), this.#report);
    this.#presence = new Presence({
      clock: this.#clock,
      tell: (connection, text) => this.#send(connection, text),
      publish: (message) => void this.#nodes.send(message),
    });
    this.#position = options.feed.offset();
    this.#ends = [
      options.feed.follow(({ changes, offset }) => this.#take(changes, offset)),
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
      connection.busy = connection.busy.then(() => this.#handle(connection, frame));
      return;
    }
    const work = this.#handle(connection, frame);
    if (work === undefined) return;
    const busy = work.finally(() => {
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

  resetEverywhere(subjectId: string | null, reason: 'horizon' | 'rights' | 'restart'): number {
    void this.#nodes.send({ kind: 'reset', subject: subjectId, reason });
    return this.#reset(subjectId, reason);
  }

  stats() {
    return {
      sockets: this.#connections.size,
      subjects: this.#bySubject.size,
      topics: this.#presence.topics,
      framesSent: this.#framesSent,
      framesReceived: this.#framesReceived,
      serialised: this.#serialised,
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
      this.#send(
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
      void this.#catchUp(connection);
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

  #handle(connection: Connection<S>, frame: ClientFrame): Promise<void> | undefined {
    if (connection.phase === 'closed') return undefined;
    if (frame.type === 'PING') {
      this.#send(connection, PONG);
      return undefined;
    }
    if (frame.type === 'PONG') return undefined;
    if (frame.type === 'AUTH') return this.#authenticate(connection, frame.token);
    if (connection.subject === null) {
      this.#close(connection, CLOSE.signInAgain, 'sign in');
      return undefined;
    }
    if (!connection.framed) return undefined;
    switch (frame.type) {
      case 'RESUME':
        this.#live.delete(connection);
        connection.position = frame.since;
        // While its rights are being read anew it goes on afterwards, by RESET.
        if (connection.phase !== 'renewing') void this.#catchUp(connection);
        return undefined;
      case 'SUBSCRIBE':
        return this.#subscribe(connection, frame.topic, connection.subject);
      case 'UNSUBSCRIBE':
        this.#presence.leave(connection, frame.topic);
        return undefined;
      case 'PRESENCE': {
        const { state, field } = frame;
        const doing = state === 'gone' ? null : { state, ...(field === undefined ? {} : { field }) };
        // Not joined: it was told nobody is there, or left already. Nothing to do for it.
        this.#presence.set(connection, frame.topic, doing);
        return undefined;
      }
    }
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
    else this.#send(connection, JSON.stringify({ type: 'PRESENCE', topic, people: [] }));
  }

  // --- changes ---

  #take(changes: readonly FullChange[], offset: number): void {
    // The feed skipped (a process that slept for days): nobody can be brought up to date from here.
    if (offset - changes.length !== this.#position + this.#pending.length) {
      this.#pending = [];
      this.#position = offset - changes.length;
      this.#reset(null, 'horizon');
    }
    if (this.#pending.length === 0) setImmediate(() => this.#flush());
    for (const change of changes) this.#pending.push(change);
  }

  /** Sends what came in since the last turn of the event loop, coalesced. */
  #flush(): void {
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    for (let from = 0; from < pending.length; from += CHANGES_LIMIT) {
      const changes = pending.slice(from, from + CHANGES_LIMIT);
      this.#position += changes.length;
      this.#broadcast(changes, this.#position);
    }
  }

  #broadcast(changes: readonly FullChange[], offset: number): void {
    const frames = new BatchFrames(this.#rendering, changes, offset);
    const plain = new Map<string, string[]>();
    const lagAt = this.limits.bufferBytes / 4;
    for (const connection of this.#live) {
      const { socket, subject } = connection;
      if (subject === null) continue;
      try {
        if (connection.framed) {
          socket.send(frames.for(subject), TEXT);
          this.#framesSent += 1;
        } else {
          for (const text of this.#plainTexts(connection, subject, changes, offset, plain))
            this.#send(connection, text);
        }
      } catch (error) {
        this.#report(error, 'sending changes');
        this.#close(connection, CLOSE.error, 'internal error');
        continue;
      }
      if (socket.bufferedAmount > lagAt) {
        // It gets no more than it takes: from here it reads the feed at its own pace.
        this.#live.delete(connection);
        connection.position = offset;
        void this.#catchUp(connection, LAGGARD_PAGE);
      }
    }
    this.#serialised += frames.made;
  }

  #plainTexts(
    connection: Connection<S>,
    subject: S,
    changes: readonly FullChange[],
    offset: number,
    shared: Map<string, string[]> | null,
  ): string[] {
    const { plainForm, scope } = connection;
    if (plainForm === null) return [];
    const key = shared !== null && scope === null && this.#rendering.isUniform ? subject.rights : null;
    const known = key === null ? undefined : shared?.get(key);
    if (known !== undefined) return known;
    const texts: string[] = [];
    changes.forEach((full, index) => {
      const { change } = this.#rendering.visible(full, subject);
      if (change.op === 'none') return;
      const form = plainForm(change, { offset: offset - changes.length + 1 + index, scope: scope ?? '' });
      if (form !== null) texts.push(JSON.stringify(form));
    });
    this.#serialised += texts.length;
    if (key !== null) shared?.set(key, texts);
    return texts;
  }

  /** Brings a connection from its position to the live tail, without a gap and without a change twice. */
  async #catchUp(connection: Connection<S>, limit = CHANGES_LIMIT): Promise<void> {
    const turn = (connection.turn += 1);
    connection.phase = 'catching-up';
    const isMine = () => connection.turn === turn && connection.phase === 'catching-up';
    try {
      await Promise.resolve();
      while (isMine()) {
        this.#flush();
        // From here to `live` nothing else runs, so no batch can come between.
        if (connection.position === this.#position) {
          connection.phase = 'live';
          this.#live.add(connection);
          return;
        }
        const page = await this.#options.feed.read({ since: connection.position, limit });
        const { subject } = connection;
        if (!isMine() || subject === null) return;
        if (page.kind !== 'page')
          return this.#startOver(connection, page.kind === 'ahead' ? 'restart' : 'horizon');
        connection.position = page.offset;
        const { changes, offset } = page;
        if (changes.length === 0) continue;
        const texts = connection.framed
          ? [this.#rendering.frame(changes, offset, subject)]
          : this.#plainTexts(connection, subject, changes, offset, null);
        if (!(await this.#sendAll(connection, texts))) return;
      }
    } catch (error) {
      this.#report(error, 'catching a socket up');
      if (isMine()) this.#close(connection, CLOSE.tryLater, 'try later');
    }
  }

  /** Resolves when the socket's buffer is small enough for more; false when it was cut off meanwhile. */
  #sendAll(connection: Connection<S>, texts: string[]): Promise<boolean> {
    const { socket } = connection;
    const last = texts.pop();
    for (const text of texts) this.#send(connection, text);
    if (last === undefined) return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = this.#clock.after(this.limits.stallMs, () => {
        this.#cutOff(connection);
        resolve(false);
      });
      const proceed = () => {
        cancel();
        resolve(connection.phase !== 'closed');
      };
      this.#framesSent += 1;
      socket.send(last, TEXT, proceed);
      if (socket.bufferedAmount > this.limits.bufferBytes) {
        this.#cutOff(connection);
        proceed();
      } else if (socket.bufferedAmount <= this.limits.bufferBytes / 4) proceed();
    });
  }

  /** The client drops what it has and reads anew; it says RESUME when it has done so. */
  #startOver(connection: Connection<S>, reason: 'horizon' | 'rights' | 'restart'): void {
    connection.turn += 1;
    this.#live.delete(connection);
    if (connection.framed) {
      connection.phase = 'greeted';
      this.#send(connection, JSON.stringify({ type: 'RESET', reason }));
    } else {
      connection.position = this.#options.feed.offset();
      void this.#catchUp(connection);
    }
  }

  #send(connection: Connection<S>, text: string): void {
    if (connection.phase === 'closed') return;
    this.#framesSent += 1;
    connection.socket.send(text, TEXT);
    if (connection.socket.bufferedAmount > this.limits.bufferBytes) this.#cutOff(connection);
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

  #reset(subjectId: string | null, reason: 'horizon' | 'rights' | 'restart'): number {
    const all = subjectId === null ? this.#connections : (this.#bySubject.get(subjectId) ?? []);
    const signedIn = [...all].filter(({ subject, phase }) => subject !== null && phase !== 'closed');
    for (const connection of signedIn) {
      connection.turn += 1;
      connection.phase = 'renewing';
      if (this.#live.delete(connection)) connection.position = this.#position;
    }
    void this.#renewAll(signedIn, reason);
    return signedIn.length;
  }

  async #renewAll(
    connections: Connection<S>[],
    reason: 'horizon' | 'rights' | 'restart' | null,
  ): Promise<void> {
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
  #renewed(
    connection: Connection<S>,
    signIn: Authentication<S>,
    reason: 'horizon' | 'rights' | 'restart' | null,
  ): void {
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
      if (connection.framed) this.#send(connection, PING);
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
    connection.turn += 1;
    this.#live.delete(connection);
    this.#waiting.get(connection)?.cancel();
    this.#waiting.delete(connection);
    this.#presence.leaveAll(connection);
    const { subject } = connection;
    if (subject === null) return;
    const own = this.#bySubject.get(subject.id);
    if (own?.delete(connection) === true && own.size === 0) this.#bySubject.delete(subject.id);
  }
}
