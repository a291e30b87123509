/**
 * What the server cannot beat: plain `node:http` answering the same bytes from memory, and a plain loop of `ws.send` over
 * every socket. Prints where it listens; `PAGE` and `ROW` are the bodies, in bytes.
 */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const page = 'x'.repeat(Number(process.env['PAGE'] ?? 20_000));
const row = 'x'.repeat(Number(process.env['ROW'] ?? 400));

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    request.on('data', () => {});
    request.on('end', () => {
      response.writeHead(204).end();
      const frame = row;
      for (const socket of sockets.clients) socket.send(frame);
    });
    return;
  }
  const body = request.url?.startsWith('/page') === true ? page : row;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null)
    process.stdout.write(`ready at http://127.0.0.1:${address.port}\n`);
});
process.once('SIGTERM', () => process.exit(0));
