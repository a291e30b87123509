import { auditAnswer } from '@directory/contract/schema';
import { uuidv7 } from '@lockstep/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resetPassword } from '../accounts/index.ts';
import { defaultRetention } from '../../retention.ts';
import { bySystem } from '../../records.ts';
import { bodyOf, refusalOf, startHarness, testOrigin, testPassword } from '../../testing/harness.ts';
import type { Harness, Person } from '../../testing/harness.ts';
import { createAudit } from './audit.ts';

interface Entry {
  id: string;
  at: string;
  actor: { id: string; name: string } | null;
  action: string;
  entity: string | null;
  entityId: string | null;
  requestId: string;
  address: string | null;
  details: Record<string, unknown>;
}

let h: Harness;
beforeAll(async () => {
  h = await startHarness();
});
afterAll(() => h.close());

async function read(query = '', by: Person = h.admin) {
  const answer = bodyOf<{ data: { entries: Entry[]; nextCursor: string | null } }>(
    await h.send('GET', `/api/audit${query}`, { by }),
    200,
  );
  expect(auditAnswer.parse(answer)).toEqual(answer);
  return answer.data;
}

/** What was noted while `work` ran, oldest first. */
async function notedBy(work: () => Promise<unknown>): Promise<Entry[]> {
  h.world.advance(1_000);
  const from = new Date(h.world.now()).toISOString();
  await work();
  return (await read(`?from=${from}&limit=500`)).entries.toReversed();
}

const brief = ({ action, actor, entityId, details }: Entry) => [action, actor?.id ?? null, entityId, details];
const login = (email: string, password: string) =>
  h.send('POST', '/api/auth/login', { body: { email, password } });

