import { KEY_RECORD_MS } from '@lockstep/protocol';
import { CompiledQuery } from 'kysely';
import type { Clock, Report } from '../core/ports.ts';
import type { Database, Internals, Session } from '../database/index.ts';
import { NAMES, OUTBOX_CHANNEL, TURN_CHANNEL, forget, forgetKeys, move } from './statements.ts';
import type { Ask, Placed } from './statements.ts';

/** The session lock that makes one sequencer of many nodes: "lock" and "step" in ASCII. */
const TURN_LOCK = [0x6c6f636b, 0x73746570] as const;

const TIDY_EVERY_MS = 60_000;
const TIDY_ROWS = 5_000;

export interface SequencerOptions {
  database: Database;
  internals: Internals;
  clock: Clock;
  report: Report;
  batchSize: number;
  pollMs: number;
  paceMs: number;
  retainMs: number;
  retainChanges: number;
  /** Rows that just became durable in the feed, in order. */
  onPlaced: (rows: Placed[]) => void;
  onHorizon: (horizon: number) => void;
}

/**
 * Moves committed changes to the feed, while it has the turn. Without a turn it asks for one. Statements run on the very session that
 * holds the lock: a node that lost its turn without knowing cannot write.
 */
export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #ends: (() => void | Promise<void>)[] = [];
  #session: Session | null = null;
  #hasTurn = false;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #tidied = -Infinity;
  #lastMove = -Infinity;
  #telling: Promise<void> | null = null;
  #tellAgain = false;
  batches = 0;

  constructor(options: SequencerOptions) {
    this.#options = options;
  }

  get hasTurn(): boolean {
    return this.#hasTurn;
  }

  async start(): Promise<void> {
    const { clock, database, internals, pollMs } = this.#options;
    this.#ends.push(
      internals.onCommit(() => this.#committedHere()),
      clock.every(pollMs, () => void this.wake()),
    );
    if (internals.openSession !== null) {
      this.#ends.push(
        await database.listen(OUTBOX_CHANNEL, () => {
          if (this.#hasTurn) void this.wake();
        }),
      );
      this.#ends.push(await database.listen(TURN_CHANNEL, () => void this.wake()));
    }
    await this.wake();
  }

  /** Looks for work now; runs that were asked for meanwhile become one more. */
  wake(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    if (this.#running !== null) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Finishes the batch in hand, then lets the next one take the turn. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const end of this.#ends.splice(0)) await end();
    await this.#running;
    await this.#telling;
    const had = this.#hasTurn;
    this.#hasTurn = false;
    const session = this.#session;
    this.#session = null;
    await session?.close();
    if (had && session !== null) await this.#options.database.notify(TURN_CHANNEL, '').catch(() => {});
  }

  async #run(): Promise<void> {
    try {
      do {
        this.#again = false;
        if (!this.#hasTurn && !(await this.#takeTurn())) continue;
        await this.#pace();
        await this.#moveAll();
        await this.#tidy();
      } while (this.#again && !this.#stopped);
    } catch (error) {
      this.#options.report(error, 'moving changes to the feed');
      // The next poll tries again, on a new session: whatever is wrong may belong to the old one.
      const session = this.#session;
      this.#session = null;
      this.#hasTurn = false;
      await session?.close();
    }
  }

  async #takeTurn(): Promise<boolean> {
    const { openSession } = this.#options.internals;
    if (openSession === null) {
      this.#hasTurn = true;
      return true;
    }
    if (this.#session === null) {
      const session = await openSession();
      this.#session = session;
      session.onLost(() => {
        if (this.#session !== session) return;
        this.#session = null;
        this.#hasTurn = false;
      });
    }
    const [answer] = await this.#ask<{ taken: boolean }>(
      'select pg_try_advisory_lock($1, $2) as taken',
      TURN_LOCK,
    );
    this.#hasTurn = answer?.taken === true;
    return this.#hasTurn;
  }

  /** Resolves at once, unless the last batch began just now. */
  #pace(): Promise<void> {
    const { clock, paceMs } = this.#options;
    const wait = this.#lastMove + paceMs - clock.now();
    // A clock that stepped back must not hold changes up.
    if (wait <= 0 || wait > paceMs) return Promise.resolve();
    return new Promise((resolve) => {
      clock.after(wait, resolve);
    });
  }

  async #moveAll(): Promise<void> {
    const { batchSize, clock, onPlaced } = this.#options;
    this.#lastMove = clock.now();
    for (;;) {
      const rows = await move(this.#ask, batchSize, clock.now());
      if (rows.length > 0) {
        this.batches += 1;
        onPlaced(rows);
      }
      if (rows.length < batchSize) return;
    }
  }

  async #tidy(): Promise<void> {
    const { clock, retainMs, retainChanges, onHorizon } = this.#options;
    const now = clock.now();
    if (now - this.#tidied < TIDY_EVERY_MS) return;
    this.#tidied = now;
    const { gone, horizon } = await forget(this.#ask, TIDY_ROWS, now - retainMs, retainChanges);
    if (horizon !== null) onHorizon(horizon);
    const keys = await forgetKeys(this.#ask, TIDY_ROWS, now - KEY_RECORD_MS);
    // More is waiting: go on with the next look rather than hold new changes up.
    if (gone === TIDY_ROWS || keys === TIDY_ROWS) this.#tidied = -Infinity;
  }

  readonly #ask: Ask = async <Row>(text: string, values: readonly unknown[]): Promise<Row[]> => {
    const { database, internals } = this.#options;
    if (internals.openSession === null) {
      const { rows } = await database.db.executeQuery<Row>(CompiledQuery.raw(text, [...values]));
      return rows;
    }
    if (this.#session === null) throw new Error('the session was lost');
    const { rows } = await this.#session.query(text, values, NAMES.get(text));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the statement says what its rows are
    return rows as Row[];
  };

  #committedHere(): void {
    if (this.#hasTurn || this.#options.internals.openSession === null) void this.wake();
    else this.#tellSequencer();
  }

  /** The sequencer is on another node. One notification at a time, outside every write transaction: NOTIFY's commit takes a global lock. */
  #tellSequencer(): void {
    if (this.#telling !== null) {
      this.#tellAgain = true;
      return;
    }
    this.#telling = (async () => {
      do {
        this.#tellAgain = false;
        await this.#options.database.notify(OUTBOX_CHANNEL, '');
      } while (this.#tellAgain && !this.#stopped);
    })()
      // A hint that did not get through: the sequencer's poll finds the rows.
      .catch(() => {})
      .finally(() => {
        this.#telling = null;
      });
  }
}
