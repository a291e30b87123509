import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import type { User } from '@directory/contract';
import { isServerError, openDatabase } from '@lockstep/server';
import type { Database } from '@lockstep/server';
import type { FastifyServerOptions } from 'fastify';
import { createApp } from './app.ts';
import type { DirectoryApp } from './app.ts';
import { defaultPeople } from './config.ts';
import type { StartOptions } from './config.ts';
import { migrate } from './db/migrate.ts';
import { userEntity } from './db/person.ts';
import type { Tables } from './db/tables.ts';
import { checkFirstAdmin, createFirstAccounts } from './first-accounts.ts';
import type { SignInSheet } from './first-accounts.ts';
import { loadDemo, shiftDemo } from './demo/load.ts';
import { resetPassword } from './features/accounts/index.ts';
import { createOrigins, reachableAddresses } from './http/origins.ts';
import { importPeople, readPeople } from './import-people.ts';
import { textMember } from './members.ts';
import { realWorld } from './ports.ts';
import type { World } from './ports.ts';
import { createRecorders } from './recorders.ts';
import { bySystem } from './records.ts';
import { StartRefused } from './start-refused.ts';

/** Where the web application's build lies. */
export const builtWeb = resolve(import.meta.dirname, '../../web/dist');

export interface StartServerOptions extends StartOptions {
  world?: World;
  webRoot?: string | null;
  logger?: FastifyServerOptions['logger'];
  /** Told what takes long. */
  onProgress?(message: string): void;
}

export interface RunningServer extends DirectoryApp {
  readonly host: string;
  /** The real one, also where 0 was asked for. */
  readonly port: number;
  /** Every address under which the server can be reached. */
  readonly urls: string[];
  readonly signIn: SignInSheet;
}

