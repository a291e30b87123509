import { errorCatalogue } from '@directory/contract';
import { codesOf, routes } from '@directory/contract/schema';
import type { Body, Route } from '@directory/contract/schema';
import { problem } from '@lockstep/protocol/schema';
import { z } from 'zod';

type JsonSchema = Record<string, unknown>;

/** The served calls in OpenAPI 3.1, from the same table by which they are served. */
export function openApiDocument(served: ReadonlySet<Route>): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const [name, route] of Object.entries<Route>(routes)) {
    if (!served.has(route)) continue;
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(name, route);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Directory', version: '1', description: 'A live user directory.' },
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      schemas: { Problem: schemaOf(problem, 'output') },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        session: { type: 'apiKey', in: 'cookie', name: 'lockstep_session' },
      },
    },
  };
}

function operationOf(operationId: string, route: Route): object {
  const body = requestBody(route.body);
  return {
    operationId,
    summary: route.summary,
    ...(route.audience === 'anyone' ? { security: [] } : {}),
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query'),
      ...headersOf(route),
    ],
    ...(body === null ? {} : { requestBody: body }),
    responses: { ...success(route), ...failures(route) },
  };
}

function parametersOf(schema: z.ZodObject | undefined, place: 'path' | 'query'): object[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

function headersOf(route: Route): object[] {
  const once = route.writes === 'once' || route.writes === 'conditional';
  return [
    ...(once ? [headerOf('Idempotency-Key', 'A version 7 UUID: the same key is applied once.')] : []),
    ...(route.writes === 'conditional'
      ? [headerOf('If-Match', 'The version that the writer has seen, in quotes.')]
      : []),
  ];
}

const headerOf = (name: string, description: string) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string' },
});

function requestBody(body: Body): object | null {
  if (body.type === 'none') return null;
  const [type, schema] = contentOf(body);
  return { required: true, content: { [type]: { schema } } };
}

function contentOf(body: Exclude<Body, { type: 'none' }>): [type: string, schema: JsonSchema] {
  if (body.type === 'json') return ['application/json', schemaOf(body.schema, 'input')];
  if (body.type === 'csv') return ['text/csv', { type: 'string' }];
  const file = { type: 'string', contentMediaType: 'application/octet-stream' };
  return [
    'multipart/form-data',
    { type: 'object', properties: { [body.field]: file }, required: [body.field] },
  ];
}

function success({ answer }: Route): object {
  const description = 'Done';
  if (answer.type === 'empty') return { 204: { description } };
  const [type, schema] =
    answer.type === 'json'
      ? ['application/json', schemaOf(answer.schema, 'output')]
      : [answer.contentType, { type: 'string' }];
  return { [answer.status]: { description, content: { [type]: { schema } } } };
}

function failures(route: Route): object {
  const byStatus = new Map<number, string[]>();
  for (const code of codesOf(route)) {
    const { status } = errorCatalogue[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const schema = { $ref: '#/components/schemas/Problem' };
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      { description: codes.join(', '), content: { 'application/problem+json': { schema } } },
    ]),
  );
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
