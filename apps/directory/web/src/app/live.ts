import type { Change, ClientFrame } from '@lockstep/protocol';
import { CLOSE, readServerFrame, SUBPROTOCOL } from '@lockstep/protocol';
import type { LiveStatus } from './live-slice.ts';

/** The part of a WebSocket that the connection uses. */
export interface LiveSocket {
  send(text: string): void;
  close(): void;
}

export interface SocketEvents {
  readonly onText: (text: string) => void;
  readonly onClose: (code: number) => void;
}

export interface LivePorts {
  readonly openSocket: (protocol: string, events: SocketEvents) => LiveSocket;
  /** Runs once after `ms`; returns what prevents it. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface LiveHandlers {
  /** Changes in the feed's order; `lastOffset` is the position of the last one. */
  readonly onChanges: (changes: readonly Change[], lastOffset: number) => void;
  /** Everything shown may be out of date and must be read again. */
  readonly onReset: () => void;
  readonly onStatus: (status: LiveStatus) => void;
  /** The server's time, in milliseconds. */
  readonly onServerTime: (ms: number) => void;
  /** The session must be renewed; true where it could be. */
  readonly renewSession: () => Promise<boolean>;
}

export interface Live {
  /** Tries at once where it would wait: the network is back, or the page is looked at again. */
  wake(): void;
  stop(): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const PING_AFTER_MS = 20_000;
const PONG_WITHIN_MS = 10_000;

/**
 * The first connection begins this many changes before the present: what the page reads may have been read before the
 * channel was open. Those that an answer already holds do nothing.
 */
const REPLAYED_AT_FIRST = 200;

/**
 * Keeps one connection to the change feed: resumes where it stopped, waits with full jitter between attempts, and takes an
 * unanswered ping for a dead socket.
 */
export function openLive(ports: LivePorts, handlers: LiveHandlers): Live {
  let offset: number | null = null;
  let mustReadAnew = false;
  let failures = 0;
  let socket: LiveSocket | null = null;
  let cancelTimer = (): void => {};
  let waiting = false;
  let stopped = false;

  function connect(): void {
    waiting = false;
    handlers.onStatus('connecting');
    const opened: LiveSocket = ports.openSocket(SUBPROTOCOL, {
      onText: (text) => {
        if (opened === socket) receive(text);
      },
      onClose: (code) => {
        if (opened === socket) closed(code);
      },
    });
    socket = opened;
    expectAnswer();
  }

  function say(frame: ClientFrame): void {
    socket?.send(JSON.stringify(frame));
  }

  function receive(text: string): void {
    const read = readServerFrame(text);
    if (!read.ok) {
      if (read.reason !== 'unknown-type') drop();
      return;
    }
    scheduleHeartbeat();
    const { frame } = read;
    switch (frame.type) {
      case 'HELLO':
        failures = 0;
        handlers.onServerTime(Date.parse(frame.now));
        offset ??= Math.max(frame.horizon, frame.offset - REPLAYED_AT_FIRST);
        say({ type: 'RESUME', since: offset });
        handlers.onStatus('live');
        // Only now: what is read from here on is newer than the position that the feed goes on from.
        if (mustReadAnew) handlers.onReset();
        mustReadAnew = false;
        return;
      case 'CHANGES': {
        const first = frame.offset - frame.changes.length + 1;
        if (offset !== null && first > offset + 1) {
          // A gap: changes were lost on the way. A new connection resumes from what is known.
          drop();
          return;
        }
        const fresh = offset === null ? frame.changes : frame.changes.slice(Math.max(0, offset + 1 - first));
        offset = Math.max(offset ?? 0, frame.offset);
        if (fresh.length > 0) handlers.onChanges(fresh, frame.offset);
        return;
      }
      case 'RESET':
        offset = null;
        mustReadAnew = true;
        drop();
        return;
      case 'PING':
        say({ type: 'PONG' });
        return;
      case 'PONG':
      case 'PRESENCE':
        return;
    }
  }

  function scheduleHeartbeat(): void {
    cancelTimer();
    cancelTimer = ports.after(PING_AFTER_MS, () => {
      say({ type: 'PING' });
      expectAnswer();
    });
  }

  function expectAnswer(): void {
    cancelTimer();
    cancelTimer = ports.after(PONG_WITHIN_MS, drop);
  }

  /** Gives the socket up without waiting for its own close, which a dead one never sends. */
  function drop(): void {
    const dead = socket;
    socket = null;
    dead?.close();
    retryLater();
  }

  function closed(code: number): void {
    socket = null;
    cancelTimer();
    if (code === CLOSE.forbidden || code === CLOSE.upgrade) {
      stopped = true;
      handlers.onStatus('refused');
    } else if (code === CLOSE.signInAgain) {
      handlers.onStatus('waiting');
      void renew();
    } else {
      retryLater();
    }
  }

  async function renew(): Promise<void> {
    const renewed = await handlers.renewSession();
    if (stopped || socket !== null) return;
    if (renewed) retryLater();
    else stop();
  }

  function retryLater(): void {
    cancelTimer();
    if (stopped) return;
    waiting = true;
    handlers.onStatus('waiting');
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
    failures += 1;
    cancelTimer = ports.after(ports.random() * longest, connect);
  }

  function stop(): void {
    stopped = true;
    cancelTimer();
    const open = socket;
    socket = null;
    open?.close();
    handlers.onStatus('off');
  }

  connect();
  return {
    wake() {
      if (stopped || !waiting) return;
      cancelTimer();
      connect();
    },
    stop,
  };
}
