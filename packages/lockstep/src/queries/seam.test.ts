import { describe, expect, test } from 'vitest';
import { initiate, seamApp, user } from '../test-support/seam-app.ts';
import type { SeamApp, UsersArgument } from '../test-support/seam-app.ts';

const three = [user('ada'), user('bob'), user('cy')];
const page = (rows: readonly object[], total = rows.length, hasMore = false) => ({
  users: rows,
  total,
  hasMore,
});

async function list(app: SeamApp, argument: UsersArgument, data: unknown): Promise<string> {
  await app.fill(initiate(app.api.endpoints.getUsers.initiate(argument)), data);
  return `getUsers(${JSON.stringify(argument)})`;
}

const names = (data: unknown): readonly string[] =>
  (data as { users: { name: string }[] }).users.map(({ name }) => name);

describe('writes back', () => {
  test('S6.1 one row in every entry, in the dispatch that changed it', async () => {
    const app = seamApp();
    const all = await list(app, {}, page(three));
    const detail = 'getUser("bob")';
    await app.fill(initiate(app.api.endpoints.getUser.initiate('bob')), three[1]);
    app.begin('update', { id: 'bob', changes: { name: 'bea' } });
    expect(names(app.data(all))).toEqual(['ada', 'bea', 'cy']);
    expect(app.data(detail)).toMatchObject({ name: 'bea' });
  });
});
