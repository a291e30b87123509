import type { Database } from '@lockstep/server';
import { sql } from 'kysely';
import type { Tables } from './db/tables.ts';

/** How long records are kept, in ms. */
export interface Retention {
  /** Of the histories of people. Default two years. */
  historyMs: number;
  /** Of the audit. Default two years. */
  auditMs: number;
}

export const dayMs = 24 * 60 * 60 * 1000;

export const defaultRetention: Retention = { historyMs: 730 * dayMs, auditMs: 730 * dayMs };

/** So many rows in one statement: none holds the embedded database's only connection for long. */
const chunk = 5_000;

/** Deletes the rows of a record that are older than a time, in ms since 1970. */
export async function forgetBefore(
  database: Database<Tables>,
  table: 'person_history' | 'audit',
  beforeMs: number,
): Promise<void> {
  const before = new Date(beforeMs).toISOString();
  const rows = sql.table(table);
  for (;;) {
    const { numAffectedRows = 0n } = await sql`
      delete from ${rows} where ctid = any(array(select ctid from ${rows} where at < ${before} limit ${chunk}))
    `.execute(database.db);
    if (numAffectedRows < BigInt(chunk)) return;
  }
}
