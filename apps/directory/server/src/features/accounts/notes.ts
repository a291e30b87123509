import type { FastifyRequest } from 'fastify';
import { userEntity } from '../../db/person.ts';
import { Refusal } from '../../http/problems.ts';
import { provenanceOf } from '../../http/provenance.ts';
import type { AuditNote, NoteMaker, Provenance } from '../../records.ts';
import type { Also, Ended } from './sessions.ts';
import { networkOf } from './throttle.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

/** What the audit is told of accounts. `Also` belongs into the transaction of what it tells. */
export interface AccountNotes {
  signedIn(request: FastifyRequest, person: Named): Also;
  signedOut(request: FastifyRequest): Also;
  /** Somebody could not sign in. What was typed is not kept: people type passwords where addresses belong. */
  refused(request: FastifyRequest, person: (Named & { status: string }) | undefined): Promise<void>;
  /** Passes an attempt on, and notes where it is throttled: once for each address and quarter of an hour. */
  throttled(request: FastifyRequest, attempt: Promise<void>): Promise<void>;
  /** A refresh token was used again, so its session has ended. */
  reused(request: FastifyRequest): (tx: Parameters<Also>[0], session: Ended) => Promise<void>;
  sessionEnded(request: FastifyRequest, sessionId: string): Also;
  passwordChanged(request: FastifyRequest): Also;
  passwordRefused(request: FastifyRequest): Promise<void>;
}

const quietMs = 15 * 60 * 1000;
const mostQuiet = 10_000;

export function createAccountNotes(options: {
  audit: { note: NoteMaker; keep(provenance: Provenance, note: AuditNote): Promise<void> };
  now(): number;
}): AccountNotes {
  const { audit, now } = options;
  /** Addresses that were noted as throttled, and when; otherwise whoever is throttled could fill the audit. */
  const quiet = new Map<string, number>();

  const about = (action: AuditNote['action'], entityId: string, details = {}): AuditNote => ({
    action,
    entity: userEntity,
    entityId,
    details,
  });
  const also =
    (provenance: Provenance, note: AuditNote): Also =>
    async (tx) => {
      await tx.executeQuery(audit.note(provenance, note));
    };
  const own = (request: FastifyRequest, action: AuditNote['action'], details = {}): Also =>
    also(provenanceOf(request, now()), about(action, request.caller?.id ?? '', details));

  return {
    signedIn(request, { id, name }) {
      return also({ ...provenanceOf(request, now()), actor: { id, name } }, about('sign-in', id));
    },
    signedOut: (request) => own(request, 'sign-out'),
    async refused(request, person) {
      const provenance = { ...provenanceOf(request, now()), actor: null };
      const note: AuditNote =
        person === undefined
          ? { action: 'sign-in.refused', details: { account: 'unknown' } }
          : about('sign-in.refused', person.id, { account: person.status });
      await audit.keep(provenance, note);
    },
    async throttled(request, attempt) {
      try {
        await attempt;
      } catch (error) {
        const network = networkOf(request.ip);
        const known = quiet.get(network);
        if (error instanceof Refusal && (known === undefined || known + quietMs <= now())) {
          if (quiet.size >= mostQuiet) quiet.clear();
          quiet.set(network, now());
          await audit.keep(provenanceOf(request, now()), { action: 'sign-in.throttled' });
        }
        throw error;
      }
    },
    reused: (request) => async (tx, session) => {
      const provenance = { ...provenanceOf(request, now()), actor: null };
      const note = about('session.reused', session.user_id, { session: session.id });
      await tx.executeQuery(audit.note(provenance, note));
    },
    sessionEnded: (request, sessionId) => own(request, 'session.ended', { session: sessionId }),
    passwordChanged: (request) => own(request, 'password.changed'),
    async passwordRefused(request) {
      await audit.keep(provenanceOf(request, now()), about('password.refused', request.caller?.id ?? ''));
    },
  };
}
