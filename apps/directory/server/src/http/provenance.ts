import type { FastifyRequest } from 'fastify';
import type { Provenance } from '../records.ts';

/** @param nowMs milliseconds since 1970. */
export function provenanceOf(request: FastifyRequest, nowMs: number): Provenance {
  const { caller, id, ip } = request;
  return {
    actor: caller === null ? null : { id: caller.id, name: caller.name },
    requestId: id,
    address: ip,
    at: new Date(nowMs).toISOString(),
  };
}
