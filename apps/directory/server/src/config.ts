import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { dayMs, defaultRetention } from './retention.ts';
import type { Retention } from './retention.ts';
import { StartRefused } from './start-refused.ts';

/** Everything that the person who starts the server may decide. */
export interface StartOptions {
  /** Address to listen on. Default 127.0.0.1. */
  host: string;
  /** Port to listen on; 0 picks a free one. Default 8080. */
  port: number;
  /** Where the embedded database and `sign-in.txt` live. Default `.directory` in the repository. */
  dataFolder: string;
  /** A PostgreSQL to use in place of the embedded database, as a `postgres://` URL. */
  databaseUrl: string | null;
  /** How many demo people a fresh database receives; null leaves the default of 10,000. */
  people: number | null;
  /** A CSV file of people to load at start. */
  importFile: string | null;
  /** The first administrator's address and password; null generates them. */
  admin: { email: string | null; password: string | null };
  /** Further origins from which browsers may write, for a server behind a reverse proxy. */
  origins: readonly string[];
  /** Addresses of reverse proxies whose X-Forwarded-* headers are believed. Nobody's by default. */
  trustedProxies: readonly string[];
  /** How long records are kept. Default two years. */
  retention: Retention;
}

export type Command =
  | { kind: 'help' }
  | { kind: 'start'; options: StartOptions }
  | { kind: 'reset-password'; email: string; options: StartOptions };

export type Environment = Readonly<Record<string, string | undefined>>;

export const defaultPeople = 10_000;
const mostPeople = 1_000_000;
const repositoryRoot = resolve(import.meta.dirname, '../../../..');

export const usage = `Directory: a live user directory.

  npm start -- [flags]

  --port N             port to listen on; 0 picks a free one        (PORT, default 8080)
  --host H             address to listen on                         (default 127.0.0.1)
  --data DIR           folder of the embedded database              (DIRECTORY_DATA, default .directory)
  --people N           demo people in a fresh database              (default 10000)
  --import FILE.csv    load people from a file: columns name, email and, if wanted, role, language,
                       theme, notifications
  --database-url URL   use this PostgreSQL (15 or newer)            (DATABASE_URL)
  --reset-password E   set a new password for the account E, print it, and end
  --help               this text

  DIRECTORY_ADMIN_EMAIL, DIRECTORY_ADMIN_PASSWORD   the first administrator, in a fresh database
  DIRECTORY_ORIGINS            origins (comma separated) that may write, when a reverse proxy stands in front
  DIRECTORY_TRUSTED_PROXIES    addresses (comma separated) of the proxies whose X-Forwarded-For is believed
  DIRECTORY_HISTORY_DAYS       how long the histories of people are kept  (default 730)
  DIRECTORY_AUDIT_DAYS         how long the audit is kept                 (default 730)
`;

const flags = {
  port: { type: 'string' },
  host: { type: 'string' },
  data: { type: 'string' },
  people: { type: 'string' },
  import: { type: 'string' },
  'database-url': { type: 'string' },
  'reset-password': { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** Reads the command line over the environment; a flag wins over its variable. Throws `StartRefused` (bad-flag). */
export function readCommand(args: readonly string[], environment: Environment): Command {
  const values = parseFlags(args);
  if (values.help === true) return { kind: 'help' };
  const options: StartOptions = {
    host: readHost(values.host ?? '127.0.0.1'),
    port: readPort(values.port ?? given(environment['PORT']) ?? '8080'),
    dataFolder: resolve(
      values.data ?? given(environment['DIRECTORY_DATA']) ?? join(repositoryRoot, '.directory'),
    ),
    databaseUrl: readDatabaseUrl(values['database-url'] ?? given(environment['DATABASE_URL'])),
    people: values.people === undefined ? null : readWhole('--people', values.people, mostPeople),
    importFile: values.import === undefined ? null : resolve(values.import),
    admin: {
      email: given(environment['DIRECTORY_ADMIN_EMAIL']) ?? null,
      password: given(environment['DIRECTORY_ADMIN_PASSWORD']) ?? null,
    },
    origins: readOrigins(given(environment['DIRECTORY_ORIGINS'])),
    trustedProxies: readAddresses(given(environment['DIRECTORY_TRUSTED_PROXIES'])),
    retention: {
      historyMs: readDays(environment, 'DIRECTORY_HISTORY_DAYS') ?? defaultRetention.historyMs,
      auditMs: readDays(environment, 'DIRECTORY_AUDIT_DAYS') ?? defaultRetention.auditMs,
    },
  };
  const email = values['reset-password'];
  return email === undefined ? { kind: 'start', options } : { kind: 'reset-password', email, options };
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: false, strict: true }).values;
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\n/);
    throw new StartRefused('bad-flag', `${reason.replace(/\.$/, '')}; --help lists the flags.`);
  }
}

/** An empty variable is an absent one: shells and compose files often pass `PORT=`. */
function given(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value.trim();
}

function readPort(text: string): number {
  return readWhole('--port', text, 65_535);
}

function readWhole(flag: string, text: string, most: number): number {
  const value = Number(text);
  if (!/^\d{1,7}$/.test(text) || value > most) {
    throw new StartRefused(
      'bad-flag',
      `${flag} expects a whole number from 0 to ${most}, received "${text}".`,
    );
  }
  return value;
}

/** In milliseconds. At least one day: a record that is gone at once is none. */
function readDays(environment: Environment, name: string): number | undefined {
  const text = given(environment[name]);
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,4}$/.test(text)) {
    throw new StartRefused(
      'bad-flag',
      `${name} expects a number of days from 1 to 99999, received "${text}".`,
    );
  }
  return Number(text) * dayMs;
}

function readHost(text: string): string {
  const host = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) === 0 && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(host)) {
    throw new StartRefused('bad-flag', `--host expects an address or a host name, received "${text}".`);
  }
  return host;
}

function readDatabaseUrl(text: string | undefined): string | null {
  if (text === undefined) return null;
  const url = URL.parse(text);
  if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol) || url.pathname.length < 2) {
    // The text may hold a password, so it is not repeated.
    throw new StartRefused(
      'bad-database-url',
      'The database URL is not one: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
    );
  }
  return text;
}

function readOrigins(text: string | undefined): string[] {
  return list(text).map((entry) => {
    const url = URL.parse(entry);
    if (
      url === null ||
      !['http:', 'https:'].includes(url.protocol) ||
      url.origin !== entry.replace(/\/$/, '')
    ) {
      throw new StartRefused(
        'bad-flag',
        `DIRECTORY_ORIGINS expects origins such as https://people.example.org, received "${entry}".`,
      );
    }
    return url.origin;
  });
}

function readAddresses(text: string | undefined): string[] {
  return list(text).map((entry) => {
    const [address = '', bits] = entry.split('/');
    if (isIP(address) === 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) {
      throw new StartRefused(
        'bad-flag',
        `DIRECTORY_TRUSTED_PROXIES expects addresses or ranges such as 10.0.0.0/8, received "${entry}".`,
      );
    }
    return entry;
  });
}

function list(text: string | undefined): string[] {
  return (text ?? '').split(',').flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()]));
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
