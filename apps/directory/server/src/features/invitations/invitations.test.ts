import type { User } from '@directory/contract';
import { createdInvitationAnswer, invitationsAnswer, loginAnswer } from '@directory/contract/schema';
import { uuidv7 } from '@lockstep/protocol';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAccessTokens } from '../accounts/index.ts';
import { loadKeys } from '../../db/keys.ts';
import { bodyOf, refusalOf, startHarness } from '../../testing/harness.ts';
import type { Harness, Person } from '../../testing/harness.ts';
import type { Invitation } from './store.ts';
import { forgetEnded, mostOpen, openMs, rememberedMs } from './store.ts';

let h: Harness;
beforeAll(async () => {
  h = await startHarness();
});
afterAll(() => h.close());

const password = 'zebra lamp quilt river';
let made = 0;
const newEmail = () => `guest.${(made += 1)}@example.org`;
const newKey = () => uuidv7(h.world.now(), h.world.randomBytes(10));

/** The administrator with a token of this moment. */
async function admin(): Promise<Person> {
  const { accessTokens } = await loadKeys(h.database, h.world);
  const tokens = createAccessTokens(accessTokens, () => h.world.now());
  return { ...h.admin, token: tokens.issue(h.admin.id, h.admin.sessionId) };
}

async function invite(given: object = {}, by = h.admin) {
  const answer = bodyOf<{ data: { invitation: Invitation; token: string } }>(
    await h.send('POST', '/api/invitations', { by, body: { email: newEmail(), ...given } }),
    201,
  );
  expect(createdInvitationAnswer.parse(answer)).toEqual(answer);
  return answer.data;
}

const accept = (token: string, given: object = {}, remoteAddress?: string) =>
  h.directory.app.inject({
    method: 'POST',
    url: '/api/invitations/accept',
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify({ token, name: 'Guest', password, ...given }),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  });

async function list(by?: Person): Promise<Invitation[]> {
  const answer = bodyOf<{ data: Invitation[] }>(
    await h.send('GET', '/api/invitations', { by: by ?? (await admin()) }),
    200,
  );
  expect(invitationsAnswer.parse(answer)).toEqual(answer);
  return answer.data;
}

const used = { status: 410, code: 'invitation-used' };