describe('the audit', () => {
  test('tells who signed in, who could not, and never what was typed', async () => {
    const somebody = await h.join('user');
    const gone = await h.join('user');
    await h.send('POST', `/api/users/${gone.id}/disable`, { by: h.admin });
    const entries = await notedBy(async () => {
      await login(somebody.email, testPassword);
      await login(somebody.email, 'hunter2 hunter2');
      await login('hunter2-typed-here@example.org', testPassword);
      await login(gone.email, testPassword);
    });
    expect(entries.map(brief)).toEqual([
      ['sign-in', somebody.id, somebody.id, {}],
      ['sign-in.refused', null, somebody.id, { account: 'active' }],
      ['sign-in.refused', null, null, { account: 'unknown' }],
      ['sign-in.refused', null, gone.id, { account: 'disabled' }],
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/hunter2|battery/);
    expect(entries[0]).toMatchObject({ address: '127.0.0.1', at: new Date(h.world.now()).toISOString() });
  });

  test('tells of throttling once for an address, however long it goes on', async () => {
    const somebody = await h.join('user');
    const entries = await notedBy(async () => {
      for (let count = 0; count < 14; count += 1) await login(somebody.email, 'wrong wrong wrong');
    });
    const actions = entries.map(({ action }) => action);
    expect(actions.filter((action) => action === 'sign-in.refused')).toHaveLength(10);
    expect(actions.filter((action) => action === 'sign-in.throttled')).toHaveLength(1);
  });

  test('tells of sign-outs, ended sessions, passwords and reused refresh cookies', async () => {
    const somebody = await h.join('user');
    const response = await login(somebody.email, testPassword);
    const cookie = `lockstep_refresh=${response.cookies.find(({ name }) => name === 'lockstep_refresh')?.value}`;
    const second = await h.join('moderator');
    const entries = await notedBy(async () => {
      const refresh = () => h.send('POST', '/api/auth/refresh', { headers: { cookie, origin: testOrigin } });
      await refresh();
      h.world.advance(20_000);
      expect((await refresh()).statusCode).toBe(401);
      const body = { currentPassword: testPassword, newPassword: 'zebra lamp quilt river' };
      await h.send('POST', '/api/auth/password', { by: somebody, body });
      await h.send('POST', '/api/auth/password', { by: somebody, body });
      await h.send('DELETE', `/api/auth/sessions/${somebody.sessionId}`, { by: somebody });
      await h.send('POST', '/api/auth/logout', { by: second });
    });
    expect(entries.map(brief)).toEqual([
      ['session.reused', null, somebody.id, { session: expect.any(String) }],
      ['password.changed', somebody.id, somebody.id, {}],
      ['password.refused', somebody.id, somebody.id, {}],
      ['session.ended', somebody.id, somebody.id, { session: somebody.sessionId }],
      ['sign-out', second.id, second.id, {}],
    ]);
  });

  test('tells of a password that was reset at the server', async () => {
    const somebody = await h.join('user');
    const audit = createAudit(h.database, h.world);
    const entries = await notedBy(() =>
      resetPassword(h.database, somebody.email, h.world, (id) =>
        audit.note(bySystem('reset-password', new Date(h.world.now()).toISOString()), {
          action: 'password.reset',
          entity: 'user',
          entityId: id,
        }),
      ),
    );
    expect(entries.map(brief)).toEqual([['password.reset', null, somebody.id, {}]]);
  });

  test('tells of people made, barred, let in, given roles and addresses, deleted and restored', async () => {
    let id = '';
    const entries = await notedBy(async () => {
      const body = { name: 'Ada', email: `ada.${h.world.now()}@example.org` };
      ({ id } = bodyOf<{ data: { id: string } }>(
        await h.send('POST', '/api/users', { by: h.admin, body }),
        201,
      ).data);
      const url = `/api/users/${id}`;
      await h.send('PATCH', url, { by: h.admin, body: { name: 'Only A Name' } });
      await h.send('PATCH', url, {
        by: h.admin,
        body: { role: 'moderator', email: `b.${h.world.now()}@example.org` },
      });
      await h.send('POST', `${url}/disable`, { by: h.admin });
      await h.send('POST', `${url}/enable`, { by: h.admin });
      await h.send('DELETE', url, { by: h.admin });
      await h.send('POST', `${url}/restore`, { by: h.admin });
    });
    expect(entries.map(({ action, details }) => [action, details])).toEqual([
      ['user.created', { name: 'Ada', role: 'user' }],
      ['user.role', { from: 'user', to: 'moderator' }],
      ['user.email', {}],
      ['user.disabled', {}],
      ['user.enabled', {}],
      ['user.deleted', { name: 'Only A Name' }],
      ['user.restored', { name: 'Only A Name', role: 'moderator' }],
    ]);
    expect(new Set(entries.map(({ entityId }) => entityId))).toEqual(new Set([id]));
  });

  test('tells of a bulk change once, and of each role in it; of what was refused and replayed nothing', async () => {
    const people = await h.add({}, {}, {});
    const updates = people.map(({ id }) => ({ id, changes: { role: 'moderator' } }));
    const headers = { 'idempotency-key': uuidv7(h.world.now(), h.world.randomBytes(10)) };
    const entries = await notedBy(async () => {
      await h.send('PATCH', '/api/users/batch', { by: h.admin, body: { updates }, headers });
      await h.send('PATCH', '/api/users/batch', { by: h.admin, body: { updates }, headers });
      await h.send('PATCH', '/api/users/batch', { by: h.moderator, body: { updates } });
    });
    expect(entries.map(({ action }) => action)).toEqual([
      'users.changed',
      'user.role',
      'user.role',
      'user.role',
    ]);
    expect(entries[0]?.details).toEqual({ count: 3 });
  });

  test('is filtered by actor, action and time, and paged by a cursor bound to the filter', async () => {
    const entries = await notedBy(async () => {
      for (let count = 0; count < 5; count += 1) {
        h.world.advance(1_000);
        const somebody = await h.join('user');
        await h.send('PATCH', `/api/users/${somebody.id}`, { by: h.admin, body: { role: 'moderator' } });
      }
      await h.send('POST', '/api/auth/logout', { by: await h.join('user') });
    });
    const [first] = entries;
    const filter = `?action=user.role&actor=${h.admin.id}&from=${first?.at}`;
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await read(`${filter}&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.entries.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(
      entries
        .filter(({ action }) => action === 'user.role')
        .map(({ id }) => id)
        .toReversed(),
    );
    expect((await read(`${filter}&to=${entries[2]?.at}`)).entries).toHaveLength(2);
    expect((await read(`?action=user.role&actor=${h.user.id}`)).entries).toEqual([]);
    const { nextCursor } = await read(`${filter}&limit=2`);
    const other = await h.send('GET', `/api/audit?cursor=${nextCursor}`, { by: h.admin });
    expect(refusalOf(other)).toEqual({ status: 400, code: 'bad-cursor' });
  });

  test('is read by administrators alone', async () => {
    for (const by of [h.moderator, h.user])
      expect(refusalOf(await h.send('GET', '/api/audit', { by })).code).toBe('forbidden');
    expect(refusalOf(await h.send('GET', '/api/audit')).code).toBe('not-signed-in');
  });

  test('is forgotten after its time, and not before', async () => {
    const audit = createAudit(h.database, h.world);
    const before = (await read('?limit=500')).entries.length;
    await audit.forget(h.world.now() - defaultRetention.auditMs);
    expect((await read('?limit=500')).entries).toHaveLength(before);
    h.world.advance(10_000);
    await login(h.admin.email, 'wrong wrong wrong');
    await audit.forget(h.world.now() - 5_000);
    expect((await read('?limit=500')).entries.map(({ action }) => action)).toEqual(['sign-in.refused']);
  });
});
