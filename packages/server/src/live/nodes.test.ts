import { expect, it } from 'vitest';
import type { Database } from '../database/index.ts';
import { nodesOn } from './nodes.ts';
import type { NodeMessage } from './nodes.ts';

/** A database whose notifications take as long as the test wants. */
function slowDatabase() {
  const sent: NodeMessage[] = [];
  const waiting: PromiseWithResolvers<void>[] = [];
  const notify = async (_channel: string, payload: string) => {
    const gate = Promise.withResolvers<void>();
    waiting.push(gate);
    await gate.promise;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the module's own words
    sent.push((JSON.parse(payload) as { message: NodeMessage }).message);
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `notify` is used here
  const database = { notify } as unknown as Database;
  return { database, sent, waiting };
}

const people = (...names: string[]): NodeMessage => ({
  kind: 'presence',
  topic: 'row',
  people: names.map((name) => ({ id: name, name, state: 'viewing' })),
});

it('I3 sends one message at a time, so that old presence never overtakes new', async () => {
  const { database, sent, waiting } = slowDatabase();
  const nodes = nodesOn(database, 'self', () => {});
  const all = nodes.send(people('ann'));
  void nodes.send(people('ann', 'bob'));
  void nodes.send(people());
  void nodes.send({ kind: 'end', subject: 'ann', code: 'sign-in' });
  for (let message = 0; message < 3; message += 1) {
    expect(waiting).toHaveLength(message + 1);
    waiting[message]?.resolve();
    await new Promise((next) => setImmediate(next));
  }
  await all;
  // What was replaced while it waited is not sent; a change of rights goes before presence.
  expect(sent).toEqual([people('ann'), { kind: 'end', subject: 'ann', code: 'sign-in' }, people()]);
});

it('goes on after a message that did not get through, and says so', async () => {
  const { database, sent, waiting } = slowDatabase();
  const problems: string[] = [];
  const nodes = nodesOn(database, 'self', (_, doing) => problems.push(doing));
  const all = nodes.send(people('ann'));
  void nodes.send(people());
  waiting[0]?.reject(new Error('lost'));
  await new Promise((next) => setImmediate(next));
  waiting[1]?.resolve();
  await all;
  expect(problems).toEqual(['telling the other nodes']);
  expect(sent).toEqual([people()]);
});
