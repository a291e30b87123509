import { WebSocket } from 'ws';
import type { Result } from '../result.ts';
import { spread } from './load.ts';
import { launch } from './processes.ts';
import type { Running } from './processes.ts';

/** Handshakes under way at once while the sockets are opened. */
const AT_ONCE = 200;

interface Crowd {
  readonly server: Running;
  readonly sockets: readonly WebSocket[];
  /** Resolves when every socket has received the next frame with a change. */
  everybody(): Promise<void>;
}

async function gather(server: Running, count: number, protocol: string | undefined): Promise<Crowd> {
  const sockets: WebSocket[] = [];
  let waiting = 0;
  let done: () => void = () => {};
  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/realtime`, protocol, {
        perMessageDeflate: false,
      });
      sockets.push(socket);
      socket.once('error', reject);
      if (protocol === undefined) socket.once('open', () => resolve());
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        if (isBinary) return;
        if (data.includes('"HELLO"')) {
          const { offset } = JSON.parse(data.toString()) as { offset: number };
          socket.send(JSON.stringify({ type: 'RESUME', since: offset }));
          resolve();
        } else if (protocol === undefined || data.includes('"CHANGES"')) {
          waiting -= 1;
          if (waiting === 0) done();
        }
      });
    });
  for (let opened = 0; opened < count; opened += AT_ONCE) {
    // oxlint-disable-next-line no-await-in-loop -- in batches, as a listen queue takes them
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - opened) }, open));
  }
  return {
    server,
    sockets,
    everybody: () =>
      new Promise((resolve) => {
        waiting = count;
        done = resolve;
      }),
  };
}

/** From the start of one write to the last of `count` sockets, beside a plain loop of `ws.send`; and the memory of an idle socket. */
export async function fanout(count: number, rounds: number, say: (line: string) => void): Promise<Result[]> {
  const hub = await launch({ file: 'bench/server/fanout-server.ts' });
  const loop = await launch({ file: 'bench/server/floor-server.ts', env: { ROW: '600' } });
  try {
    const before = await hub.residentBytes();
    say(`opening ${count} sockets to the hub and ${count} to the plain loop`);
    const crowds = {
      lockstep: await gather(hub, count, 'lockstep.v1'),
      'ws-loop': await gather(loop, count, undefined),
    };
    const after = await hub.residentBytes();
    const times: Record<keyof typeof crowds, number[]> = { lockstep: [], 'ws-loop': [] };
    for (let turn = 0; turn < rounds; turn += 1) {
      for (const system of ['lockstep', 'ws-loop'] as const) {
        const { server, everybody } = crowds[system];
        const all = everybody();
        const began = performance.now();
        // oxlint-disable-next-line no-await-in-loop -- one at a time
        await Promise.all([fetch(`${server.url}/write`, { method: 'POST' }), all]);
        times[system].push(performance.now() - began);
      }
    }
    for (const { sockets } of Object.values(crowds)) for (const socket of sockets) socket.terminate();
    const op = 'one write to the last socket';
    return [
      {
        suite: 'server',
        op,
        rows: count,
        system: 'lockstep',
        ...spread(times.lockstep.slice(2)),
        note: 'PGlite in memory',
      },
      { suite: 'server', op, rows: count, system: 'ws-loop', ...spread(times['ws-loop'].slice(2)) },
      {
        suite: 'server',
        op: 'idle socket, resident memory',
        rows: count,
        system: 'lockstep',
        medianNs: 0,
        p99Ns: 0,
        bytesPerRow: Math.round((after - before) / count),
        note: 'the growth of the whole process, divided by the sockets',
      },
    ];
  } finally {
    await Promise.all([hub.stop(), loop.stop()]);
  }
}
