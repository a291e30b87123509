import type { Json } from '@lockstep/protocol';
import type { FullChange } from '../feed/index.ts';
import type { Subject } from './types.ts';

/** What the hub needs of a socket; `ws` has it. */
export interface Socket {
  readonly bufferedAmount: number;
  send(data: string | Buffer, options: { binary: boolean }, sent?: (error?: Error | null) => void): void;
  close(code: number, reason: string): void;
  terminate(): void;
  ping(): void;
}

type PlainForm = (change: FullChange, context: { offset: number; scope: string }) => Json | null;

/**
 * - `signing-in`: waits for a frame AUTH.
 * - `greeted`: was told HELLO or RESET, and has not said RESUME yet; nothing is sent.
 * - `catching-up`: reads the feed from `position`, page by page, as fast as the socket takes it.
 * - `live`: has everything up to the hub's position, gets each batch as it comes.
 * - `renewing`: its rights changed; nothing is sent until the new ones are known.
 * - `closed`: is ending or gone.
 */
type Phase = 'signing-in' | 'greeted' | 'catching-up' | 'live' | 'renewing' | 'closed';

export interface Connection<S extends Subject> {
  readonly socket: Socket;
  /** Speaks `lockstep.v1`; else its changes go through `plainForm`. */
  readonly framed: boolean;
  readonly plainForm: PlainForm | null;
  /** Null where the route has no scope: then plain frames are shared. */
  readonly scope: string | null;
  subject: S | null;
  phase: Phase;
  /** The last change it was sent, while it is not live. */
  position: number;
  /** Raised whenever what runs for it in the background must give up. */
  turn: number;
  pinged: boolean;
  windowStart: number;
  windowFrames: number;
  topics: Set<string> | null;
  /** Frames that wait for one that takes time. */
  busy: Promise<void> | null;
}

export const TEXT = { binary: false };
