import { isJsonObject } from '@lockstep/protocol';
import type { PresencePerson } from '@lockstep/protocol';
import type { Report } from '../core/ports.ts';
import { internalsOf } from '../database/index.ts';
import type { Database } from '../database/index.ts';
import type { ResetReason } from './types.ts';

const CHANNEL = 'lockstep_live';
const PAYLOAD_BYTES = 7_900;

/** What the hubs of one database tell each other. */
export type NodeMessage =
  | { kind: 'end'; subject: string; code: 'sign-in' | 'forbidden' }
  | { kind: 'reset'; subject: string | null; reason: ResetReason }
  | { kind: 'presence'; topic: string; people: PresencePerson[] }
  /** A node that knows nothing of a topic yet asks for everybody's part. */
  | { kind: 'ask'; topic: string };

/** The hubs of the other nodes, reached by notifications. */
export interface Nodes {
  open(onMessage: (from: string, message: NodeMessage) => void, onReconnect: () => void): Promise<void>;
  /** In the order of the calls, rights before presence. Never rejects: what did not get through is reported. */
  send(message: NodeMessage): Promise<void>;
  close(): Promise<void>;
}

/** A process alone. */
export const noNodes: Nodes = { open: async () => {}, send: async () => {}, close: async () => {} };

export function nodesOn(database: Database, self: string, report: Report): Nodes {
  const ends: (() => void | Promise<void>)[] = [];
  // One message at a time: two on different connections could overtake each other, and old presence would win over new.
  const rights: NodeMessage[] = [];
  const others = new Map<string, NodeMessage>();
  let sending: Promise<void> | null = null;

  const next = (): NodeMessage | undefined => {
    const urgent = rights.shift();
    if (urgent !== undefined) return urgent;
    for (const [key, message] of others) {
      others.delete(key);
      return message;
    }
    return undefined;
  };

  const sendAll = async (): Promise<void> => {
    for (let message = next(); message !== undefined; message = next()) {
      try {
        await database.notify(CHANNEL, encode(self, message));
      } catch (error) {
        report(error, 'telling the other nodes');
      }
    }
    sending = null;
  };

  return {
    async open(onMessage, onReconnect) {
      ends.push(
        await database.listen(CHANNEL, (payload) => {
          const read = readMessage(payload);
          if (read !== null && read.from !== self) onMessage(read.from, read.message);
        }),
        internalsOf(database).onReconnect(onReconnect),
      );
    },
    send(message) {
      if (message.kind === 'end' || message.kind === 'reset') rights.push(message);
      // Of what waits for its turn, only the latest of a topic counts.
      else others.set(`${message.kind} ${message.topic}`, message);
      sending ??= sendAll();
      return sending;
    },
    async close() {
      await sending;
      for (const end of ends.splice(0)) await end();
    },
  };
}

function encode(from: string, message: NodeMessage): string {
  for (let sent = message; ;) {
    const text = JSON.stringify({ from, message: sent });
    if (sent.kind !== 'presence' || Buffer.byteLength(text) <= PAYLOAD_BYTES) return text;
    // More people than fit into a notification: others see the first of them.
    sent = { ...sent, people: sent.people.slice(0, Math.floor(sent.people.length * 0.8)) };
  }
}

function readMessage(payload: string): { from: string; message: NodeMessage } | null {
  try {
    const value: unknown = JSON.parse(payload);
    if (!isJsonObject(value) || typeof value['from'] !== 'string' || !isJsonObject(value['message']))
      return null;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only nodes of this application write to the channel
    return { from: value['from'], message: value['message'] as unknown as NodeMessage };
  } catch {
    return null;
  }
}
