import { KEY_MAX_AGE_MS, KEY_MAX_AHEAD_MS, isJsonObject, isUuidv7, timeOfUuidv7 } from '@lockstep/protocol';
import type { Json, RowChange } from '@lockstep/protocol';
import { CompiledQuery } from 'kysely';
import type { Kysely } from 'kysely';
import { ServerError, isServerError } from '../core/errors.ts';
import { internalsOf, sqlState } from '../database/index.ts';
import type { Database } from '../database/index.ts';
import type {
  CommitOutcome,
  Effect,
  EffectResult,
  IntentToCommit,
  NewChange,
  StoredAnswer,
} from './types.ts';

/**
 * Deadlock, serialisation failure, a statement prepared before its table was altered: these say "again". Nothing was written, and an
 * effect is a function of its transaction.
 */
const AGAIN = new Set(['40001', '40P01', '0A000', '26000']);
const ATTEMPTS = 4;
const LOCK_NOT_AVAILABLE = '55P03';

// `on conflict do nothing` waits for whoever writes the same key just now; when that one rolls back, this row is the first.
const CLAIM = `insert into lockstep_intents (key, actor, hash, received_at) values ($1, $2, $3, $4) on conflict (key) do nothing`;
const RECORD = `select actor, hash, status, headers, body from lockstep_intents where key = $1`;
const ANSWER = `update lockstep_intents set status = $1, headers = $2, body = $3 where key = $4`;
// One change, the usual case, has a statement without a sort; the number a row draws is the order it gets in the feed.
const APPEND_ONE = (at: number) => `insert into lockstep_outbox (change) values ($${at}::json)`;
const APPEND_ALL = (at: number) =>
  `insert into lockstep_outbox (change) select value from json_array_elements($${at}::json) with ordinality as t (value, n) order by n`;

interface Record {
  actor: string | null;
  hash: string;
  status: number | null;
  headers: { [name: string]: string } | null;
  body: Json;
}

/** Leaves the transaction without an error of SQL. */
class NotFirst extends Error {}

/**
 * In one transaction: the key's record, the effect and its changes. Two calls with one key apply it once, whichever processes they come
 * to; the second waits for the first (as long as the database's lock timeout) and then answers as it did. Without a key the effect is
 * applied each time. A deadlock is tried again, so an effect may run more than once, and only its last run counts.
 * @throws what the effect threw, after everything was rolled back and the key released; `unavailable`; `bad-change`.
 */
export async function commitIntent<Schema>(
  database: Database<Schema>,
  intent: IntentToCommit,
  effect: Effect<Schema>,
): Promise<CommitOutcome> {
  const { key } = intent;
  if (key !== null) {
    if (!isUuidv7(key)) return { kind: 'refused', code: 'malformed-key' };
    const age = intent.now - timeOfUuidv7(key);
    const untimely = age > KEY_MAX_AGE_MS ? 'intent-expired' : age < -KEY_MAX_AHEAD_MS ? 'clock-skew' : null;
    // An answer given once is given again, however late.
    if (untimely !== null)
      return (await recorded(database, key, intent)) ?? { kind: 'refused', code: untimely };
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { changed, answer } = await applied(database, intent, effect);
      if (changed) internalsOf(database).announceCommit();
      return { kind: 'committed', ...answer };
    } catch (error) {
      if (error instanceof NotFirst && key !== null) {
        const outcome = await recorded(database, key, intent);
        // The record may be gone again (purged just now): then this one is the first.
        if (outcome !== null) return outcome;
      } else if (error instanceof InProgress) {
        return { kind: 'refused', code: 'intent-in-progress' };
      } else if (!AGAIN.has(sqlState(error) ?? '')) {
        throw error;
      }
      if (attempt === ATTEMPTS) {
        if (error instanceof NotFirst) return { kind: 'refused', code: 'intent-in-progress' };
        throw new ServerError(
          'unavailable',
          `The write met others on the same rows ${ATTEMPTS} times. Try again shortly.`,
          { cause: error },
        );
      }
    }
  }
}

/** The wait for whoever writes the same key took too long. */
class InProgress extends Error {}

async function applied<Schema>(
  database: Database<Schema>,
  intent: IntentToCommit,
  effect: Effect<Schema>,
): Promise<{ changed: boolean; answer: StoredAnswer }> {
  const { key, actor, hash, now } = intent;
  const at = new Date(now).toISOString();
  return internalsOf(database).transaction(async (tx, closing) => {
    if (key !== null) {
      const claimed = await run(tx, CLAIM, [key, actor, hash, at]).catch((error: unknown) => {
        throw isServerError(error, 'unavailable') && sqlState(error) === LOCK_NOT_AVAILABLE
          ? new InProgress()
          : error;
      });
      if (claimed.numAffectedRows !== 1n) throw new NotFirst();
    }
    const result = await effect(tx);
    const changes = result.changes.map((change) => fullChange(change, intent, at));
    const answer = { status: result.status, body: result.body, headers: { ...result.headers } };
    for (const query of result.closing ?? []) closing(query);
    const last = finishing(key, result, changes);
    if (last !== null) closing(last);
    return { changed: changes.length > 0, answer };
  });
}

/** The statement that leaves together with COMMIT: the key's answer, the outbox's rows, or both. */
function finishing(
  key: string | null,
  result: EffectResult,
  changes: readonly RowChange[],
): CompiledQuery | null {
  const { status, headers, body } = result;
  const answer = key === null ? [] : [status, JSON.stringify(headers ?? {}), JSON.stringify(body), key];
  if (changes.length === 0) return key === null ? null : CompiledQuery.raw(ANSWER, answer);
  const one = changes.length === 1;
  const append = (one ? APPEND_ONE : APPEND_ALL)(answer.length + 1);
  const text = key === null ? append : `with answered as (${ANSWER}) ${append}`;
  return CompiledQuery.raw(text, [...answer, JSON.stringify(one ? changes[0] : changes)]);
}

async function recorded<Schema>(
  database: Database<Schema>,
  key: string,
  intent: IntentToCommit,
): Promise<CommitOutcome | null> {
  const { rows } = await run<Record>(database.db, RECORD, [key]);
  const [record] = rows;
  if (record === undefined || record.status === null) return null;
  if (record.actor !== intent.actor || record.hash !== intent.hash)
    return { kind: 'refused', code: 'idempotency-mismatch' };
  return { kind: 'replayed', status: record.status, body: record.body, headers: record.headers ?? {} };
}

// oxlint-disable-next-line typescript/no-explicit-any -- the statements name this package's own tables, whatever the schema
const run = <Row = unknown>(db: Kysely<any>, text: string, values: unknown[]) =>
  db.executeQuery<Row>(CompiledQuery.raw(text, values));

function fullChange(change: NewChange, intent: IntentToCommit, at: string): RowChange {
  const { entity, id, op, version, row, before } = change;
  const sound =
    entity !== '' &&
    id !== '' &&
    Number.isSafeInteger(version) &&
    version >= 1 &&
    (op === 'delete' ? row === undefined : (op === 'insert' || op === 'update') && isJsonObject(row));
  if (!sound) {
    throw new ServerError(
      'bad-change',
      `Expected a change with entity, id, a version of at least 1, and a row unless it is a delete; received ${JSON.stringify({ entity, id, op, version, row: row === undefined ? 'none' : 'given' })}.`,
    );
  }
  return {
    entity,
    id,
    op,
    version,
    ...(row === undefined ? {} : { row }),
    ...(before === undefined ? {} : { before }),
    ...(intent.key === null ? {} : { intent: intent.key }),
    actor: intent.actor,
    at,
  };
}
