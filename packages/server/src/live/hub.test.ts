import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServerFrame } from '@lockstep/protocol';
import { changeOf, memoryFeed } from '../test-support/memory-feed.ts';
import { heldClock } from '../test-support/held-clock.ts';
import type { HeldClock } from '../test-support/held-clock.ts';
import type { Connection, Socket } from './connection.ts';
import { LiveHub } from './hub.ts';
import type { HubLimits, HubOptions, Subject } from './types.ts';

interface Person extends Subject {
  readonly role: string;
}

const person = (id: string, rights = 'admin'): Person => ({ id, rights, name: id, role: rights });

/** A socket whose peer reads when the test says so. */
class TestSocket implements Socket {
  readonly frames: ServerFrame[] = [];
  readonly texts: string[] = [];
  closed: number | null = null;
  terminated = false;
  pings = 0;
  reading = true;
  bufferedAmount = 0;
  #unsent: (() => void)[] = [];

  send(data: string | Buffer, _options: { binary: boolean }, sent?: () => void): void {
    const text = data.toString();
    this.texts.push(text);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test looks at what it is
    this.frames.push(JSON.parse(text) as ServerFrame);
    if (this.reading) {
      if (sent !== undefined) setImmediate(sent);
      return;
    }
    this.bufferedAmount += text.length;
    if (sent !== undefined) this.#unsent.push(sent);
  }

  readAll(): void {
    this.reading = true;
    this.bufferedAmount = 0;
    for (const sent of this.#unsent.splice(0)) sent();
  }

  close(code: number): void {
    this.closed ??= code;
  }

  terminate(): void {
    this.terminated = true;
  }

  ping(): void {
    this.pings += 1;
  }

  of<T extends ServerFrame['type']>(type: T): Extract<ServerFrame, { type: T }>[] {
    return this.frames.filter((frame): frame is Extract<ServerFrame, { type: T }> => frame.type === type);
  }
}

function setUp(options: Partial<HubOptions<Person>> & { limits?: Partial<HubLimits> } = {}, cached = false) {
  const feed = memoryFeed(cached);
  const clock: HeldClock = heldClock(1_000_000);
  const hub = new LiveHub<Person>({
    feed,
    clock,
    acceptsOrigin: () => true,
    authenticateRequest: async () => null,
    authenticateToken: async (token) =>
      token === 'bad' ? { ok: false, code: 'sign-in' } : { ok: true, subject: person(token) },
    authorise: (change, { role }) => (role === 'blind' ? { op: 'none' } : change),
    ...options,
  });
  const arrive = (subject: Person | null, framed = true, scope: string | null = null) => {
    const socket = new TestSocket();
    const connection: Connection<Person> = {
      socket,
      framed,
      plainForm: framed
        ? null
        : ({ id, version }, { offset, scope: own }) =>
            own === '' || own === id ? { id, version, offset } : null,
      scope,
      subject: null,
      phase: 'signing-in',
      position: 0,
      turn: 0,
      pinged: false,
      windowStart: 0,
      windowFrames: 0,
      topics: null,
      busy: null,
    };
    hub.admit(connection, subject === null ? null : { ok: true, subject }, () => true);
    const say = (frame: unknown) => hub.receive(connection, JSON.stringify(frame));
    return { socket, connection, say };
  };
  return { feed, clock, hub, arrive };
}

/** Lets everything that is ready run: promises, and what was put off to later turns of the event loop. */
async function settle(turns = 12): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((next) => setImmediate(next));
}

/** The positions a client of `lockstep.v1` was sent since its last RESET; throws on a gap or a repetition. */
function positionsOf(socket: TestSocket, since: number): number {
  let at = since;
  for (const frame of socket.of('CHANGES')) {
    expect(frame.offset - frame.changes.length).toBe(at);
    at = frame.offset;
  }
  return at;
}

