import { once } from 'node:events';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import pg from 'pg';
import type { QueryResult } from 'pg';
import { ServerError } from '../../core/errors.ts';
import type { Clock, Report } from '../../core/ports.ts';
import { channelName } from '../channels.ts';
import { wireOf } from '../source.ts';
import type { Lent, Listener, Source } from '../source.ts';
import { types } from '../values.ts';
import { lockFolder } from './folder-lock.ts';
import type { FolderLock } from './folder-lock.ts';
import type { FromWorker, ToWorker, WorkerOptions } from './messages.ts';
import { EmbeddedStream } from './stream.ts';
import { Turns } from './turns.ts';

/** A transaction may be an import of many thousand rows; above this something waits for itself. */
const TURN_WAIT_MS = 60_000;

/** Fewer changed rows than this leave the statistics and dead rows as good as they were. */
const VACUUM_AFTER_ROWS = 1_000;

const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

export interface EmbeddedSourceOptions {
  dataDir: string | null;
  vacuumEveryMs: number;
  clock: Clock;
  report: Report;
}

export async function openEmbedded(options: EmbeddedSourceOptions): Promise<Source> {
  const lock = options.dataDir === null ? null : await lockFolder(options.dataDir);
  const source = new EmbeddedSource(options, lock);
  try {
    await source.engine();
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** A running database: the worker, and the one client that speaks to it. */
interface Engine {
  client: pg.Client;
  stop(): Promise<void>;
}

class EmbeddedSource implements Source, Listener {
  readonly openSession = null;
  readonly listener = this;
  readonly #options: EmbeddedSourceOptions;
  readonly #lock: FolderLock | null;
  readonly #turns: Turns;
  readonly #listeners = new Map<string, Set<(payload: string) => void>>();
  readonly #stopVacuum: () => void;
  #engine: Promise<Engine> | null = null;
  #starts = 0;
  #closed: Promise<void> | null = null;
  #changedRows = 0;

  constructor(options: EmbeddedSourceOptions, lock: FolderLock | null) {
    this.#options = options;
    this.#lock = lock;
    this.#turns = new Turns(options.clock, TURN_WAIT_MS);
    this.#stopVacuum =
      options.vacuumEveryMs > 0
        ? options.clock.every(options.vacuumEveryMs, () => void this.#vacuum())
        : () => {};
  }

  /** The running database; started anew where its thread had failed and the data are on disk. */
  engine(): Promise<Engine> {
    if (this.#closed !== null) return Promise.reject(new ServerError('closed', 'The database was closed.'));
    if (this.#engine === null) {
      if (this.#starts > 0 && this.#options.dataDir === null) {
        return Promise.reject(
          new ServerError(
            'unavailable',
            'The database in memory failed, and its data with it. Start the process anew.',
          ),
        );
      }
      this.#starts += 1;
      const engine = this.#start(() => {
        if (this.#engine === engine) this.#engine = null;
      });
      this.#engine = engine;
    }
    return this.#engine;
  }

  async lend(): Promise<Lent> {
    const { client } = await this.engine();
    const turns = this.#turns;
    const count = (result: QueryResult): QueryResult => {
      if (result.command !== 'SELECT') this.#changedRows += result.rowCount ?? 0;
      return result;
    };
    const lent: Lent = {
      async query(text, values, name) {
        if (!turns.isFree(lent)) await turns.pass(lent);
        return count(
          await client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) }),
        );
      },
      cork: () => wireOf(client).cork(),
      uncork: () => wireOf(client).uncork(),
      begin: () => turns.take(lent),
      end: () => turns.giveBack(lent),
      release() {
        turns.giveBack(lent);
      },
    };
    return lent;
  }

  async listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>> {
    const name = channelName(channel);
    let set = this.#listeners.get(channel);
    if (set === undefined) {
      set = new Set();
      this.#listeners.set(channel, set);
    }
    const own = (payload: string) => onPayload(payload);
    set.add(own);
    const listeners = set;
    await (await this.lend()).query(`listen ${name}`, []);
    return async () => {
      listeners.delete(own);
    };
  }

  onReconnect(): () => void {
    // One process, one thread: nothing is lost between them.
    return () => {};
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      this.#stopVacuum();
      const engine = await this.#engine?.catch(() => null);
      await engine?.stop();
      await this.#lock?.release();
    })();
    return this.#closed;
  }

  async #start(failed: () => void): Promise<Engine> {
    const { dataDir, report } = this.#options;
    const workerData: WorkerOptions = { dataDir: dataDir === null ? null : resolve(dataDir) };
    // Flags of the main program (--input-type, --inspect) are not the database's.
    const worker = new Worker(WORKER, { workerData, execArgv: [], name: 'lockstep-database' });
    const post = (message: ToWorker, transfer: ArrayBuffer[] = []) => worker.postMessage(message, transfer);
    const stream = new EmbeddedStream((bytes) => post(bytes, [bytes.buffer]));
    const answers = new Promise<void>((ready, fail) => {
      worker.on('message', (message: FromWorker) => {
        if (message instanceof Uint8Array) stream.receive(message);
        else if (message === 'ready') ready();
        else if (message !== 'closed') fail(new Error(message.failed));
      });
      worker.once('error', fail);
      worker.once('exit', () => fail(new Error('the database thread ended')));
    });
    try {
      await answers;
    } catch (error) {
      failed();
      await worker.terminate();
      const reason = error instanceof Error ? error.message : String(error);
      const where = dataDir === null ? 'in memory' : `in ${workerData.dataDir}`;
      throw new ServerError(
        'data-folder-unusable',
        `The embedded database ${where} did not start (${reason}).`,
        { cause: error },
      );
    }
    // ssl and password are given so that the environment of other PostgreSQL programs (PGSSLMODE and the like) is not asked.
    const client = new pg.Client({
      stream: () => stream,
      pipeline: true,
      types,
      ssl: false,
      user: 'postgres',
      password: '',
      database: 'postgres',
      host: 'localhost',
    });
    const engine: Engine = {
      client,
      async stop() {
        await client.end();
        const gone = once(worker, 'message');
        post('close');
        await Promise.race([gone, once(worker, 'exit')]);
        await worker.terminate();
      },
    };
    client.on('error', (error) => report(error, 'using the embedded database'));
    client.on('notification', ({ channel, payload }) => {
      for (const onPayload of this.#listeners.get(channel) ?? []) onPayload(payload ?? '');
    });
    worker.on('error', (error) => report(error, 'running the embedded database'));
    worker.once('exit', () => {
      failed();
      stream.destroy();
    });
    await client.connect();
    await client.query('create extension if not exists pg_trgm');
    for (const channel of this.#listeners.keys()) await client.query(`listen ${channelName(channel)}`);
    return engine;
  }

  async #vacuum(): Promise<void> {
    if (this.#changedRows < VACUUM_AFTER_ROWS) return;
    this.#changedRows = 0;
    try {
      const lent = await this.lend();
      await lent.query('vacuum (analyze, skip_locked)', []);
    } catch (error) {
      this.#options.report(error, 'tidying the embedded database');
    }
  }
}
