import type { BaseQueryApi } from '@reduxjs/toolkit/query';
import { isTransient } from '../core/index.ts';
import type { Locks, RequestFailure } from '../core/index.ts';
import type { Exchanged } from './exchange.ts';
import type { AuthOptions, RequestApi } from './types.ts';

/** A session as one request met it. */
export interface Sighting {
  readonly token: string | null;
  readonly renewals: number;
}

/** One store's session: renewed once for all who need it, and over when its person signs out. */
export interface Session {
  /** Ends with the session. */
  readonly signal: AbortSignal;
  /** The renewal that is under way, if any. */
  readonly renewing: Promise<unknown> | null;
  see(api: RequestApi): Sighting;
  /**
   * After a refusal of what was seen. Null: the session is another now, send again. `unauthorised`: it is over. Else what
   * kept the server from being asked.
   */
  renew(seen: Sighting, api: BaseQueryApi): Promise<RequestFailure | null>;
  /** Ends the session and begins another. */
  reset(): void;
}

/** @param ask sends the request that renews, once. */
export function createSession(
  auth: AuthOptions | undefined,
  locks: Locks | null,
  ask: (api: BaseQueryApi, signal: AbortSignal) => Promise<Exchanged>,
): Session {
  let ending = new AbortController();
  // Where cookies carry the session there is no token to compare.
  let renewals = 0;
  let renewing: Promise<RequestFailure | null> | null = null;

  const see = (api: RequestApi): Sighting => ({ token: auth?.token?.(api) ?? null, renewals });

  async function renewNow(
    seen: Sighting,
    api: BaseQueryApi,
    signal: AbortSignal,
  ): Promise<RequestFailure | null> {
    // While this tab waited for its turn another may have renewed.
    if (see(api).token !== seen.token) return null;
    const result = await ask(api, signal);
    if (signal.aborted) return { kind: 'aborted' };
    if ('error' in result) {
      const { error } = result;
      // No word from the server, or none that anybody understands, is no reason to sign anyone out.
      if (isTransient(error) || error.kind === 'parse') return error;
      auth?.signedOut?.(error, api);
      return { kind: 'unauthorised', status: 401 };
    }
    try {
      auth?.accept?.(result.data, api);
    } catch (error) {
      return { kind: 'parse', status: result.response.status, message: String(error) };
    }
    renewals += 1;
    return null;
  }

  async function inTurn(
    seen: Sighting,
    api: BaseQueryApi,
    signal: AbortSignal,
  ): Promise<RequestFailure | null> {
    const turn = (): Promise<RequestFailure | null> => renewNow(seen, api, signal);
    try {
      return await (locks ? locks.request('lockstep-refresh', signal, turn) : turn());
    } catch (error) {
      return { kind: 'unreachable', message: String(error) };
    } finally {
      // After a reset another session's renewal may stand here.
      if (!signal.aborted) renewing = null;
    }
  }

  return {
    get signal() {
      return ending.signal;
    },
    get renewing() {
      return renewing;
    },
    see,
    async renew(seen, api) {
      const now = see(api);
      // What was refused may have been replaced while the refusal was on its way.
      if (now.token !== seen.token || now.renewals !== seen.renewals) return null;
      renewing ??= inTurn(seen, api, ending.signal);
      return renewing;
    },
    reset() {
      ending.abort();
      ending = new AbortController();
      renewing = null;
    },
  };
}
