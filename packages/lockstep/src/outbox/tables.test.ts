import { describe, expect, test } from 'vitest';
import { ENTRY_TABLE } from './entry.ts';
import { createGate, GATE_TABLE } from './gate.ts';
import type { GateEvent, GateKind } from './gate.ts';

describe('S5.22 states and what may befall them', () => {
  test('S5.22 every status answers every event, and every answer is a status, `gone`, `back` or `never`', () => {
    const statuses = Object.keys(ENTRY_TABLE);
    const events = Object.keys(ENTRY_TABLE.durable);
    const answers = new Set([...statuses, 'gone', 'back', 'never']);
    for (const row of Object.values(ENTRY_TABLE)) {
      expect(Object.keys(row)).toEqual(events);
      for (const answer of Object.values(row)) expect(answers).toContain(answer);
    }
  });

  test('S5.22 I2 payloads change under a key only while it was never sent', () => {
    for (const [status, row] of Object.entries(ENTRY_TABLE)) {
      const changes = status === 'durable' ? 'durable' : 'never';
      expect([row.merge, row.restamp]).toEqual([changes, changes]);
    }
  });

  test('S5.22 I1 only an acknowledgement or a person takes an entry out once it was sent', () => {
    const ways = Object.entries(ENTRY_TABLE.sent).filter(([, to]) => to === 'gone');
    expect(ways.map(([event]) => event)).toEqual(['acknowledge', 'discard']);
  });

  test('S5.22 every gate answers every event with a gate; from each, the open one can be reached', () => {
    const kinds = Object.keys(GATE_TABLE) as GateKind[];
    const events = Object.keys(GATE_TABLE.open) as GateEvent[];
    for (const start of kinds) {
      expect(Object.keys(GATE_TABLE[start])).toEqual(events);
      const reached = new Set<GateKind>([start]);
      for (const kind of reached) for (const event of events) reached.add(GATE_TABLE[kind][event]);
      expect(reached).toContain('open');
    }
  });

  test('S5.22 a renewal is asked for once, whatever comes while it is under way', () => {
    let asked = 0;
    const gate = createGate(
      () => 0,
      () => 0,
      () => (asked += 1),
    );
    const noise: GateEvent[] = ['unauthorised', 'unreachable', 'busy', 'answered', 'elapsed', 'unauthorised'];
    for (const event of ['unauthorised' as const, ...noise]) gate.pass(event);
    expect([asked, gate.kind]).toEqual([1, 'refreshing']);
    gate.pass('refreshed');
    expect(gate.kind).toBe('open');
  });
});