describe('delivery', () => {
  it('says HELLO, and nothing more before RESUME', async () => {
    const { feed, arrive } = setUp();
    feed.push(changeOf('a', 1), changeOf('a', 2));
    const { socket, say } = arrive(person('p'));
    feed.push(changeOf('a', 3));
    await settle();
    expect(socket.frames).toEqual([
      { type: 'HELLO', offset: 2, horizon: 0, protocol: 1, now: new Date(1_000_000).toISOString() },
    ]);
    say({ type: 'RESUME', since: 1 });
    await settle();
    expect(positionsOf(socket, 1)).toBe(3);
  });

  it('F4 joins catch-up and live tail without a gap or a repetition, whenever changes come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.record({ push: fc.integer({ min: 1, max: 30 }) }),
            fc.record({ turns: fc.integer({ min: 1, max: 3 }) }),
            fc.record({ resume: fc.nat(40) }),
            fc.constant({ stall: true }),
            fc.constant({ read: true }),
          ),
          { maxLength: 40 },
        ),
        fc.boolean(),
        async (steps, cached) => {
          const { feed, arrive } = setUp({ limits: { bufferBytes: 8_000 } }, cached);
          let version = 0;
          const push = (amount: number) =>
            feed.push(...Array.from({ length: amount }, () => changeOf('a', (version += 1))));
          push(20);
          const { socket, say } = arrive(person('p'));
          let since = 0;
          say({ type: 'RESUME', since });
          for (const step of steps) {
            if ('push' in step) push(step.push);
            else if ('turns' in step) await settle(step.turns);
            else if ('stall' in step) socket.reading = false;
            else if ('read' in step) socket.readAll();
            else {
              positionsOf(socket, since);
              socket.frames.length = 0;
              since = Math.min(step.resume, feed.offset());
              say({ type: 'RESUME', since });
            }
          }
          socket.readAll();
          for (let round = 0; round < 20; round += 1) {
            await settle(4);
            socket.readAll();
          }
          if (socket.closed !== null) expect(socket.closed).toBe(1013);
          else expect(positionsOf(socket, since)).toBe(feed.offset());
        },
      ),
      { numRuns: 150 },
    );
  });

  it('coalesces what comes in one turn into one frame, made once for equal rights', async () => {
    const { feed, hub, arrive } = setUp();
    const sockets = Array.from({ length: 50 }, (_, index) =>
      arrive(person(`p${index}`, index < 40 ? 'admin' : 'blind')),
    );
    for (const { say } of sockets) say({ type: 'RESUME', since: 0 });
    await settle();
    for (let version = 1; version <= 30; version += 1) feed.push(changeOf('a', version));
    await settle();
    expect(sockets.map(({ socket }) => socket.of('CHANGES').length)).toEqual(sockets.map(() => 1));
    expect(hub.stats().serialised).toBe(2);
    const [seeing] = sockets;
    const blind = sockets.at(-1);
    expect(seeing?.socket.of('CHANGES')[0]).toMatchObject({
      offset: 30,
      changes: expect.objectContaining({ length: 30 }),
    });
    expect(blind?.socket.of('CHANGES')[0]?.changes).toEqual(
      Array.from({ length: 30 }, () => ({ op: 'none' })),
    );
  });

  it('asks for rights by row where they depend on it, and still makes one frame per class', async () => {
    let asked = 0;
    const { feed, hub, arrive } = setUp({
      rightsFor: (change, subject) => (change.id === subject.id ? 'own' : subject.rights),
      authorise: (change, subject) => {
        asked += 1;
        return change.id === subject.id ? change : { op: 'none' };
      },
    });
    const sockets = Array.from({ length: 20 }, (_, index) => arrive(person(`p${index}`, 'user')));
    for (const { say } of sockets) say({ type: 'RESUME', since: 0 });
    await settle();
    feed.push(changeOf('p3', 1), changeOf('p4', 1), changeOf('x', 1));
    await settle();
    const seen = sockets.map(({ socket }) =>
      socket.of('CHANGES')[0]?.changes.map((change) => (change.op === 'none' ? null : change.id)),
    );
    expect(seen[3]).toEqual(['p3', null, null]);
    expect(seen[4]).toEqual([null, 'p4', null]);
    expect(seen[5]).toEqual([null, null, null]);
    expect(hub.stats().serialised).toBe(3);
    expect(asked).toBe(5);
  });

  it('sends the plain form from the present on, one event a frame, only of its own scope', async () => {
    const { feed, arrive } = setUp();
    feed.push(changeOf('a', 1));
    const all = arrive(person('p'), false);
    const one = arrive(person('q'), false, 'b');
    const blind = arrive(person('r', 'blind'), false);
    await settle();
    feed.push(changeOf('a', 2), changeOf('b', 1));
    await settle();
    expect(all.socket.frames).toEqual([
      { id: 'a', version: 2, offset: 2 },
      { id: 'b', version: 1, offset: 3 },
    ]);
    expect(one.socket.frames).toEqual([{ id: 'b', version: 1, offset: 3 }]);
    expect(blind.socket.frames).toEqual([]);
  });

  it('F22 tells RESET below the horizon, and for a position that the feed does not know', async () => {
    const { feed, arrive } = setUp();
    feed.push(...Array.from({ length: 10 }, (_, index) => changeOf('a', index + 1)));
    feed.forget(5);
    const { socket, say } = arrive(person('p'));
    say({ type: 'RESUME', since: 4 });
    await settle();
    expect(socket.of('RESET')).toEqual([{ type: 'RESET', reason: 'horizon' }]);
    say({ type: 'RESUME', since: 99 });
    await settle();
    expect(socket.of('RESET').at(-1)).toEqual({ type: 'RESET', reason: 'restart' });
    expect(socket.of('CHANGES')).toEqual([]);
    say({ type: 'RESUME', since: 5 });
    await settle();
    expect(positionsOf(socket, 5)).toBe(10);
  });

  it('gives a slow reader the feed at its own pace, and cuts off one that does not read', async () => {
    const { feed, clock, hub, arrive } = setUp({ limits: { bufferBytes: 40_000, stallMs: 30_000 } });
    const slow = arrive(person('slow'));
    const dead = arrive(person('dead'));
    const good = arrive(person('good'));
    for (const { say } of [slow, dead, good]) say({ type: 'RESUME', since: 0 });
    await settle();
    slow.socket.reading = false;
    dead.socket.reading = false;
    let version = 0;
    for (let batch = 0; batch < 30; batch += 1) {
      feed.push(...Array.from({ length: 40 }, () => changeOf('a', (version += 1))));
      await settle(2);
    }
    expect(slow.socket.bufferedAmount).toBeLessThan(40_000);
    expect(positionsOf(good.socket, 0)).toBe(1_200);
    for (let round = 0; round < 20; round += 1) {
      slow.socket.readAll();
      await settle(4);
    }
    expect(positionsOf(slow.socket, 0)).toBe(1_200);
    clock.advance(29_000);
    expect(dead.socket.closed).toBe(null);
    clock.advance(2_000);
    expect(dead.socket.closed).toBe(1013);
    expect(hub.stats().slowConsumersCut).toBe(1);
    expect(slow.socket.closed).toBe(null);
    // Its close frame would wait behind what it does not read.
    clock.advance(2_000);
    expect(dead.socket.terminated).toBe(true);
  });
});

