import type { Clock, Report } from '../../core/ports.ts';
import { channelName } from '../channels.ts';
import type { Listener, Session } from '../source.ts';

const RETRY_MS = 500;

/** One connection that listens on every channel asked for, and comes back after it was lost. */
export class ReconnectingListener implements Listener {
  readonly #open: () => Promise<Session>;
  readonly #clock: Clock;
  readonly #report: Report;
  readonly #channels = new Map<string, Set<(payload: string) => void>>();
  readonly #reconnected = new Set<() => void>();
  #session: Promise<Session> | null = null;
  #closed = false;
  #cancelRetry: () => void = () => {};

  constructor(open: () => Promise<Session>, clock: Clock, report: Report) {
    this.#open = open;
    this.#clock = clock;
    this.#report = report;
  }

  async listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>> {
    const name = channelName(channel);
    const own = (payload: string) => onPayload(payload);
    const listeners = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, listeners.add(own));
    try {
      await (await this.#connected()).query(`listen ${name}`);
    } catch (error) {
      listeners.delete(own);
      throw error;
    }
    return async () => {
      listeners.delete(own);
      if (listeners.size > 0 || this.#channels.get(channel) !== listeners) return;
      this.#channels.delete(channel);
      const session = await this.#session?.catch(() => null);
      await session?.query(`unlisten ${name}`).catch(() => {});
    };
  }

  onReconnect(listener: () => void): () => void {
    this.#reconnected.add(listener);
    return () => this.#reconnected.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry();
    const session = await this.#session?.catch(() => null);
    await session?.close();
  }

  #connected(): Promise<Session> {
    if (this.#session === null) {
      const opening = this.#connect();
      this.#session = opening;
      opening.catch(() => {
        if (this.#session === opening) this.#session = null;
      });
    }
    return this.#session;
  }

  async #connect(): Promise<Session> {
    const session = await this.#open();
    session.onNotification((channel, payload) => {
      for (const onPayload of this.#channels.get(channel) ?? []) onPayload(payload);
    });
    session.onLost(() => {
      this.#session = null;
      this.#retry();
    });
    for (const channel of this.#channels.keys()) await session.query(`listen ${channelName(channel)}`);
    return session;
  }

  async #reconnect(): Promise<void> {
    try {
      await this.#connected();
      for (const listener of this.#reconnected) listener();
    } catch (error) {
      this.#report(error, 'listening for notifications');
      this.#retry();
    }
  }

  #retry(): void {
    if (this.#closed) return;
    this.#cancelRetry = this.#clock.after(RETRY_MS, () => {
      if (this.#closed || this.#channels.size === 0) return;
      void this.#reconnect();
    });
  }
}
