import autocannon from 'autocannon';
import type { Result } from '../result.ts';

export interface Load {
  readonly url: string;
  readonly requests: autocannon.Request[];
  readonly headers?: Record<string, string>;
}

/** What one round of load showed: how many answers a second, and how long each took. */
export interface Round {
  readonly perSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

const CONNECTIONS = 32;
const SECONDS = 4;

/** One round of closed-loop load. @throws where any answer was not 2xx: a fast refusal is no speed. */
export async function round({ url, requests, headers = {} }: Load): Promise<Round> {
  const {
    latency,
    requests: answered,
    non2xx,
    errors,
    duration,
  } = await autocannon({
    url,
    requests,
    headers,
    connections: CONNECTIONS,
    duration: SECONDS,
  });
  if (non2xx + errors > 0)
    throw new Error(`${url}: ${non2xx} answers were not 2xx, ${errors} requests failed`);
  return { perSecond: answered.total / duration, medianMs: latency.p50, p99Ms: latency.p99 };
}

const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** Rounds of every system in turn, so that the machine's moods are shared; the medians of each. */
export async function interleaved(
  op: string,
  rows: number,
  loads: Readonly<Record<string, Load>>,
  rounds = 3,
): Promise<Result[]> {
  const seen = new Map<string, Round[]>(Object.keys(loads).map((system) => [system, []]));
  for (let turn = 0; turn < rounds; turn += 1) {
    for (const [system, load] of Object.entries(loads)) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time: they would share the cores
      seen.get(system)?.push(await round(load));
    }
  }
  return [...seen].map(([system, told]) => ({
    suite: 'server',
    op,
    rows,
    system,
    medianNs: middle(told.map(({ medianMs }) => medianMs)) * 1e6,
    p99Ns: middle(told.map(({ p99Ms }) => p99Ms)) * 1e6,
    perSecond: Math.round(middle(told.map(({ perSecond }) => perSecond))),
    note: `${CONNECTIONS} connections, load generator on the same cores`,
  }));
}

/** The median and the 99th percentile of measured times, in nanoseconds. */
export function spread(milliseconds: readonly number[]): Pick<Result, 'medianNs' | 'p99Ns'> {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 1e6;
  return { medianNs: at(0.5), p99Ns: at(0.99) };
}
