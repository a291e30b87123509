import type { User } from '@directory/contract';
import { historyAnswer } from '@directory/contract/schema';
import { applyMergePatch, uuidv7 } from '@lockstep/protocol';
import type { JsonObject } from '@lockstep/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultRetention } from '../../retention.ts';
import { bodyOf, refusalOf, startHarness } from '../../testing/harness.ts';
import type { Harness, Person } from '../../testing/harness.ts';
import { createHistory } from './history.ts';
import type { HistoryEntry } from './history.ts';

let h: Harness;
beforeAll(async () => {
  h = await startHarness();
});
afterAll(() => h.close());

const key = () => uuidv7(h.world.now(), h.world.randomBytes(10));
let made = 0;

async function create(): Promise<User> {
  made += 1;
  const body = { name: `Ada ${made}`, email: `ada.${made}@example.org` };
  return bodyOf<{ data: User }>(await h.send('POST', '/api/users', { by: h.admin, body }), 201).data;
}

async function patch(id: string, body: unknown, by: Person = h.admin): Promise<User> {
  return bodyOf<{ data: User }>(await h.send('PATCH', `/api/users/${id}`, { by, body }), 200).data;
}

async function historyOf(id: string, query = '', by: Person = h.admin) {
  const answer = bodyOf<{ data: { entries: HistoryEntry[]; nextCursor: string | null } }>(
    await h.send('GET', `/api/users/${id}/history${query}`, { by }),
    200,
  );
  expect(historyAnswer.parse(answer)).toEqual(answer);
  return answer.data;
}

