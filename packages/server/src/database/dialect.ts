import { CompiledQuery, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import type { DatabaseConnection, Dialect, Driver, QueryResult, TransactionSettings } from 'kysely';
import type { QueryResult as PgResult } from 'pg';
import { failureOf, losesConnection, sqlState } from './failures.ts';
import { isStale } from './prepared.ts';
import type { PreparedNames } from './prepared.ts';
import type { Lent, Source } from './source.ts';
import { parametersOf } from './values.ts';

const COUNTED = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/** What the driver asks of whoever opened the transaction. */
export interface Surroundings {
  /** Throws where a query may not take a connection now. */
  mayConnect(): void;
  /** Statements that go out together with COMMIT, in one round trip. */
  closingStatements(): readonly CompiledQuery[];
  readonly names: Pick<PreparedNames, 'nameFor' | 'forget'>;
}

/** Kysely's view of a source. BEGIN is sent together with the transaction's first statement, closing statements with COMMIT. */
export function dialectFor(source: Source, surroundings: Surroundings): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new SourceDriver(source, surroundings),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

class SourceConnection implements DatabaseConnection {
  readonly lent: Lent;
  readonly #names: Surroundings['names'];
  #broken = false;
  /** Between begin and its end. Kysely asks for a rollback after a failed commit too; by then the turn may be another's. */
  #open = false;
  #corked = false;
  #begun: Promise<unknown> = Promise.resolve();

  constructor(lent: Lent, names: Surroundings['names']) {
    this.lent = lent;
    this.#names = names;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return resultOf<R>(await this.#send(query));
    } catch (error) {
      // Nothing was done, and outside a transaction it can be done again under a new name.
      if (this.#open || !isStale(sqlState(error))) throw this.failed(error);
    }
    try {
      return resultOf<R>(await this.#send(query));
    } catch (error) {
      throw this.failed(error);
    }
  }

  async #send({ sql, parameters }: CompiledQuery): Promise<PgResult> {
    const name = parameters.length === 0 ? undefined : this.#names.nameFor(sql);
    try {
      const answer = this.lent.query(sql, parametersOf(parameters), name);
      this.#uncork();
      return await answer;
    } catch (error) {
      if (isStale(sqlState(error))) this.#names.forget();
      throw error;
    }
  }

  // oxlint-disable-next-line require-yield -- the interface asks for a generator
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error(
      'expected pages by keyset, received a query to stream: pipelined connections keep no cursor open',
    );
  }

  async begin(text: string): Promise<void> {
    await this.lent.begin();
    this.#open = true;
    // BEGIN leaves together with the first statement.
    this.#cork();
    this.#begun = this.lent.query(text, []).catch((error: unknown) => {
      throw this.failed(error);
    });
    // Whoever sends the next statement gets the same failure.
    this.#begun.catch(() => {});
  }

  async commit(closing: readonly CompiledQuery[]): Promise<void> {
    try {
      // All of it leaves together.
      this.lent.cork();
      const closed = closing.map((query) => this.#send(query));
      const committed = this.lent.query('commit', []);
      this.lent.uncork();
      this.#uncork();
      const outcomes = await Promise.allSettled([this.#begun, ...closed, committed]);
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw this.failed(outcome.reason);
      // PostgreSQL answers COMMIT with a ROLLBACK where an earlier statement had failed.
      if ((await committed).command === 'ROLLBACK')
        throw new Error(
          'expected a transaction without a failed statement, received an aborted one: it was rolled back',
        );
    } finally {
      this.#end();
    }
  }

  /** Never rejects, so that the error that led here is the one people see: a connection that cannot roll back is thrown away. */
  async rollback(): Promise<void> {
    if (!this.#open) return;
    try {
      const done = this.lent.query('rollback', []);
      this.#uncork();
      await done;
    } catch {
      this.#broken = true;
    } finally {
      this.#end();
    }
  }

  #end(): void {
    this.#open = false;
    this.lent.end();
  }

  #cork(): void {
    if (!this.#corked) this.lent.cork();
    this.#corked = true;
  }

  #uncork(): void {
    if (this.#corked) this.lent.uncork();
    this.#corked = false;
  }

  release(): void {
    this.lent.release(this.#broken);
  }

  failed(error: unknown): unknown {
    if (losesConnection(error)) this.#broken = true;
    return failureOf(error);
  }
}

function resultOf<R>({ command, rowCount, rows }: PgResult): QueryResult<R> {
  return COUNTED.has(command) ? { numAffectedRows: BigInt(rowCount ?? 0), rows } : { rows: rows ?? [] };
}

class SourceDriver implements Driver {
  readonly #source: Source;
  readonly #surroundings: Surroundings;

  constructor(source: Source, surroundings: Surroundings) {
    this.#source = source;
    this.#surroundings = surroundings;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<SourceConnection> {
    this.#surroundings.mayConnect();
    return new SourceConnection(await this.#source.lend(), this.#surroundings.names);
  }

  async beginTransaction(connection: SourceConnection, settings: TransactionSettings): Promise<void> {
    const { isolationLevel, accessMode } = settings;
    const modes = [isolationLevel && `isolation level ${isolationLevel}`, accessMode].filter(Boolean);
    await connection.begin(modes.length === 0 ? 'begin' : `start transaction ${modes.join(', ')}`);
  }

  commitTransaction(connection: SourceConnection): Promise<void> {
    return connection.commit(this.#surroundings.closingStatements());
  }

  rollbackTransaction(connection: SourceConnection): Promise<void> {
    return connection.rollback();
  }

  async savepoint(connection: SourceConnection, name: string): Promise<void> {
    await connection.executeQuery(savepointQuery('savepoint', name));
  }

  async rollbackToSavepoint(connection: SourceConnection, name: string): Promise<void> {
    await connection.executeQuery(savepointQuery('rollback to savepoint', name));
  }

  async releaseSavepoint(connection: SourceConnection, name: string): Promise<void> {
    await connection.executeQuery(savepointQuery('release savepoint', name));
  }

  async releaseConnection(connection: SourceConnection): Promise<void> {
    connection.release();
  }

  destroy(): Promise<void> {
    return this.#source.close();
  }
}

function savepointQuery(verb: string, name: string): CompiledQuery {
  return CompiledQuery.raw(`${verb} "${name.replaceAll('"', '""')}"`);
}
