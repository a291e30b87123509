/**
 * The live hub alone: every socket is another person of equal rights, and each POST commits one change to the embedded
 * database, through the feed, to all of them. Prints where it listens.
 */
import {
  createFeed,
  createHub,
  commitIntent,
  hashRequest,
  openDatabase,
  serverMigrations,
} from '@lockstep/server';
import Fastify from 'fastify';
import websocket from '@fastify/websocket';
import { Migrator } from 'kysely/migration';

const database = await openDatabase({ pglite: { dataDir: null } });
await new Migrator({
  db: database.db,
  provider: { getMigrations: async () => serverMigrations },
}).migrateToLatest();
const feed = createFeed(database);
await feed.start();
let people = 0;
const hub = createHub({
  feed,
  acceptsOrigin: () => true,
  authenticateRequest: async () => ({
    ok: true,
    subject: { id: `p${(people += 1)}`, rights: 'all', name: 'someone' },
  }),
  authenticateToken: async () => ({ ok: false, code: 'sign-in' }),
  authorise: (change) => change,
});
const app = Fastify({ logger: false });
await app.register(websocket, { options: { perMessageDeflate: false } });
await app.register(hub.route({ path: '/realtime' }));
const row = { id: 'a', name: 'x'.repeat(200), version: 1 };
let version = 0;
app.post('/write', async (_request, reply) => {
  version += 1;
  await commitIntent(
    database,
    {
      key: null,
      actor: null,
      hash: hashRequest({ method: 'POST', path: '/write', body: null }),
      now: Date.now(),
    },
    async () => ({
      status: 204,
      body: null,
      changes: [{ entity: 'user', id: 'a', op: 'update', version, row: { ...row, version }, before: {} }],
    }),
  );
  return reply.code(204).send();
});
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
if (typeof address === 'object' && address !== null)
  process.stdout.write(`ready at http://127.0.0.1:${address.port}\n`);
process.once('SIGTERM', () => process.exit(0));