describe('the history of a person', () => {
  test('says who, when, by which request, and what was before and after', async () => {
    const user = await create();
    h.world.advance(1_000);
    const response = await h.send('PATCH', `/api/users/${user.id}`, {
      by: h.moderator,
      body: { name: 'Ada Byron', preferences: { theme: 'dark' } },
    });
    const { entries, nextCursor } = await historyOf(user.id);
    expect(nextCursor).toBeNull();
    expect(entries).toEqual([
      {
        version: 2,
        at: new Date(h.world.now()).toISOString(),
        actor: { id: h.moderator.id, name: 'The moderator' },
        requestId: response.headers['x-request-id'],
        before: { name: user.name, preferences: { theme: 'light' } },
        after: { name: 'Ada Byron', preferences: { theme: 'dark' } },
      },
      {
        version: 1,
        at: user.createdAt,
        actor: { id: h.admin.id, name: 'The admin' },
        requestId: expect.any(String),
        before: null,
        after: user,
      },
    ]);
  });

  test('`before` sent back as a patch undoes the change', async () => {
    const user = await create();
    await patch(user.id, { name: 'Somebody Else', role: 'moderator', preferences: { language: 'de' } });
    const [entry] = (await historyOf(user.id)).entries;
    const undone = await patch(user.id, entry?.before);
    expect(undone).toEqual({ ...user, version: 3, updatedAt: undone.updatedAt });
  });

  test('knows deletion and restoring, and outlives the person', async () => {
    const user = await create();
    expect((await h.send('DELETE', `/api/users/${user.id}`, { by: h.admin })).statusCode).toBe(204);
    const [deletion] = (await historyOf(user.id)).entries;
    expect(deletion).toMatchObject({ version: 2, before: user, after: null });
    await h.send('POST', `/api/users/${user.id}/restore`, { by: h.admin });
    const [restored] = (await historyOf(user.id)).entries;
    expect(restored).toMatchObject({ version: 3, before: null, after: { name: user.name, version: 3 } });
  });

  test('knows every row of a batch, and nothing of what was refused', async () => {
    const [one, other] = [await create(), await create()];
    const updates = [
      { id: one.id, changes: { role: 'moderator' } },
      { id: other.id, changes: { email: one.email } },
    ];
    await h.send('PATCH', '/api/users/batch?mode=each', { by: h.admin, body: { updates } });
    expect((await historyOf(one.id)).entries.map(({ version }) => version)).toEqual([2, 1]);
    expect((await historyOf(other.id)).entries.map(({ version }) => version)).toEqual([1]);
    const all = await h.send('PATCH', '/api/users/batch', {
      by: h.admin,
      body: { updates: updates.toReversed() },
    });
    expect(refusalOf(all).code).toBe('email-taken');
    expect((await historyOf(other.id)).entries).toHaveLength(1);
  });

  test('a write that is replayed is recorded once, one that changes nothing not at all', async () => {
    const user = await create();
    const headers = { 'idempotency-key': key() };
    for (const expected of [undefined, 'true']) {
      const response = await h.send('PATCH', `/api/users/${user.id}`, {
        by: h.admin,
        body: { name: 'Once' },
        headers,
      });
      expect(response.headers['idempotency-replayed']).toBe(expected);
    }
    await patch(user.id, { name: 'Once' });
    expect((await historyOf(user.id)).entries).toHaveLength(2);
  });

  test('being seen is no entry', async () => {
    const somebody = await h.join('user');
    h.world.advance(120_000);
    await h.send('GET', '/api/auth/session', { by: somebody });
    await h.settled();
    expect((await historyOf(somebody.id)).entries).toEqual([]);
  });

  test('comes in pages by a cursor of its own', async () => {
    const user = await create();
    for (const name of ['B', 'C', 'D', 'E']) await patch(user.id, { name });
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await historyOf(user.id, `?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(page.entries.length).toBeLessThanOrEqual(2);
      seen.push(...page.entries.map(({ version }) => version));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([5, 4, 3, 2, 1]);
    const { nextCursor } = await historyOf(user.id, '?limit=1');
    const other = await create();
    const forged = await h.send('GET', `/api/users/${other.id}/history?cursor=${nextCursor}`, {
      by: h.admin,
    });
    expect(refusalOf(forged)).toEqual({ status: 400, code: 'bad-cursor' });
  });

  test('is read by staff, and by people themselves', async () => {
    const somebody = await h.join('user');
    await patch(somebody.id, { name: 'New Name' }, somebody);
    expect((await historyOf(somebody.id, '', somebody)).entries).toHaveLength(1);
    expect((await historyOf(somebody.id, '', h.moderator)).entries).toHaveLength(1);
    for (const id of [h.user.id, '0193e5f0-0000-7000-8000-000000000000']) {
      const refused = await h.send('GET', `/api/users/${id}/history`, { by: somebody });
      expect(refusalOf(refused)).toEqual({ status: 403, code: 'forbidden' });
    }
    const nobody = await h.send('GET', '/api/users/0193e5f0-0000-7000-8000-000000000000/history', {
      by: h.admin,
    });
    expect(refusalOf(nobody)).toEqual({ status: 404, code: 'not-found' });
  });

  test('is forgotten after its time, and not before', async () => {
    const user = await create();
    h.world.advance(10_000);
    await patch(user.id, { name: 'Later' });
    const history = createHistory(h.database);
    await history.forget(h.world.now() - defaultRetention.historyMs);
    expect((await historyOf(user.id)).entries).toHaveLength(2);
    await history.forget(h.world.now() - 5_000);
    expect((await historyOf(user.id)).entries.map(({ version }) => version)).toEqual([2]);
  });
});

type Write =
  | { kind: 'patch'; body: JsonObject }
  | { kind: 'delete' }
  | { kind: 'restore' }
  | { kind: 'undo' };

const writes: fc.Arbitrary<Write> = fc.oneof(
  fc.record({
    kind: fc.constant('patch' as const),
    body: fc.oneof(
      fc.record({ name: fc.constantFrom('A', 'B', 'C') }),
      fc.record({ role: fc.constantFrom('user', 'moderator') }),
      fc.record({
        name: fc.constantFrom('A', 'B'),
        preferences: fc.record({ theme: fc.constantFrom('light', 'dark'), notifications: fc.boolean() }),
      }),
    ),
  }),
  fc.constantFrom({ kind: 'delete' as const }, { kind: 'restore' as const }, { kind: 'undo' as const }),
);

test('after any writes, the history replayed is the person, and each `before` leads back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(writes, { maxLength: 12 }), async (steps) => {
      const { id } = await create();
      for (const step of steps) {
        h.world.advance(10);
        if (step.kind === 'patch')
          await h.send('PATCH', `/api/users/${id}`, { by: h.admin, body: step.body });
        else if (step.kind === 'delete') await h.send('DELETE', `/api/users/${id}`, { by: h.admin });
        else if (step.kind === 'restore') await h.send('POST', `/api/users/${id}/restore`, { by: h.admin });
        else {
          const [entry] = (await historyOf(id)).entries;
          if (entry?.before !== null && entry?.after !== null)
            await h.send('PATCH', `/api/users/${id}`, { by: h.admin, body: entry?.before });
        }
      }
      const entries = (await historyOf(id, '?limit=100')).entries.toReversed();
      let state: object | null = null;
      for (const { version, before, after } of entries) {
        if (after === null) expect(stripped(before)).toEqual(stripped(state));
        if (before !== null && after !== null) {
          const next: object = applyMergePatch(state ?? {}, after);
          expect(stripped(applyMergePatch(next, before))).toEqual(stripped(state));
          state = next;
        } else state = after;
        if (state !== null) state = { ...state, version };
      }
      const now = await h.send('GET', `/api/users/${id}`, { by: h.admin });
      expect(stripped(state)).toEqual(
        now.statusCode === 404 ? null : stripped(now.json<{ data: User }>().data),
      );
    }),
    { numRuns: 15 },
  );
});

function stripped(state: object | null): object | null {
  if (state === null) return null;
  const { version: _version, updatedAt: _updatedAt, ...rest } = state as Partial<User>;
  return rest;
}
