import { errorCatalogue } from '@directory/contract';
import type { ErrorCode } from '@directory/contract';
import { problemType } from '@lockstep/protocol';
import type { FieldError, JsonObject } from '@lockstep/protocol';
import { isServerError } from '@lockstep/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { numberMember, textMember } from '../members.ts';

interface RefusalDetails {
  errors?: FieldError[];
  /** With `stale-version`: the row as the asker may read it. */
  current?: JsonObject | null;
  /** Seconds after which to ask again. */
  retryAfter?: number;
  headers?: Record<string, string>;
}

/** A request that is answered with a problem. Thrown anywhere below a route; the code decides the status. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly details: RefusalDetails;

  constructor(
    code: ErrorCode,
    detail: string = errorCatalogue[code].description,
    details: RefusalDetails = {},
  ) {
    super(detail);
    this.name = 'Refusal';
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return errorCatalogue[this.code].status;
  }
}

/** One field at fault. */
export function fieldRefusal(code: ErrorCode, path: string, message: string): Refusal {
  return new Refusal(code, `${path}: ${message}`, { errors: [{ path, message }] });
}

/** The body of the answer to a refused request (RFC 9457). */
export function problemOf(refusal: Refusal, requestId: string): JsonObject {
  const { title, status } = errorCatalogue[refusal.code];
  const { errors, current } = refusal.details;
  return {
    type: problemType(refusal.code),
    title,
    status,
    detail: refusal.message,
    code: refusal.code,
    message: refusal.message,
    requestId,
    ...(errors === undefined ? {} : { errors }),
    ...(current === undefined ? {} : { current }),
  };
}

export function sendProblem(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { retryAfter, headers } = refusal.details;
  if (retryAfter !== undefined) reply.header('retry-after', String(Math.max(1, Math.ceil(retryAfter))));
  if (headers !== undefined) reply.headers(headers);
  return reply
    .code(refusal.status)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(problemOf(refusal, reply.request.id)));
}

/** Every error leaves the server as a problem; what nobody foresaw is logged and says nothing about itself. */
export function answerWithProblems(app: FastifyInstance): void {
  const allowed = rememberMethods(app);
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal.code === 'internal') request.log.error({ err: error }, 'unforeseen failure');
    if (refusal.code === 'unavailable') request.log.warn({ err: error }, 'unavailable');
    return sendProblem(reply, refusal);
  });
  app.setNotFoundHandler((request, reply) => {
    return sendProblem(reply, notFound(request, allowed(request.url)));
  });
}

function notFound(request: FastifyRequest, methods: readonly string[]): Refusal {
  if (methods.length === 0) return new Refusal('not-found', 'There is nothing at this address.');
  const allow = methods.join(', ');
  return new Refusal(
    'method-not-allowed',
    `${request.method} is not among the methods of this address: ${allow}.`,
    {
      headers: { allow },
    },
  );
}

/** Translates what the framework, the database and the features throw. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (isServerError(error, 'unavailable') || isServerError(error, 'closed')) {
    return new Refusal('unavailable', undefined, { retryAfter: 2 });
  }
  const known = knownFailures.get(textMember(error, 'code') ?? '');
  if (known !== undefined)
    return new Refusal(known, undefined, known === 'unavailable' ? { retryAfter: 2 } : {});
  return new Refusal(numberMember(error, 'statusCode') === 400 ? 'malformed' : 'internal');
}

/** By the code of the framework, or by the database's SQLSTATE. */
const knownFailures: ReadonlyMap<string, ErrorCode> = new Map([
  ['FST_ERR_CTP_BODY_TOO_LARGE', 'too-large'],
  ['FST_REQ_FILE_TOO_LARGE', 'too-large'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'unsupported-type'],
  ['FST_INVALID_MULTIPART_CONTENT_TYPE', 'unsupported-type'],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'malformed'],
  ['FST_ERR_BAD_URL', 'malformed'],
  ['FST_ERR_MAX_PARAM_LENGTH', 'malformed'],
  ['FST_ERR_SERVICE_UNAVAILABLE', 'unavailable'],
  // Invalid byte sequence, untranslatable character, invalid text representation. Validation comes first; this is the net.
  ['22021', 'malformed'],
  ['22P05', 'malformed'],
  ['22P02', 'malformed'],
]);

/** Knows which methods each address has, so that a wrong method is told apart from a wrong address. */
function rememberMethods(app: FastifyInstance): (url: string) => string[] {
  const routes: Array<{ pattern: RegExp; methods: Set<string> }> = [];
  const byUrl = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  app.addHook('onRoute', (route) => {
    if (route.url.includes('*')) return;
    let known = byUrl.get(route.url);
    if (known === undefined) {
      known = { pattern: patternOf(route.url), methods: new Set() };
      byUrl.set(route.url, known);
      routes.push(known);
    }
    for (const method of [route.method].flat()) known.methods.add(method);
  });
  return (url) => {
    const [path = ''] = url.split('?', 1);
    const methods = routes.filter((route) => route.pattern.test(path)).flatMap((route) => [...route.methods]);
    return [...new Set(methods)].toSorted();
  };
}

function patternOf(url: string): RegExp {
  const parts = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${parts.join('/')}$`);
}
