/**
 * Whether anything may be sent, as far as the server is concerned. `probing` lets one entry through at a time, until an
 * answer shows that the server is back.
 */
export type GateKind = 'open' | 'probing' | 'busy' | 'unreachable' | 'refreshing';

export type GateEvent =
  /** The server gave an answer other than the two below. */
  | 'answered'
  /** The server named a time before which nobody should ask again. */
  | 'busy'
  | 'unauthorised'
  | 'unreachable'
  /** The sign-in was renewed, or is known to be over (then a pause holds the queue). */
  | 'refreshed'
  /** The renewal could not reach the server. */
  | 'unrefreshed'
  /** The gate's time is over. */
  | 'elapsed';

type Row = Readonly<Record<GateEvent, GateKind>>;

const whatever = (kind: GateKind): Row => ({
  answered: kind,
  busy: kind,
  unauthorised: kind,
  unreachable: kind,
  refreshed: kind,
  unrefreshed: kind,
  elapsed: kind,
});

const open: Row = {
  answered: 'open',
  busy: 'busy',
  unauthorised: 'refreshing',
  unreachable: 'unreachable',
  refreshed: 'open',
  unrefreshed: 'unreachable',
  elapsed: 'open',
};

/** Where each event leads. What comes late, from a request sent before the gate closed, must not open it too early. */
export const GATE_TABLE: Readonly<Record<GateKind, Row>> = {
  open,
  probing: { ...open, elapsed: 'probing' },
  busy: { ...whatever('busy'), elapsed: 'probing' },
  unreachable: { ...open, refreshed: 'unreachable', elapsed: 'probing' },
  refreshing: { ...whatever('refreshing'), refreshed: 'open', unrefreshed: 'unreachable' },
};

export interface Gate {
  readonly kind: GateKind;
  /** When a busy or unreachable server is tried again, in milliseconds since 1970. */
  readonly until: number;
  /** `retryAt` goes with `busy`. */
  pass(event: GateEvent, retryAt?: number): void;
}

/** @param restMs how long an unreachable server is left alone after so many failures. */
export function createGate(
  now: () => number,
  restMs: (failures: number) => number,
  onRefreshing: () => void,
): Gate {
  let kind: GateKind = 'open';
  let until = 0;
  let failures = 0;
  return {
    get kind() {
      return kind;
    },
    get until() {
      return until;
    },
    pass(event, retryAt = 0) {
      const before = kind;
      kind = GATE_TABLE[before][event];
      if (kind === 'busy') until = before === 'busy' ? Math.max(until, retryAt) : retryAt;
      if (kind === 'open') failures = 0;
      if (kind === before) return;
      if (kind === 'unreachable') until = now() + restMs(failures++);
      if (kind === 'refreshing') onRefreshing();
    },
  };
}
