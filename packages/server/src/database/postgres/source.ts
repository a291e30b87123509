import pg from 'pg';
import type { ClientConfig, QueryConfig, QueryResult } from 'pg';
import { ServerError } from '../../core/errors.ts';
import type { Clock, Report } from '../../core/ports.ts';
import { failureOf, losesConnection, sqlState } from '../failures.ts';
import { wireOf } from '../source.ts';
import type { Lent, Session, Source } from '../source.ts';
import type { PostgresOptions } from '../types.ts';
import { types } from '../values.ts';
import { ReconnectingListener } from './listener.ts';

/** A connection that waits inside a transaction longer than this belongs to a caller that is gone. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** How long after the server's own limit the client still waits before it takes the connection for dead. */
const ANSWER_GRACE_MS = 5_000;

export async function openPostgres(options: PostgresOptions, clock: Clock, report: Report): Promise<Source> {
  const connection = configOf(options);
  const connectTimeoutMs = options.connectTimeoutMs ?? 5_000;
  const pool = new pg.Pool({
    ...connection,
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 60_000,
  });
  let closed: Promise<void> | null = null;
  let connections = 0;
  const emptied = Promise.withResolvers<void>();
  // Without these listeners a lost connection would end the process.
  pool.on('error', (error) => {
    if (closed === null) report(error, 'keeping an idle connection');
  });
  pool.on('connect', (client) => {
    connections += 1;
    client.on('error', (error: unknown) => {
      if (closed === null) report(error, 'using a connection');
    });
  });
  pool.on('remove', () => {
    connections -= 1;
    if (closed !== null && connections === 0) emptied.resolve();
  });

  const openSession = () => openClient({ ...connection, connectionTimeoutMillis: connectTimeoutMs }, report);
  const listener = new ReconnectingListener(openSession, clock, report);
  const source: Source = {
    listener,
    openSession,
    async lend() {
      try {
        return lentOf(await pool.connect());
      } catch (error) {
        throw failureOf(error);
      }
    },
    close() {
      closed ??= (async () => {
        await listener.close();
        // The pool's own promise does not wait for the connections.
        if (connections === 0) emptied.resolve();
        await pool.end();
        await emptied.promise;
      })();
      return closed;
    },
  };
  try {
    const lent = await source.lend();
    lent.release(false);
    return source;
  } catch (error) {
    await source.close();
    throw refusalAtStart(error, options.url);
  }
}

function configOf(options: PostgresOptions): ClientConfig & { pipeline: true } {
  const url = readUrl(options.url);
  const statementTimeoutMs = options.statementTimeoutMs ?? 30_000;
  // Both adapters run in UTC with ISO dates: the parsers count on it.
  const own = '-c TimeZone=UTC -c DateStyle=ISO,YMD -c IntervalStyle=postgres';
  const asked = url.searchParams.get('options');
  url.searchParams.set('options', asked === null ? own : `${asked} ${own}`);
  return {
    connectionString: url.href,
    types,
    pipeline: true,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: url.searchParams.get('application_name') ?? 'lockstep',
    statement_timeout: statementTimeoutMs,
    ...(statementTimeoutMs > 0 ? { query_timeout: statementTimeoutMs + ANSWER_GRACE_MS } : {}),
    lock_timeout: options.lockTimeoutMs ?? 5_000,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  };
}

function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    // The text may hold a password, so it is not repeated.
    throw new ServerError(
      'bad-database-url',
      'The database address is not one: expected postgres://user:password@host:port/database.',
    );
  }
  return url;
}

function refusalAtStart(error: unknown, text: string): unknown {
  const { host, pathname } = new URL(text);
  const state = sqlState(error) ?? '';
  const cause =
    error instanceof ServerError && error.cause instanceof Error
      ? error.cause.message
      : error instanceof Error
        ? error.message
        : String(error);
  // 28: the name or password is wrong; 3D: there is no such database.
  if (/^(28|3D)/.test(state)) {
    return new ServerError(
      'bad-database-url',
      `The database at ${host}${pathname} refused the connection (${cause}).`,
      { cause: error },
    );
  }
  return new ServerError(
    'unavailable',
    `The database at ${host}${pathname} cannot be reached (${cause || codeOf(error)}).`,
    { cause: error },
  );
}

function codeOf(error: unknown): string {
  const cause = error instanceof ServerError ? error.cause : error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer';
}

const statement = (text: string, values: readonly unknown[], name: string | undefined): QueryConfig => ({
  text,
  values: [...values],
  ...(name === undefined ? {} : { name }),
});

function lentOf(client: pg.PoolClient): Lent {
  return {
    query: (text, values, name) => client.query(statement(text, values, name)),
    cork: () => wireOf(client).cork(),
    uncork: () => wireOf(client).uncork(),
    begin: () => Promise.resolve(),
    end() {},
    release: (broken) => client.release(broken),
  };
}

async function openClient(connection: ClientConfig, report: Report): Promise<Session> {
  const client = new pg.Client(connection);
  let closing = false;
  let lost = false;
  const listeners: (() => void)[] = [];
  client.on('error', (error) => report(error, 'using a connection of its own'));
  client.on('end', () => {
    lost = true;
    if (!closing) for (const listener of listeners) listener();
  });
  try {
    await client.connect();
    // A peer that vanished without a word is noticed, and its locks freed, within about ten seconds.
    await client.query(
      'set tcp_keepalives_idle = 4; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3; set tcp_user_timeout = 10000',
    );
  } catch (error) {
    closing = true;
    await client.end().catch(() => {});
    throw failureOf(error);
  }
  return {
    async query(text: string, values: readonly unknown[] = [], name?: string): Promise<QueryResult> {
      try {
        return await client.query(statement(text, values, name));
      } catch (error) {
        if (losesConnection(error)) await client.end().catch(() => {});
        throw failureOf(error);
      }
    },
    onNotification: (listener) => {
      client.on('notification', ({ channel, payload }) => listener(channel, payload ?? ''));
    },
    onLost: (listener) => {
      if (lost) listener();
      else listeners.push(listener);
    },
    async close() {
      closing = true;
      if (!lost) await client.end().catch(() => {});
    },
  };
}
