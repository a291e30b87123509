/** The world comes in through these. Only `browser-ports.ts` and tests implement them. */

export interface Clock {
  /** Milliseconds since 1970, by this machine's clock. */
  now(): number;
}

/** Ends what was asked for; harmless when it is over. */
export type Cancel = () => void;

export interface Timers {
  /** Runs once after at least `ms` milliseconds. */
  after(ms: number, run: () => void): Cancel;
}

export interface Random {
  /** At least 0, below 1. For jitter, never for secrets. */
  fraction(): number;
  /** Bytes fit for ids, from the platform's cryptographic generator. */
  bytes(length: number): Uint8Array;
}

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Mutual exclusion among the tabs of one origin. */
export interface Locks {
  /** Waits for the lock and holds it until `hold` settles; an abort of `signal` ends the waiting only. */
  request<T>(name: string, signal: AbortSignal, hold: () => Promise<T>): Promise<T>;
}

/** One connection, in events: `onOpen` at most once, then messages, then `onClose` exactly once. */
export interface Socket {
  send(text: string): void;
  /** Bytes accepted by `send` and not yet handed to the network. */
  readonly bufferedAmount: number;
  close(code: number, reason: string): void;
}

export interface SocketEvents {
  onOpen(protocol: string): void;
  onMessage(text: string): void;
  onClose(code: number, reason: string): void;
}

export type SocketFactory = (url: string, protocols: readonly string[], events: SocketEvents) => Socket;

/** Small texts that outlive the page. Rejects where the platform refuses (private mode, quota). */
export interface TextStorage {
  read(key: string): Promise<string | null>;
  write(key: string, text: string): Promise<void>;
  remove(key: string): Promise<void>;
}