describe('life of a socket', () => {
  it('F5 ends a socket that leaves a ping unanswered, and keeps one that answers', async () => {
    const { clock, hub, arrive } = setUp({ limits: { heartbeatMs: 16_000 } });
    const silent = arrive(person('a'));
    const answering = arrive(person('b'));
    const plain = arrive(person('c'), false);
    for (let second = 0; second < 64; second += 1) {
      clock.advance(1_000);
      answering.say({ type: 'PONG' });
      hub.ponged(plain.connection);
    }
    expect(silent.socket.of('PING')).toHaveLength(1);
    expect(silent.socket.terminated).toBe(true);
    expect(answering.socket.of('PING').length).toBeGreaterThan(2);
    expect(answering.socket.terminated).toBe(false);
    expect(plain.socket.pings).toBeGreaterThan(2);
    expect(plain.socket.terminated).toBe(false);
  });

  it('answers PING, waits for AUTH, and takes no other frame before it', async () => {
    const { clock, hub, arrive } = setUp();
    const late = arrive(null);
    const early = arrive(null);
    const wrong = arrive(null);
    const right = arrive(null);
    late.say({ type: 'PING' });
    expect(late.socket.frames).toEqual([{ type: 'PONG' }]);
    early.say({ type: 'RESUME', since: 0 });
    expect(early.socket.closed).toBe(4401);
    wrong.say({ type: 'AUTH', token: 'bad' });
    right.say({ type: 'AUTH', token: 'ann' });
    right.say({ type: 'RESUME', since: 0 });
    await settle();
    expect(wrong.socket.closed).toBe(4401);
    expect(right.socket.frames[0]).toMatchObject({ type: 'HELLO' });
    expect(right.connection.phase).toBe('live');
    clock.advance(10_001);
    expect(late.socket.closed).toBe(4401);
    expect(right.socket.closed).toBe(null);
    expect(hub.stats().subjects).toBe(1);
  });

  it('closes with 1008 on malformed frames, binary ones and floods; a newer frame is let pass', () => {
    const { clock, hub, arrive } = setUp({ limits: { framesPer10s: 5 } });
    for (const text of [
      '{',
      '[]',
      '{"type":"RESUME","since":-1}',
      '{"type":"RESUME","since":0,"extra":1}',
      '{"type":"__proto__"',
    ]) {
      const { socket, connection } = arrive(person('p'));
      hub.receive(connection, text);
      expect([text, socket.closed]).toEqual([text, 1008]);
    }
    const binary = arrive(person('p'));
    hub.receive(binary.connection, null);
    expect(binary.socket.closed).toBe(1008);
    const newer = arrive(person('p'));
    for (let frame = 0; frame < 5; frame += 1) newer.say({ type: 'LATER' });
    expect(newer.socket.closed).toBe(null);
    clock.advance(10_000);
    for (let frame = 0; frame < 5; frame += 1) newer.say({ type: 'LATER' });
    expect(newer.socket.closed).toBe(null);
    newer.say({ type: 'LATER' });
    expect(newer.socket.closed).toBe(1008);
  });

  it('closes the oldest socket of a subject that opens too many', () => {
    const { arrive } = setUp({ limits: { socketsPerSubject: 2 } });
    const [first, second, third] = [arrive(person('p')), arrive(person('p')), arrive(person('p'))];
    expect([first?.socket.closed, second?.socket.closed, third?.socket.closed]).toEqual([1008, null, null]);
  });

  it('closes with 4401 when the sign-in runs out, unless it was renewed', async () => {
    const { clock, arrive } = setUp({
      limits: { heartbeatMs: 16_000 },
      authenticateToken: async () => ({ ok: true, subject: { ...person('p'), expiresAt: 2_000_000 } }),
    });
    const short = { ...person('p'), expiresAt: 1_010_000 };
    const ends = arrive(short);
    const renews = arrive(short);
    renews.say({ type: 'AUTH', token: 'new' });
    await settle();
    clock.advance(30_000);
    expect(ends.socket.closed).toBe(4401);
    expect(renews.socket.closed).toBe(null);
  });

  it('sends nothing more after it closed, and forgets the socket when it is gone', async () => {
    const { feed, hub, arrive } = setUp();
    const { socket, connection, say } = arrive(person('p'));
    say({ type: 'RESUME', since: 0 });
    await settle();
    expect(hub.stats()).toMatchObject({ sockets: 1, subjects: 1 });
    expect(hub.endEverywhere('p', 'forbidden')).toBe(1);
    expect(socket.closed).toBe(4403);
    const sent = socket.frames.length;
    feed.push(changeOf('a', 1));
    say({ type: 'PING' });
    await settle();
    expect(socket.frames).toHaveLength(sent);
    hub.dismiss(connection);
    expect(hub.stats()).toMatchObject({ sockets: 0, subjects: 0 });
    expect(hub.endEverywhere('nobody', 'sign-in')).toBe(0);
  });
});

