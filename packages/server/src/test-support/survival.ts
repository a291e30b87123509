import { expect } from 'vitest';
import { sql } from 'kysely';
import { openDatabase } from '../database/index.ts';
import type { DatabaseOptions } from '../database/index.ts';
import { createFeed } from '../feed/index.ts';
import { startChild } from './children.ts';
import { count, counters } from './counting.ts';

/**
 * Kills a process with eight writers `kills` times, each after some more answers than the time before. Then every acknowledged write must
 * be there, its key must replay the same answer, every unanswered one must apply exactly once when sent again, and the feed must hold
 * each of them once, in order, without a gap. Answers how many writes had been acknowledged.
 */
export async function surviveKills(options: DatabaseOptions, kills: number): Promise<number> {
  const sent = new Map<string, string>();
  const answered = new Map<string, unknown>();
  for (let round = 0; round < kills; round += 1) {
    const child = startChild({ database: options, mode: 'write' });
    await child.until(() => child.said.filter(({ says }) => says === 'acknowledged').length > 40 + round * 7);
    await child.kill();
    for (const line of child.said) {
      if (line.says === 'sent') sent.set(line.key, line.id);
      if (line.says === 'acknowledged') answered.set(line.key, line.body);
    }
  }
  await checkSurvivors(options, sent, answered);
  return answered.size;
}

/** Every process was killed; `sent` and `answered` are what they had said before. */
async function checkSurvivors(
  options: DatabaseOptions,
  sent: Map<string, string>,
  answered: Map<string, unknown>,
): Promise<void> {
  const database = await openDatabase(options);
  try {
    for (const [key, id] of sent) {
      const outcome = await count(database, id, { key });
      if (answered.has(key)) expect(outcome).toMatchObject({ kind: 'replayed', body: answered.get(key) });
      else expect(['committed', 'replayed']).toContain(outcome.kind);
    }
    const values = new Map<string, number>();
    for (const id of sent.values()) values.set(id, (values.get(id) ?? 0) + 1);
    for (const { id, version, value } of await counters(database)) {
      expect({ id, value, version }).toEqual({ id, value: values.get(id), version: values.get(id) });
    }
    const feed = createFeed(database);
    await feed.start();
    expect(feed.offset()).toBe(sent.size);
    const { rows } = await sql<{ position: number; intent: string; id: string; version: number }>`
      select position, change->>'intent' as intent, change->>'id' as id, (change->>'version')::int as version
      from lockstep_feed order by position`.execute(database.db);
    expect(rows.map(({ position }) => position)).toEqual(rows.map((_, index) => index + 1));
    expect(rows.map(({ intent }) => intent).toSorted()).toEqual([...sent.keys()].toSorted());
    const versions = new Map<string, number>();
    for (const { id, version } of rows) {
      expect(version).toBe((versions.get(id) ?? 0) + 1);
      versions.set(id, version);
    }
    await feed.stop();
  } finally {
    await database.close();
  }
}
