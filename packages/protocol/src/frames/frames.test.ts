import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readClientFrame } from './client-frame.ts';
import { readServerFrame } from './server-frame.ts';
import { clientFrame, serverFrame } from '../schema/index.ts';

const id = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';
const at = '2026-01-31T09:30:00.000Z';
const change = {
  entity: 'note',
  id,
  op: 'update',
  version: 2,
  row: { id, title: 'x' },
  before: { title: 'y' },
  actor: null,
  at,
};

const serverExamples = [
  { type: 'HELLO', offset: 7, horizon: 1, protocol: 1, now: at },
  {
    type: 'CHANGES',
    offset: 9,
    changes: [change, { op: 'none' }, { ...change, op: 'delete', row: undefined, intent: id }],
  },
  { type: 'RESET', reason: 'horizon' },
  { type: 'PRESENCE', topic: 'note/1', people: [{ id, name: 'Ada', state: 'editing', field: 'title' }] },
  { type: 'PING' },
  { type: 'PONG' },
];

const clientExamples = [
  { type: 'AUTH', token: 't' },
  { type: 'RESUME', since: 0 },
  { type: 'SUBSCRIBE', topic: 'note/1' },
  { type: 'UNSUBSCRIBE', topic: 'note/1' },
  { type: 'PRESENCE', topic: 'note/1', state: 'gone' },
  { type: 'PING' },
  { type: 'PONG' },
];

/** Values that sit on the edges of what a member may be. */
const oddValues: readonly unknown[] = [
  null,
  0,
  1,
  -1,
  1.5,
  2 ** 53,
  '',
  'x',
  'x'.repeat(101),
  'x'.repeat(201),
  'x'.repeat(301),
  'x'.repeat(8193),
  at,
  '2026-01-31T09:30:00Z',
  id,
  id.toUpperCase(),
  'none',
  'insert',
  'update',
  'delete',
  'rights',
  'viewing',
  'gone',
  'PING',
  'HELLO',
  [],
  {},
  [change],
  [null],
  [{ op: 'none' }],
  true,
];

const odd = fc.constantFrom(...oddValues);

function batchOf(changed: object): string {
  return JSON.stringify({ type: 'CHANGES', offset: 1, changes: [changed] });
}

const names = [
  'type',
  'offset',
  'horizon',
  'now',
  'row',
  'before',
  'op',
  'intent',
  'field',
  'reason',
  'extra',
  '__proto__',
];

type Members = Record<string, unknown>;

/** Where members can be changed: the frame itself and each item of its list; with how to build the frame around it. */
function placesOf(frame: Members): [Members, (changed: Members) => Members][] {
  const places: [Members, (changed: Members) => Members][] = [[frame, (changed) => changed]];
  for (const name of ['changes', 'people']) {
    const list = (frame[name] ?? []) as Members[];
    list.forEach((item, at) =>
      places.push([item, (changed) => ({ ...frame, [name]: list.with(at, changed) })]),
    );
  }
  return places;
}

/** One example with some of its members, at any depth, dropped, replaced or added. */
function tampered(examples: readonly object[]): fc.Arbitrary<unknown> {
  const edit = fc.record({
    name: fc.oneof(fc.constantFrom(...names), fc.integer({ min: 0, max: 12 })),
    value: odd,
    drop: fc.boolean(),
    inside: fc.boolean(),
  });
  return fc.tuple(fc.constantFrom(...examples), fc.array(edit, { maxLength: 2 })).map(([example, edits]) => {
    const frame = JSON.parse(JSON.stringify(example)) as Record<string, unknown>;
    for (const { name, value, drop, inside } of edits) {
      const list = frame.changes ?? frame.people;
      const inner: unknown = inside && Array.isArray(list) ? list[0] : frame;
      const place = (typeof inner === 'object' && inner !== null ? inner : frame) as Record<string, unknown>;
      const key = typeof name === 'string' ? name : (Object.keys(place)[name] ?? 'extra');
      if (drop) delete place[key];
      else Object.defineProperty(place, key, { value, enumerable: true, configurable: true, writable: true });
    }
    return frame;
  });
}

const cases = [
  ['readServerFrame', readServerFrame, serverFrame, serverExamples],
  ['readClientFrame', readClientFrame, clientFrame, clientExamples],
] as const;

describe.each(cases)('%s', (_, read, schema, examples) => {
  test.each(examples.map((example) => [example.type, example] as const))('reads %s', (_, example) => {
    const sent = JSON.parse(JSON.stringify(example)) as unknown;
    expect(read(JSON.stringify(example))).toEqual({ ok: true, frame: sent });
    expect(schema.parse(sent)).toEqual(sent);
  });

  test('agrees with the schema on each frame with one member left out, replaced or added', () => {
    const disagreements: string[] = [];
    const check = (frame: unknown) => {
      const text = JSON.stringify(frame);
      if (read(text).ok !== schema.safeParse(JSON.parse(text)).success) disagreements.push(text);
    };
    for (const example of examples) {
      const sent = JSON.parse(JSON.stringify(example)) as Record<string, unknown>;
      for (const [place, put] of placesOf(sent)) {
        for (const key of new Set([...Object.keys(place), ...names])) {
          const { [key]: _, ...without } = place;
          check(put(without));
          for (const value of oddValues) check(put({ ...without, [key]: value }));
        }
      }
    }
    expect(disagreements).toEqual([]);
  });

  test('agrees with the schema on every frame, well-formed or not', () => {
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(tampered(examples), (frame) => {
        const text = JSON.stringify(frame);
        const result = read(text);
        expect([text, result.ok]).toEqual([text, schema.safeParse(JSON.parse(text)).success]);
        if (result.ok) accepted += 1;
        else refused += 1;
      }),
      { numRuns: 5000 },
    );
    expect(Math.min(accepted, refused)).toBeGreaterThan(500);
  });

  test('F4: never throws on any text or any JSON', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(read(text)).toHaveProperty('ok');
      }),
    );
  });

  test('says apart what is not JSON, what is of another version and what is wrong', () => {
    expect(read('{')).toEqual({ ok: false, reason: 'not-json' });
    expect(read('{"type":"NEW"}')).toEqual({ ok: false, reason: 'unknown-type' });
    expect(read('{"type":"__proto__"}')).toEqual({ ok: false, reason: 'unknown-type' });
    expect(read('{"type":7}')).toEqual({ ok: false, reason: 'malformed' });
    expect(read('[]')).toEqual({ ok: false, reason: 'malformed' });
  });

  test('survives nesting 100,000 deep', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(read(`{"type":"PING","extra":${deep}}`)).toHaveProperty('ok', read === readServerFrame);
  });
});

test('F23: a newer server may add members, a client may not', () => {
  expect(readServerFrame('{"type":"PING","load":1}').ok).toBe(true);
  expect(readClientFrame('{"type":"PING","load":1}').ok).toBe(false);
});

test('an insert or update without its row, or a delete with one, is malformed', () => {
  expect(readServerFrame(batchOf({ ...change, op: 'insert', row: undefined })).ok).toBe(false);
  expect(readServerFrame(batchOf({ ...change, op: 'delete' })).ok).toBe(false);
  expect(readServerFrame(batchOf({ ...change, op: 'delete', row: undefined })).ok).toBe(true);
});
