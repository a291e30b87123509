import { faultOf, routes } from '@directory/contract/schema';
import type { Route, RouteName } from '@directory/contract/schema';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Caller } from './caller.ts';
import { fieldRefusal, Refusal } from './problems.ts';
import { isHostileText } from './strict-json.ts';

type Routes = typeof routes;
type Output<T> = T extends z.ZodType ? z.output<T> : undefined;
type BodyOf<R extends Route> = R['body'] extends { schema: infer Schema } ? Output<Schema> : undefined;

/** What a route's handler works with: everything is read by the contract's schemas before. */
export interface Call<Name extends RouteName> {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Routes[Name]['audience'] extends 'anyone' ? Caller | null : Caller;
  readonly params: Routes[Name] extends { params: infer Params } ? Output<Params> : undefined;
  readonly query: Output<Routes[Name]['query']>;
  readonly body: BodyOf<Routes[Name]>;
}

/** Answers the value to send: JSON, or a text that is JSON already; undefined for an empty answer. */
export type Handler<Name extends RouteName> = (call: Call<Name>) => Promise<object | string | undefined>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The contract's description of the route. */
    call?: Route;
  }
}

/**
 * Registers one call of the contract. Who may call at all is decided before the body is read (`guard`); here path,
 * query and body are read strictly: what the contract does not know is refused, never ignored.
 */
export function serve<Name extends RouteName>(
  app: FastifyInstance,
  name: Name,
  handler: Handler<Name>,
): void {
  const route: Route = routes[name];
  const { answer } = route;
  app.route({
    method: route.method,
    url: route.path,
    config: { call: route },
    handler: async (request, reply) => {
      const input = {
        request,
        reply,
        caller: request.caller,
        params: route.params === undefined ? undefined : readParams(route.params, request.params),
        query: readQuery(route.query, request),
        body: readBody(route, request.body),
      };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the contract's schemas have just made it so
      const result = await handler(input as unknown as Call<Name>);
      if (reply.sent) return reply;
      if (reply.statusCode === 200) reply.code(answer.status);
      if (result === undefined) return reply.send();
      const type = answer.type === 'text' ? answer.contentType : 'application/json; charset=utf-8';
      reply.header('content-type', type);
      return reply.send(typeof result === 'string' ? result : JSON.stringify(result));
    },
  });
}

/** An id that cannot exist is not found, like one that does not exist. */
function readParams(schema: z.ZodType, params: unknown): unknown {
  const result = schema.safeParse(params);
  if (!result.success) throw new Refusal('not-found');
  return result.data;
}

function readQuery(schema: z.ZodType, { query, url }: FastifyRequest): unknown {
  refuseBrokenEscapes(url);
  const result = schema.safeParse(query);
  for (const [key, value] of Object.entries(Object(query))) {
    if (Array.isArray(value)) throw fieldRefusal('malformed', key, 'given more than once');
    if (isHostileText(key) || isHostileText(String(value))) {
      throw fieldRefusal('malformed', key.replaceAll('\0', ''), 'holds a NUL or half a surrogate pair');
    }
  }
  if (!result.success) throw refusalBy(result.error, 'query');
  return result.data;
}

/** The framework hands a query on undecoded where its escapes are no UTF-8. */
function refuseBrokenEscapes(url: string): void {
  if (!url.includes('%')) return;
  try {
    decodeURIComponent(url.slice(url.indexOf('?') + 1));
  } catch {
    throw new Refusal('malformed', 'The query holds an escape that is not UTF-8.');
  }
}

function readBody(route: Route, body: unknown): unknown {
  if (route.body.type === 'json') {
    if (body === undefined) throw new Refusal('malformed', 'A JSON body is required.');
    const result = route.body.schema.safeParse(body);
    if (!result.success) throw refusalBy(result.error, 'body');
    return result.data;
  }
  if (route.body.type === 'none' && body !== undefined) {
    const isEmpty = body === null || (typeof body === 'object' && Object.keys(body).length === 0);
    if (!isEmpty) throw new Refusal('malformed', 'This call takes no body.');
  }
  return undefined;
}

function refusalBy(error: z.core.$ZodError, place: 'body' | 'query'): Refusal {
  const { code, errors } = faultOf(error, place);
  const [first] = errors;
  const detail =
    first === undefined ? undefined : `${first.path === '' ? place : first.path}: ${first.message}`;
  return new Refusal(code, detail, { errors });
}
