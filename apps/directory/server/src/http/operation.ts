import type { Database } from '@lockstep/server';
import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Route } from '@directory/contract/schema';
import { openApiDocument } from './openapi.ts';
import { serve } from './routing.ts';

/** Figures that only their owners know; read whenever somebody asks for the metrics. */
export interface Figures {
  sockets(): number;
  feedOffset(): number;
  slowConsumersCut(): number;
}

export interface Operation {
  /** From now on `readyz` says that the server is leaving, so that a balancer sends nobody new. */
  drain(): void;
}

/** What those who run the server look at: health, readiness, figures and the API's description. */
export function operationRoutes(
  app: FastifyInstance,
  options: { database: Database; figures: Figures },
): Operation {
  const { database, figures } = options;
  let draining = false;
  const registry = new Registry();
  // Timers of its own would keep running behind every test; the defaults are collected when asked.
  collectDefaultMetrics({ register: registry });

  const requests = new Counter({
    name: 'directory_http_requests_total',
    help: 'Requests answered, by call and status.',
    labelNames: ['call', 'status'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'directory_http_request_seconds',
    help: 'Time from a request to its answer, by call.',
    labelNames: ['call'],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers: [registry],
  });
  gauge('directory_sockets', 'Open live channels.', () => figures.sockets());
  gauge('directory_feed_offset', 'The last position of the change feed.', () => figures.feedOffset());
  gauge('directory_slow_consumers_cut', 'Channels cut off because they read too slowly.', () =>
    figures.slowConsumersCut(),
  );

  function gauge(name: string, help: string, value: () => number): void {
    const collect = function (this: Gauge): void {
      this.set(value());
    };
    registry.registerMetric(new Gauge({ name, help, registers: [], collect }));
  }

  /** What is registered from here on: the description tells of nothing else. */
  const served = new Set<Route>();
  app.addHook('onRoute', ({ config }) => {
    if (config?.call !== undefined) served.add(config.call);
  });

  app.addHook('onResponse', (request, reply, done) => {
    const call = request.routeOptions.url ?? 'none';
    requests.inc({ call, status: reply.statusCode });
    seconds.observe({ call }, reply.elapsedTime / 1000);
    done();
  });

  serve(app, 'healthz', async () => ({ status: 'ok' }));

  serve(app, 'readyz', async ({ reply }) => {
    if (draining) {
      reply.code(503).header('retry-after', '5');
      return { status: 'draining' };
    }
    try {
      await database.ready();
      return { status: 'ok' };
    } catch {
      reply.code(503).header('retry-after', '2');
      return { status: 'unavailable' };
    }
  });

  serve(app, 'metrics', async () => registry.metrics());

  let document: string | undefined;
  serve(app, 'openapi', async () => (document ??= JSON.stringify(openApiDocument(served))));

  return {
    drain() {
      draining = true;
    },
  };
}