describe('rights', () => {
  it('sends nothing under old rights once they changed; then RESET, then the new ones', async () => {
    const renewal = Promise.withResolvers<void>();
    const { feed, hub, arrive } = setUp({
      renew: async (subject) => {
        await renewal.promise;
        return { ok: true, subject: { ...subject, rights: 'blind', role: 'blind' } };
      },
    });
    const { socket, say } = arrive(person('p'));
    const plain = arrive(person('p'), false);
    const other = arrive(person('q'));
    say({ type: 'RESUME', since: 0 });
    other.say({ type: 'RESUME', since: 0 });
    await settle();
    expect(hub.resetEverywhere('p', 'rights')).toBe(2);
    feed.push(changeOf('secret', 1));
    say({ type: 'RESUME', since: 0 });
    await settle();
    expect(socket.of('CHANGES')).toEqual([]);
    expect(plain.socket.frames).toEqual([]);
    expect(positionsOf(other.socket, 0)).toBe(1);
    renewal.resolve();
    await settle();
    expect(socket.frames.at(-1)).toEqual({ type: 'RESET', reason: 'rights' });
    say({ type: 'RESUME', since: 0 });
    feed.push(changeOf('secret', 2));
    await settle();
    expect(positionsOf(socket, 0)).toBe(2);
    expect(socket.texts.join('\n')).not.toContain('secret');
    expect(plain.socket.frames).toEqual([]);
  });

  it('ends the sockets of somebody who may no longer sign in', async () => {
    const { hub, arrive } = setUp({ renew: async () => ({ ok: false, code: 'sign-in' }) });
    const { socket } = arrive(person('p'));
    hub.resetEverywhere(null, 'rights');
    await settle();
    expect(socket.closed).toBe(4401);
  });

  it('takes an AUTH of the same person with other rights as a reset, one of another person as the end', async () => {
    const { arrive } = setUp({
      authenticateToken: async (token) => ({
        ok: true,
        subject: token === 'other' ? person('q') : person('p', token),
      }),
    });
    const { socket, say } = arrive(person('p', 'admin'));
    say({ type: 'AUTH', token: 'admin' });
    await settle();
    expect(socket.of('RESET')).toEqual([]);
    say({ type: 'AUTH', token: 'blind' });
    await settle();
    expect(socket.of('RESET')).toEqual([{ type: 'RESET', reason: 'rights' }]);
    say({ type: 'AUTH', token: 'other' });
    await settle();
    expect(socket.closed).toBe(4401);
  });
});