describe('inviting', () => {
  test('answers a link; whoever has it makes the account in the role, and is signed in', async () => {
    const email = newEmail();
    const { invitation, token } = await invite({ email, name: ' Grace  Hopper ', role: 'moderator' });
    expect(invitation).toMatchObject({
      email,
      name: 'Grace Hopper',
      role: 'moderator',
      state: 'open',
      invitedBy: { id: h.admin.id, name: 'The admin' },
      expiresAt: new Date(h.world.now() + openMs).toISOString(),
    });
    const response = await accept(token, { name: 'Grace M. Hopper' });
    const answer = bodyOf<{ data: { token: string; user: User } }>(response, 201);
    expect(loginAnswer.parse(answer)).toEqual(answer);
    expect(answer.data.user).toMatchObject({ email, name: 'Grace M. Hopper', role: 'moderator', version: 1 });
    expect(response.cookies.map(({ name }) => name)).toEqual(['lockstep_refresh', 'lockstep_session']);
    const session = await h.send('GET', '/api/auth/session', {
      headers: { authorization: `Bearer ${answer.data.token}` },
    });
    expect(session.statusCode).toBe(200);
    bodyOf(await h.send('POST', '/api/auth/login', { body: { email, password } }), 200);
    expect((await list()).find(({ id }) => id === invitation.id)?.state).toBe('accepted');
  });

  test('the same key gives the same link again, and the link’s secret is stored nowhere', async () => {
    const body = { email: newEmail() };
    const headers = { 'idempotency-key': newKey() };
    const first = await h.send('POST', '/api/invitations', { by: h.admin, body, headers });
    const again = await h.send('POST', '/api/invitations', { by: h.admin, body, headers });
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.json()).toEqual(first.json());
    const { token } = bodyOf<{ data: { token: string } }>(first, 201).data;
    await h.settled();
    const { rows } = await sql<{ name: string }>`
      select table_name as name from information_schema.tables where table_schema = 'public'`.execute(
      h.database.db,
    );
    for (const { name } of rows) {
      const found =
        await sql`select 1 from ${sql.table(name)} as t where t::text like ${`%${token}%`}`.execute(
          h.database.db,
        );
      expect({ name, found: found.rows.length }).toEqual({ name, found: 0 });
    }
    expect((await accept(token)).statusCode).toBe(201);
  });

  test('of links to one address only the newest works', async () => {
    const email = newEmail();
    const old = await invite({ email: email.toUpperCase() });
    const fresh = await invite({ email });
    expect(refusalOf(await accept(old.token))).toEqual(used);
    expect((await accept(fresh.token)).statusCode).toBe(201);
    expect((await list()).filter((one) => one.email.toLowerCase() === email)).toHaveLength(1);
  });

  test('somebody who is here is not invited', async () => {
    const response = await h.send('POST', '/api/invitations', {
      by: h.admin,
      body: { email: h.user.email.toUpperCase() },
    });
    expect(refusalOf(response)).toEqual({ status: 409, code: 'email-taken', paths: ['/email'] });
  });

  test('is for administrators alone', async () => {
    for (const by of [h.moderator, h.user]) {
      for (const [method, url, body] of [
        ['GET', '/api/invitations', undefined],
        ['POST', '/api/invitations', { email: newEmail(), role: 'admin' }],
        ['DELETE', `/api/invitations/${newKey()}`, undefined],
      ] as const) {
        expect(refusalOf(await h.send(method, url, { by, body })).code).toBe('forbidden');
      }
    }
  });

  test(`no more than ${mostOpen} are open`, async () => {
    const open = (await list()).filter(({ state }) => state === 'open').length;
    const iso = new Date(h.world.now()).toISOString();
    const rows = Array.from({ length: mostOpen - open }, (_, at) => ({
      id: newKey(),
      token_hash: `filler ${at}`,
      email: `filler.${at}@example.org`,
      email_key: `filler.${at}@example.org`,
      name: null,
      role: 'user' as const,
      invited_by: h.admin.id,
      invited_by_name: '',
      created_at: iso,
      expires_at: new Date(h.world.now() + openMs).toISOString(),
      accepted_at: null,
      accepted_by: null,
    }));
    await h.database.db.insertInto('invitations').values(rows).execute();
    const response = await h.send('POST', '/api/invitations', { by: h.admin, body: { email: newEmail() } });
    expect(refusalOf(response)).toEqual({ status: 422, code: 'refused' });
    await h.database.db.deleteFrom('invitations').where('email', 'like', 'filler%').execute();
  });
});

