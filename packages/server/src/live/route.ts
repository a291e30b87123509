import { CLOSE, PROTOCOL_VERSION, SUBPROTOCOL, problemType, protocolErrors } from '@lockstep/protocol';
import type { ProtocolErrorCode } from '@lockstep/protocol';
import fastifyWebsocket from '@fastify/websocket';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { RawData, WebSocket } from 'ws';
import type { Connection } from './connection.ts';
import type { LiveHub } from './hub.ts';
import type { Authentication, ChannelRoute, HubOptions, Subject } from './types.ts';

const RETRY_AFTER_S = '5';
const CLOSE_TIMEOUT_MS = 5_000;

/** Sockets have no place in an OpenAPI document. */
const HIDDEN: object = { hide: true };

const socketOptions = (maxPayload: number) => ({
  maxPayload,
  perMessageDeflate: false,
  clientTracking: false,
  closeTimeout: CLOSE_TIMEOUT_MS,
  // A version that this server does not speak is taken too, to be closed with the code that says so.
  handleProtocols: (offered: Set<string>) =>
    offered.has(SUBPROTOCOL)
      ? SUBPROTOCOL
      : ([...offered].find((name) => name.startsWith('lockstep.')) ?? false),
});

interface Handshake<S extends Subject> {
  signIn: Authentication<S> | null;
  response: FastifyReply['raw'];
}

/** Makes the plugins that bring sockets to a hub. */
export function createRoutes<S extends Subject>(
  hub: LiveHub<S>,
  options: HubOptions<S>,
): (route?: ChannelRoute<S>) => FastifyPluginAsync {
  const handshakes = new WeakMap<FastifyRequest, Handshake<S>>();

  const reportError = (error: Error) => options.report?.(error, 'reading a socket');

  return (route = {}) => {
    const { lockstep = true, path = '/realtime' } = route;
    const plugin: FastifyPluginAsync = async (fastify) => {
      await hub.open();
      if (!fastify.hasDecorator('websocketServer')) {
        await fastify.register(fastifyWebsocket, {
          options: socketOptions(hub.limits.frameBytes),
          preClose: () => hub.drain(2_000),
          errorHandler: reportError,
        });
      }
      fastify.route({
        method: 'GET',
        url: path,
        schema: HIDDEN,
        async preValidation(request, reply) {
          if (!request.ws) return undefined;
          if (hub.isFull) return refuse(reply, 'unavailable');
          if (!options.acceptsOrigin(request.headers.origin, request)) return refuse(reply, 'wrong-origin');
          handshakes.set(request, {
            signIn: await options.authenticateRequest(request),
            response: reply.raw,
          });
          return undefined;
        },
        handler: (_request, reply) => {
          void reply.header('upgrade', 'websocket').header('connection', 'upgrade').code(426);
          return {
            type: 'about:blank',
            title: 'Upgrade required',
            status: 426,
            detail: 'This address speaks WebSocket.',
          };
        },
        wsHandler(socket: WebSocket, request) {
          const handshake = handshakes.get(request);
          handshakes.delete(request);
          // An idle socket would otherwise hold request and response of its handshake for as long as it lives: 2 KB each.
          handshake?.response.detachSocket(request.raw.socket);
          socket.removeAllListeners('error');
          // A frame too large and the like: the socket closes itself, with the code that fits.
          socket.on('error', reportError);
          const framed = socket.protocol === SUBPROTOCOL;
          if (socket.protocol !== '' && !(framed && lockstep)) {
            return socket.close(CLOSE.upgrade, `this server speaks lockstep.v${PROTOCOL_VERSION}`);
          }
          if (!framed && route.plainForm === undefined)
            return socket.close(CLOSE.upgrade, `ask for ${SUBPROTOCOL}`);
          admit(hub, socket, request, framed, route, handshake?.signIn ?? null);
        },
      });
    };
    // Without a context of its own: all routes share the one WebSocket server of the instance.
    return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
  };
}

function admit<S extends Subject>(
  hub: LiveHub<S>,
  socket: WebSocket,
  request: FastifyRequest,
  framed: boolean,
  route: ChannelRoute<S>,
  signIn: Authentication<S> | null,
): void {
  const { plainForm, acceptsSubject } = route;
  const connection: Connection<S> = {
    socket,
    framed,
    plainForm: framed || plainForm === undefined ? null : plainForm,
    scope: route.scope?.(request) ?? null,
    subject: null,
    phase: 'signing-in',
    position: 0,
    turn: 0,
    pinged: false,
    windowStart: 0,
    windowFrames: 0,
    topics: null,
    busy: null,
  };
  socket.on('message', (data: RawData, isBinary: boolean) => {
    // `ws` hands over one Buffer a message, as long as nobody sets another `binaryType`.
    hub.receive(connection, isBinary || !Buffer.isBuffer(data) ? null : data.toString('utf8'));
  });
  socket.on('pong', () => hub.ponged(connection));
  socket.on('close', () => hub.dismiss(connection));
  hub.admit(connection, signIn, (subject) => acceptsSubject?.(subject, request) ?? true);
}

function refuse(reply: FastifyReply, code: ProtocolErrorCode): FastifyReply {
  const { status, title, description } = protocolErrors[code];
  if (status === 503) void reply.header('retry-after', RETRY_AFTER_S);
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ type: problemType(code), title, status, detail: description, message: description, code });
}