/** Opens the database, fills it if it is new, and listens. Throws `StartRefused` with a sentence for the person who started it. */
export async function startServer(options: StartServerOptions): Promise<RunningServer> {
  const { world = realWorld, host, onProgress = () => {} } = options;
  // What can be refused is refused before anything is made.
  checkFirstAdmin(options.admin);
  const imported = options.importFile === null ? [] : await readPeople(options.importFile, world);
  await probe(host, options.port);
  const database = await open(options);
  try {
    await migrate(database);
    const signIn = await fill(database, options, imported, world, onProgress);
    const origins = createOrigins(options.origins);
    const directory = await createApp({
      database,
      world,
      origins,
      webRoot: options.webRoot === undefined ? builtWeb : options.webRoot,
      trustedProxies: options.trustedProxies,
      retention: options.retention,
      logger: options.logger ?? false,
    });
    const close = async () => {
      await directory.close();
      await database.close();
    };
    const port = await listen(directory, host, options.port).catch(async (error: unknown) => {
      await directory.close();
      throw error;
    });
    origins.bind(host, port);
    const urls = reachableAddresses(host).map((address) => `http://${address}:${port}`);
    return { ...directory, host, port, urls, signIn, close };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Sets a new password and answers it; the server must not be running on an embedded database. */
export async function resetPasswordOf(
  options: StartOptions,
  email: string,
  world = realWorld,
): Promise<string> {
  const database = await open(options);
  try {
    await migrate(database);
    const { audit } = createRecorders(database, world);
    const provenance = bySystem('reset-password', new Date(world.now()).toISOString());
    const password = await resetPassword(database, email, world, (id) =>
      audit.note(provenance, { action: 'password.reset', entity: userEntity, entityId: id }),
    );
    if (password === null)
      throw new StartRefused('unknown-account', `There is no account with the address ${email}.`);
    return password;
  } finally {
    await database.close();
  }
}

async function open(options: StartOptions): Promise<Database<Tables>> {
  const { databaseUrl, dataFolder } = options;
  try {
    await mkdir(dataFolder, { recursive: true });
    // Also keeps a full disk or a read-only folder from being noticed at the first write only.
    await writeFile(join(dataFolder, '.writable'), '');
  } catch (error) {
    const code = textMember(error, 'code') ?? 'an error';
    throw new StartRefused(
      'data-folder-unusable',
      `The data folder ${dataFolder} cannot be written (${code}); choose another with --data DIR.`,
    );
  }
  try {
    return await openDatabase<Tables>(
      databaseUrl === null
        ? { pglite: { dataDir: join(dataFolder, 'database') } }
        : { postgres: { url: databaseUrl } },
    );
  } catch (error) {
    throw refusedBy(error, options);
  }
}

function refusedBy(error: unknown, { dataFolder, databaseUrl }: StartOptions): unknown {
  if (isServerError(error, 'data-folder-locked'))
    return new StartRefused('data-folder-locked', oneSentence(error.message));
  if (isServerError(error, 'data-folder-unusable')) {
    return new StartRefused('data-folder-unusable', oneSentence(error.message));
  }
  if (isServerError(error, 'bad-database-url')) {
    return new StartRefused(
      'bad-database-url',
      'The database URL is not one: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
    );
  }
  if (isServerError(error, 'unavailable')) {
    const where = databaseUrl === null ? dataFolder : hostOf(databaseUrl);
    const cause = error.cause instanceof Error ? ` (${oneSentence(error.cause.message)})` : '';
    return new StartRefused(
      'database-unreachable',
      `The database at ${where} does not answer${cause}; check that it runs and that the URL is right.`,
    );
  }
  return error;
}

/** Without the user and the password. */
function hostOf(url: string): string {
  return URL.parse(url)?.host ?? 'the given URL';
}

function oneSentence(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** People and accounts for a new database; a fresh clock for an old one's demo people. */
async function fill(
  database: Database<Tables>,
  options: StartOptions,
  imported: readonly User[],
  world: World,
  onProgress: (message: string) => void,
): Promise<SignInSheet> {
  const { people, importFile, dataFolder, admin } = options;
  const isNew =
    (await database.db.selectFrom('people').select('id').limit(1).executeTakeFirst()) === undefined;
  if (isNew) {
    const count = people ?? (importFile === null ? defaultPeople : 0);
    if (count > 0) {
      onProgress(`Making ${count.toLocaleString('en')} demo people …`);
      let told = world.now();
      await loadDemo(database, {
        count,
        now: world.now(),
        onProgress: (loaded) => {
          if (world.now() - told < 2_000) return;
          told = world.now();
          onProgress(`  ${loaded.toLocaleString('en')} of ${count.toLocaleString('en')}`);
        },
      });
    }
  } else {
    if (people !== null) onProgress('--people is for a fresh database; this one has people and keeps them.');
    const moved = await shiftDemo(database, world.now());
    if (moved > 0) onProgress(`Moved the times of ${moved.toLocaleString('en')} demo people to today.`);
  }
  const signIn = await createFirstAccounts(database, { dataFolder, admin, world });
  if (importFile !== null) {
    const { created, kept } = await importPeople(database, imported, world);
    onProgress(
      `Imported ${created.toLocaleString('en')} people from ${importFile}` +
        (kept === 0 ? '.' : `; ${kept.toLocaleString('en')} were here already and stay as they are.`),
    );
  }
  return signIn;
}

/** Finds out whether the address is free; making a database first would take its time. Taking it is `listen`'s. */
async function probe(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw addressRefusal(error, host, port);
  }
  server.close();
  await once(server, 'close');
}

async function listen({ app }: DirectoryApp, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw addressRefusal(error, host, port);
  }
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function addressRefusal(error: unknown, host: string, port: number): unknown {
  const code = textMember(error, 'code') ?? '';
  if (code === 'EADDRINUSE') {
    return new StartRefused(
      'port-in-use',
      `Port ${port} on ${host} is in use by another process; choose another with --port N, or --port 0 for a free one.`,
    );
  }
  if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EACCES'].includes(code)) {
    return new StartRefused('bad-address', `The server may not listen on ${host}:${port} (${code}).`);
  }
  return error;
}
