import { networkInterfaces } from 'node:os';
import { isLoopback } from '../config.ts';

/** From where browsers may write and open sockets. */
export interface Origins {
  /** Whether a request that names this origin comes from the application itself. */
  allows(origin: string | undefined): boolean;
  /** Called once the port is known. */
  bind(host: string, port: number): void;
  list(): string[];
}

/** @param further Origins that a reverse proxy serves. */
export function createOrigins(further: readonly string[]): Origins {
  const known = new Set(further);
  return {
    allows: (origin) => origin !== undefined && known.has(origin),
    bind(host, port) {
      for (const address of reachableAddresses(host)) known.add(`http://${address}:${port}`);
      if (isLoopback(host) || isEveryAddress(host)) {
        for (const name of ['localhost', '127.0.0.1', '[::1]']) known.add(`http://${name}:${port}`);
      }
      // Browsers leave the default port out of an origin.
      if (port === 80) for (const origin of known) known.add(origin.replace(/:80$/, ''));
    },
    list: () => [...known],
  };
}

const isEveryAddress = (host: string) => host === '0.0.0.0' || host === '::';

/** The addresses, ready for a URL, under which a server bound to this host can be reached. */
export function reachableAddresses(host: string): string[] {
  if (!isEveryAddress(host)) return [inUrl(host)];
  const found = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return found
    .filter(({ family, address }) => (host === '::' || family === 'IPv4') && !address.startsWith('fe80:'))
    .map(({ address }) => inUrl(address));
}

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
