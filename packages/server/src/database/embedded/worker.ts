/** The embedded database's thread: takes PostgreSQL protocol messages, answers with the bytes that PGlite makes of them. */
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import type { FromWorker, ToWorker, WorkerOptions } from './messages.ts';

const port = parentPort;
if (port === null) throw new Error('expected to run in a worker thread');

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- given by the one caller
const { dataDir } = workerData as WorkerOptions;

/** The log would otherwise grow to a gigabyte before it is recycled. */
const settings = ['max_wal_size = 64MB', 'min_wal_size = 32MB', "timezone = 'UTC'", "datestyle = 'ISO, YMD'"];

const answer = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

try {
  const database = await PGlite.create({
    ...(dataDir === null ? {} : { dataDir }),
    extensions: { pg_trgm },
    postgresqlconf: settings,
  });
  const serve = async (message: ToWorker): Promise<void> => {
    if (message === 'close') {
      await database.close();
      answer('closed');
      return;
    }
    const bytes = new Uint8Array(await database.execProtocolRaw(message));
    answer(bytes, [bytes.buffer]);
  };
  // One at a time and in the order of arrival: the protocol has no other way to tell answers apart.
  let turn: Promise<void> = Promise.resolve();
  port.on('message', (message: ToWorker) => {
    const before = turn;
    turn = (async () => {
      await before;
      await serve(message);
    })();
    // A failure here is the database's own: the thread ends, and the other side hears of it.
    turn.catch((error: unknown) => {
      setImmediate(() => {
        throw error;
      });
    });
  });
  answer('ready');
} catch (error) {
  answer({ failed: error instanceof Error ? error.message : String(error) });
}
