import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import type { FullChange } from './types.ts';

/**
 * Where the feed stands in the transaction's snapshot: what the transaction reads has every change up to `offset`, and those of `waiting`,
 * which are committed but not yet in the feed (they will come at later positions). So a count in the same snapshot, less what `waiting`
 * did to it, is the exact count at `offset`. Ask in a transaction of `repeatable read`: in others each statement has its own snapshot.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- the tables belong to the application
export async function feedPosition(tx: Transaction<any>): Promise<{ offset: number; waiting: FullChange[] }> {
  const { rows } = await sql<{ offset: number; waiting: FullChange[] }>`
    select position as "offset",
      coalesce((select json_agg(change order by seq) from lockstep_outbox), '[]'::json) as waiting
    from lockstep_feed_state`.execute(tx);
  const [state] = rows;
  if (state === undefined)
    throw new Error('expected one row in lockstep_feed_state, found none: run serverMigrations');
  return state;
}
