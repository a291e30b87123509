import { AsyncLocalStorage } from 'node:async_hooks';
import { Kysely, sql } from 'kysely';
import type { CompiledQuery } from 'kysely';
import { ServerError } from '../core/errors.ts';
import { systemClock } from '../core/ports.ts';
import type { Clock } from '../core/ports.ts';
import { channelName, checkedPayload } from './channels.ts';
import { dialectFor } from './dialect.ts';
import type { Surroundings } from './dialect.ts';
import { openEmbedded } from './embedded/source.ts';
import { PreparedNames, noNames } from './prepared.ts';
import { openPostgres } from './postgres/source.ts';
import type { Session, Source } from './source.ts';
import type { Database, DatabaseOptions } from './types.ts';

const DEFAULT_VACUUM_MS = 10 * 60 * 1000;

/** What this package's other modules may use of a database, and applications may not. */
export interface Internals {
  /** `closing` takes statements, with texts for values, that leave together with COMMIT: one round trip less. */
  transaction<T>(work: (tx: Transaction, closing: (query: CompiledQuery) => void) => Promise<T>): Promise<T>;
  /** Tells listeners in this process that something was committed to the outbox. */
  announceCommit(): void;
  onCommit(listener: () => void): () => void;
  /** Calls `listener` after notifications had been lost for a while. */
  onReconnect(listener: () => void): () => void;
  /** A connection of its own, or null where this process has the database alone. */
  openSession: (() => Promise<Session>) | null;
}

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

interface Context {
  inside: boolean;
  closing: CompiledQuery[];
}

const internals = new WeakMap<Database, Internals>();

/** The inner side of a database that `openDatabase` made. */
export function internalsOf(database: Database): Internals {
  const found = internals.get(database);
  if (found === undefined)
    throw new TypeError('expected a database made by openDatabase, received another object');
  return found;
}

/**
 * Opens the database and resolves when it answers.
 * @throws ServerError `data-folder-locked`, `data-folder-unusable`, `bad-database-url` or `unavailable`.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- the tables belong to the application
export async function openDatabase<Schema = any>(
  options: DatabaseOptions,
  clock: Clock = systemClock,
): Promise<Database<Schema>> {
  const report = options.report ?? (() => {});
  if ('pglite' in options) {
    const { dataDir, vacuumEveryMs = DEFAULT_VACUUM_MS } = options.pglite;
    return databaseOn<Schema>(
      'pglite',
      await openEmbedded({ dataDir, vacuumEveryMs, clock, report }),
      new PreparedNames(),
    );
  }
  const { prepare = true } = options.postgres;
  return databaseOn<Schema>(
    'postgres',
    await openPostgres(options.postgres, clock, report),
    prepare ? new PreparedNames() : noNames,
  );
}

function databaseOn<Schema>(
  dialect: Database['dialect'],
  source: Source,
  names: Surroundings['names'],
): Database<Schema> {
  const contexts = new AsyncLocalStorage<Context>();
  let closed: Promise<void> | null = null;
  const db = new Kysely<Schema>({
    dialect: dialectFor(source, {
      mayConnect() {
        if (closed !== null)
          throw new ServerError('closed', 'Expected an open database, received a query after close().');
        if (contexts.getStore()?.inside === true) throw outside();
      },
      names,
      closingStatements: () => contexts.getStore()?.closing ?? [],
    }),
  });
  const committed = new Set<() => void>();

  const database: Database<Schema> = {
    dialect,
    db,
    async transaction(work, { isolation } = {}) {
      if (contexts.getStore()?.inside === true) throw outside();
      const context: Context = { inside: false, closing: [] };
      return contexts.run(context, () => {
        const builder = db.transaction();
        return (isolation === undefined ? builder : builder.setIsolationLevel(isolation)).execute(
          async (tx) => {
            context.inside = true;
            try {
              return await work(tx);
            } finally {
              context.inside = false;
            }
          },
        );
      });
    },
    listen: (channel, onPayload) => source.listener.listen(channel, onPayload),
    async notify(channel, payload) {
      channelName(channel);
      await sql`select pg_notify(${channel}, ${checkedPayload(payload)})`.execute(db);
    },
    async ready() {
      await sql`select 1`.execute(db);
    },
    close() {
      closed ??= source.close();
      return closed;
    },
  };
  internals.set(database, {
    transaction: (work) =>
      database.transaction((tx) =>
        work(tx, (query) => {
          contexts.getStore()?.closing.push(query);
        }),
      ),
    announceCommit() {
      for (const listener of committed) listener();
    },
    onCommit(listener) {
      committed.add(listener);
      return () => committed.delete(listener);
    },
    onReconnect: (listener) => source.listener.onReconnect(listener),
    openSession: source.openSession,
  });
  return database;
}

const outside = (): ServerError =>
  new ServerError(
    'query-outside-transaction',
    'Expected a query through the transaction that is open, received one on `db` (or a second transaction) inside it. Use `tx`; on the embedded database this would wait for ever.',
  );