describe('accepting', () => {
  test('once: of many at the same time exactly one wins', async () => {
    const { token } = await invite();
    const answers = await Promise.all(Array.from({ length: 5 }, () => accept(token)));
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([
      201, 410, 410, 410, 410,
    ]);
    expect(refusalOf(await accept(token))).toEqual(used);
  });

  test('not after it was withdrawn, and what is accepted is not withdrawn', async () => {
    const { invitation, token } = await invite();
    const url = `/api/invitations/${invitation.id}`;
    expect((await h.send('DELETE', url, { by: h.admin })).statusCode).toBe(204);
    expect(refusalOf(await accept(token))).toEqual(used);
    expect(refusalOf(await h.send('DELETE', url, { by: h.admin })).code).toBe('not-found');
    const second = await invite();
    await accept(second.token);
    const late = await h.send('DELETE', `/api/invitations/${second.invitation.id}`, { by: h.admin });
    expect(refusalOf(late)).toEqual(used);
  });

  test.each([
    ['another text', 'x'],
    ['a prototype’s member', '__proto__'],
    ['a quotation mark', `' or 1=1 --`],
  ])('not with %s', async (_, token) => {
    expect(refusalOf(await accept(token))).toEqual(used);
  });

  test('not without a password worth the name, and the link stays', async () => {
    const email = 'bartholomew.featherstone@example.org';
    const { token } = await invite({ email });
    for (const weak of ['password1234', 'Featherstone-1984']) {
      expect(refusalOf(await accept(token, { password: weak }))).toEqual({
        status: 422,
        code: 'weak-password',
        paths: ['/password'],
      });
    }
    expect(refusalOf(await accept(token, { password: 'short' })).code).toBe('malformed');
    expect(refusalOf(await accept(token, { role: 'admin' })).code).toBe('unknown-field');
    expect((await accept(token)).statusCode).toBe(201);
  });

  test('not where somebody has taken the address meanwhile, and the link stays', async () => {
    const email = newEmail();
    const { token } = await invite({ email });
    const body = { name: 'Quicker', email };
    const { id } = bodyOf<{ data: User }>(
      await h.send('POST', '/api/users', { by: h.admin, body }),
      201,
    ).data;
    expect(refusalOf(await accept(token)).code).toBe('email-taken');
    await h.send('DELETE', `/api/users/${id}`, { by: h.admin });
    expect((await accept(token)).statusCode).toBe(201);
  });

  test.each(['demoted', 'disabled', 'deleted'])('not once its author is %s', async (how) => {
    const author = await h.join('admin');
    const { token } = await invite({ role: 'admin' }, author);
    const url = `/api/users/${author.id}`;
    if (how === 'demoted') await h.send('PATCH', url, { by: h.admin, body: { role: 'user' } });
    else if (how === 'disabled') await h.send('POST', `${url}/disable`, { by: h.admin });
    else await h.send('DELETE', url, { by: h.admin });
    expect(refusalOf(await accept(token))).toEqual(used);
  });

  test('is in the feed, the history and the audit as the new person’s own doing', async () => {
    await h.settled();
    const since = h.directory.feed.offset();
    const { invitation, token } = await invite();
    const { id } = bodyOf<{ data: { user: User } }>(await accept(token, { name: 'New Here' }), 201).data.user;
    await h.settled();
    const changes = bodyOf<{ data: { changes: Array<Record<string, unknown>> } }>(
      await h.send('GET', `/api/changes?since=${since}`, { by: h.admin }),
      200,
    ).data.changes;
    expect(changes).toEqual([expect.objectContaining({ entity: 'user', op: 'insert', id, actor: id })]);
    const history = await h.send('GET', `/api/users/${id}/history`, { by: h.admin });
    expect(history.json()).toMatchObject({
      data: { entries: [{ actor: { id, name: 'New Here' }, before: null }] },
    });
    const audit = await h.send('GET', '/api/audit?limit=4', { by: h.admin });
    const entries = audit.json<{ data: { entries: Array<{ action: string; entityId: string }> } }>().data
      .entries;
    expect(entries.map(({ action, entityId }) => [action, entityId])).toEqual([
      ['sign-in', id],
      ['user.created', id],
      ['invitation.accepted', invitation.id],
      ['invitation.created', invitation.id],
    ]);
    expect(audit.body).not.toContain(token);
  });

  test('guessing is throttled by address; right links are not counted', async () => {
    const attacker = '203.0.113.9';
    for (let count = 0; count < 30; count += 1)
      expect((await accept('guess', {}, attacker)).statusCode).toBe(410);
    const { token } = await invite();
    const refused = await accept(token, {}, attacker);
    expect(refusalOf(refused)).toEqual({ status: 429, code: 'too-many-requests' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await accept(token, {}, '203.0.113.10')).statusCode).toBe(201);
  });

  // The last one: the clock goes on by weeks.
  test('not after a week; the list says so and forgets in the end', async () => {
    const { invitation, token } = await invite();
    h.world.advance(openMs);
    expect(refusalOf(await accept(token))).toEqual(used);
    expect((await list()).find(({ id }) => id === invitation.id)?.state).toBe('expired');
    await forgetEnded(h.database.db, h.world.now() - rememberedMs);
    expect(await h.database.db.selectFrom('invitations').select('id').execute()).not.toEqual([]);
    await forgetEnded(h.database.db, h.world.now() + 1);
    expect(await h.database.db.selectFrom('invitations').select('id').execute()).toEqual([]);
  });
});

test('on many connections too exactly one accepts, and only one link to an address stays', async () => {
  const many = await startHarness({ dialect: 'postgres' });
  try {
    const bodyFor = { email: 'racer@example.org' };
    const links = await Promise.all(
      Array.from({ length: 6 }, () =>
        many.send('POST', '/api/invitations', { by: many.admin, body: bodyFor }),
      ),
    );
    const tokens = links.map((link) => bodyOf<{ data: { token: string } }>(link, 201).data.token);
    const tries = [...tokens, ...tokens].map((token) =>
      many.send('POST', '/api/invitations/accept', { body: { token, name: 'Racer', password } }),
    );
    const statuses = (await Promise.all(tries)).map(({ statusCode }) => statusCode);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 410)).toHaveLength(11);
  } finally {
    await many.close();
  }
});