const joining = () => setUp({ acceptsTopic: (topic) => topic !== 'secret' });

describe('presence', () => {
  it('tells everybody on a topic who is there and what they do, one entry a person', async () => {
    const { hub, arrive } = joining();
    const ann = arrive(person('ann'));
    const bob = arrive(person('bob'));
    const bobAgain = arrive(person('bob'));
    for (const { say } of [ann, bob, bobAgain]) say({ type: 'SUBSCRIBE', topic: 'row/1' });
    await settle();
    expect(ann.socket.of('PRESENCE')).toEqual([{ type: 'PRESENCE', topic: 'row/1', people: [] }]);
    ann.say({ type: 'PRESENCE', topic: 'row/1', state: 'viewing' });
    bob.say({ type: 'PRESENCE', topic: 'row/1', state: 'editing', field: 'name' });
    bobAgain.say({ type: 'PRESENCE', topic: 'row/1', state: 'viewing' });
    await settle();
    const people = [
      { id: 'ann', name: 'ann', state: 'viewing' },
      { id: 'bob', name: 'bob', state: 'editing', field: 'name' },
    ];
    for (const { socket } of [ann, bob, bobAgain])
      expect(socket.of('PRESENCE').at(-1)?.people).toEqual(people);
    // Three things in one turn were told once.
    expect(ann.socket.of('PRESENCE')).toHaveLength(2);
    hub.dismiss(bob.connection);
    bobAgain.say({ type: 'PRESENCE', topic: 'row/1', state: 'gone' });
    await settle();
    expect(ann.socket.of('PRESENCE').at(-1)?.people).toEqual(people.slice(0, 1));
    ann.say({ type: 'UNSUBSCRIBE', topic: 'row/1' });
    hub.dismiss(bobAgain.connection);
    await settle();
    expect(hub.stats().topics).toBe(0);
  });

  it('tells nothing of a topic that one may not join', async () => {
    const { arrive } = joining();
    const ann = arrive(person('ann'));
    ann.say({ type: 'SUBSCRIBE', topic: 'secret' });
    ann.say({ type: 'PRESENCE', topic: 'secret', state: 'editing' });
    await settle();
    expect(ann.socket.of('PRESENCE')).toEqual([{ type: 'PRESENCE', topic: 'secret', people: [] }]);
    expect(ann.socket.closed).toBe(null);
  });

  it('bounds the topics of one socket', async () => {
    const { arrive } = setUp({ acceptsTopic: () => true, limits: { topicsPerSocket: 2 } });
    const { socket, say } = arrive(person('p'));
    for (const topic of ['a', 'b', 'b']) say({ type: 'SUBSCRIBE', topic });
    await settle();
    expect(socket.closed).toBe(null);
    say({ type: 'SUBSCRIBE', topic: 'c' });
    await settle();
    expect(socket.closed).toBe(1008);
  });
});
