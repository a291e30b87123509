import type { FastifyInstance } from 'fastify';
import type { AuditTable } from '../../db/tables.ts';
import type { Cursors } from '../../http/cursors.ts';
import { serve } from '../../http/routing.ts';
import type { Audit } from './audit.ts';

export async function auditRoutes(
  app: FastifyInstance,
  options: { audit: Audit; cursors: Cursors },
): Promise<void> {
  const { audit, cursors } = options;

  serve(app, 'listAudit', async ({ query }) => {
    const { cursor, limit, ...filter } = query;
    const list = ['audit', Object.entries(filter).filter(([, value]) => value !== undefined)];
    const [after = null] = cursor === undefined ? [] : cursors.read(list, cursor);
    const rows = await audit.read(filter, after, limit + 1);
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const more = rows.length > limit && last !== undefined;
    return {
      data: { entries: shown.map(entryOf), nextCursor: more ? cursors.make(list, [last.id]) : null },
    };
  });
}

function entryOf(row: AuditTable) {
  return {
    id: row.id,
    at: row.at,
    actor: row.actor_id === null ? null : { id: row.actor_id, name: row.actor_name ?? '' },
    action: row.action,
    entity: row.entity,
    entityId: row.entity_id,
    requestId: row.request_id,
    address: row.address,
    details: row.details,
  };
}
