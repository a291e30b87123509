import { sql } from 'kysely';
import type { Transaction } from 'kysely';

/**
 * Breaks the feed: forgets every change and takes one position that nobody can resume over, so that every client, the one that was
 * up to date included, reads everything anew. For writes that go past `commitIntent` because they touch nearly every row; call it in
 * their transaction, before the feed starts on any node.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- the tables belong to the application
export async function breakFeed(tx: Transaction<any>): Promise<void> {
  await sql`delete from lockstep_outbox`.execute(tx);
  await sql`delete from lockstep_feed`.execute(tx);
  await sql`update lockstep_feed_state set position = position + 1, horizon = position + 1`.execute(tx);
}
