import { systemClock } from '../ui/clock.ts';
import { api } from './api.ts';
import { openLive } from './live.ts';
import { changesReceived, statusChanged } from './live-slice.ts';
import type { AppStore } from './store.ts';

/** Connects the store to the server's changes with the browser's socket and timers; returns what ends it. */
export function startLive(store: AppStore): () => void {
  const live = openLive(
    {
      openSocket: (protocol, events) => {
        const url = new URL('/realtime', window.location.href);
        url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
        const socket = new WebSocket(url, protocol);
        socket.addEventListener('message', (event) => events.onText(String(event.data)));
        socket.addEventListener('close', (event) => events.onClose(event.code));
        return {
          send: (text) => {
            if (socket.readyState === WebSocket.OPEN) socket.send(text);
          },
          close: () => socket.close(),
        };
      },
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
      random: () => Math.random(),
    },
    {
      onChanges: (changes, lastOffset) => store.dispatch(changesReceived({ changes, lastOffset })),
      onReset: () => store.dispatch(api.util.invalidateTags(['User', 'UserProfile', 'UserStats'])),
      onStatus: (status) => store.dispatch(statusChanged(status)),
      onServerTime: (ms) => systemClock.correct(ms),
      renewSession: async () => {
        const session = await store.dispatch(
          api.endpoints.getSession.initiate(undefined, { forceRefetch: true, subscribe: false }),
        );
        return session.error === undefined;
      },
    },
  );
  const wake = (): void => live.wake();
  const wakeIfSeen = (): void => {
    if (document.visibilityState === 'visible') live.wake();
  };
  window.addEventListener('online', wake);
  document.addEventListener('visibilitychange', wakeIfSeen);
  return () => {
    window.removeEventListener('online', wake);
    document.removeEventListener('visibilitychange', wakeIfSeen);
    live.stop();
  };
}
