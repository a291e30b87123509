import { CHANGES_LIMIT } from '@lockstep/protocol';
import type { Clock, Report } from '../core/ports.ts';
import type { Feed, FullChange } from '../feed/index.ts';
import { TEXT } from './connection.ts';
import type { Connection } from './connection.ts';
import { BatchFrames, Rendering } from './rendering.ts';
import type { HubLimits, HubOptions, ResetReason, Subject } from './types.ts';

/** Of a page for a socket that could not keep up: small, so that its buffer stays small. */
const LAGGARD_PAGE = 200;

export interface DeliveryOptions<S extends Subject> {
  feed: Feed;
  rights: Pick<HubOptions<S>, 'authorise' | 'rightsFor'>;
  limits: HubLimits;
  clock: Clock;
  report: Report;
  /** The socket takes too little: end it. */
  cutOff: (connection: Connection<S>) => void;
  /** Its changes cannot be given now: end it, so that it comes back. */
  giveUp: (connection: Connection<S>) => void;
  /** It must read everything anew. Null: every connection must. */
  startOver: (connection: Connection<S> | null, reason: ResetReason) => void;
}

/** Brings connections to the end of the feed and keeps them there. */
export class Delivery<S extends Subject> {
  readonly #options: DeliveryOptions<S>;
  readonly #rendering: Rendering<S>;
  readonly #live = new Set<Connection<S>>();
  readonly #unfollow: () => void;
  /** The last change that every live connection was sent. */
  #position: number;
  /** What came in since. */
  #pending: FullChange[] = [];
  framesSent = 0;
  serialised = 0;

  constructor(options: DeliveryOptions<S>) {
    this.#options = options;
    this.#rendering = new Rendering(options.rights);
    this.#position = options.feed.offset();
    this.#unfollow = options.feed.follow(({ changes, offset }) => this.#take(changes, offset));
  }

  stop(): void {
    this.#unfollow();
    this.#pending = [];
  }

  /** Nothing more is sent to it; `position` says how far it is. */
  halt(connection: Connection<S>): void {
    connection.turn += 1;
    if (this.#live.delete(connection)) connection.position = this.#position;
  }

  /** Brings a connection from its position to the live tail, without a gap and without a change twice. */
  async catchUp(connection: Connection<S>, limit = CHANGES_LIMIT): Promise<void> {
    this.#live.delete(connection);
    const turn = (connection.turn += 1);
    connection.phase = 'catching-up';
    const isMine = () => connection.turn === turn && connection.phase === 'catching-up';
    try {
      // Never inside a broadcast that is under way.
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
        if (!isMine()) return;
        if (page.kind !== 'page') {
          this.#options.startOver(connection, page.kind === 'ahead' ? 'restart' : 'horizon');
          return;
        }
        connection.position = page.offset;
        if (!(await this.#sendPage(connection, page.changes, page.offset))) return;
      }
    } catch (error) {
      this.#options.report(error, 'catching a socket up');
      if (isMine()) this.#options.giveUp(connection);
    }
  }

  send(connection: Connection<S>, text: string): void {
    if (connection.phase === 'closed') return;
    this.framesSent += 1;
    connection.socket.send(text, TEXT);
    if (connection.socket.bufferedAmount > this.#options.limits.bufferBytes) this.#options.cutOff(connection);
  }

  #take(changes: readonly FullChange[], offset: number): void {
    if (offset - changes.length !== this.#position + this.#pending.length) {
      // The feed skipped what was forgotten (a process that slept for days): nobody can be brought up to date from here.
      this.#pending = [];
      this.#position = offset - changes.length;
      this.#options.startOver(null, 'horizon');
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
    const plainTexts = new Map<string, string[]>();
    const lagAt = this.#options.limits.bufferBytes / 4;
    for (const connection of this.#live) {
      const { socket, subject } = connection;
      if (subject === null) continue;
      if (socket.bufferedAmount > lagAt) {
        // It gets no more than it takes: these changes too it reads from the feed, at its own pace.
        connection.position = offset - changes.length;
        void this.catchUp(connection, LAGGARD_PAGE);
        continue;
      }
      try {
        if (connection.framed) {
          this.framesSent += 1;
          socket.send(frames.for(subject), TEXT);
        } else {
          for (const text of this.#plainTexts(connection, subject, changes, offset, plainTexts))
            this.send(connection, text);
        }
      } catch (error) {
        this.#options.report(error, 'sending changes');
        this.#options.giveUp(connection);
      }
    }
    this.serialised += frames.made;
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
    const key = scope === null && this.#rendering.isUniform ? subject.rights : null;
    const known = key === null ? undefined : shared?.get(key);
    if (known !== undefined) return known;
    const first = offset - changes.length + 1;
    const texts = changes.flatMap((full, index) => {
      const { change } = this.#rendering.visible(full, subject);
      const form =
        change.op === 'none' ? null : plainForm(change, { offset: first + index, scope: scope ?? '' });
      return form === null ? [] : [JSON.stringify(form)];
    });
    this.serialised += texts.length;
    if (key !== null) shared?.set(key, texts);
    return texts;
  }

  /** Resolves when the socket's buffer is small enough for more; false when it was cut off meanwhile. */
  #sendPage(connection: Connection<S>, changes: readonly FullChange[], offset: number): Promise<boolean> {
    const { socket, subject } = connection;
    const { limits, clock, cutOff } = this.#options;
    if (subject === null || changes.length === 0) return Promise.resolve(subject !== null);
    const texts = connection.framed
      ? [this.#rendering.frame(changes, offset, subject)]
      : this.#plainTexts(connection, subject, changes, offset, null);
    const last = texts.at(-1);
    if (last === undefined) return Promise.resolve(true);
    for (const text of texts.slice(0, -1)) this.send(connection, text);
    if (connection.phase === 'closed') return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (isOpen: boolean) => {
        cancel();
        resolve(isOpen);
      };
      const cancel = clock.after(limits.stallMs, () => {
        cutOff(connection);
        end(false);
      });
      this.framesSent += 1;
      socket.send(last, TEXT, (error) => end(!error));
      if (socket.bufferedAmount > limits.bufferBytes) {
        cutOff(connection);
        end(false);
      } else if (socket.bufferedAmount <= limits.bufferBytes / 4) end(true);
    });
  }
}
