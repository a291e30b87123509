import type { Json } from '@lockstep/protocol';
import { commitIntent, hashRequest } from '@lockstep/server';
import type { Database, Effect, Feed } from '@lockstep/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Tables } from '../db/tables.ts';
import type { Recorder } from '../records.ts';
import { fieldRefusal, Refusal } from './problems.ts';
import { provenanceOf } from './provenance.ts';

export interface WriteContext {
  database: Database<Tables>;
  feed: Pick<Feed, 'offset'>;
  now(): number;
  /** Keeps a record of what is written, in the same transaction. */
  record: Recorder;
}

/**
 * Applies one write once. Its answer, whether new or replayed, says where the feed stood before; the effect's headers
 * (`etag`) are stored with the key and sent again.
 */
export async function commitWrite(
  context: WriteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  effect: Effect<Tables>,
): Promise<string | undefined> {
  const offset = context.feed.offset();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the strict JSON parser made
  const body = request.body as Json | undefined;
  const now = context.now();
  const provenance = provenanceOf(request, now);
  const outcome = await commitIntent(
    context.database,
    {
      key: keyOf(request),
      actor: request.caller?.id ?? null,
      hash: hashRequest({ method: request.method, path: request.url, body }),
      now,
    },
    async (tx) => {
      const result = await effect(tx);
      const records = context.record(provenance, result.changes);
      return { ...result, closing: [...(result.closing ?? []), ...records] };
    },
  );
  if (outcome.kind === 'refused') {
    if (outcome.code === 'malformed-key') {
      throw fieldRefusal('malformed', 'Idempotency-Key', 'expected a version 7 UUID in lower case');
    }
    throw new Refusal(
      outcome.code,
      undefined,
      outcome.code === 'intent-in-progress' ? { retryAfter: 1 } : {},
    );
  }
  reply.code(outcome.status).headers(outcome.headers).header('lockstep-offset', String(offset));
  if (outcome.kind === 'replayed') reply.header('idempotency-replayed', 'true');
  return outcome.status === 204 ? undefined : JSON.stringify(outcome.body);
}

function keyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key'];
  return key === undefined ? null : String(key);
}

/** The version that the writer has seen; null where the write is unconditional. */
export function expectedVersion(request: FastifyRequest): number | null {
  const header = request.headers['if-match'];
  if (header === undefined || header === '*') return null;
  const [, digits] = /^"(\d{1,10})"$/.exec(header) ?? [];
  if (digits === undefined)
    throw fieldRefusal('malformed', 'If-Match', 'expected one version in quotes, such as "7"');
  return Number(digits);
}

export const etagOf = (version: number): string => `"${version}"`;
