// HOT PATH
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const queued = new WeakMap<Socket, Set<ServerResponse>>();

/**
 * Node tells only the response that is being sent that its connection closed. Those of pipelined requests behind it would
 * never hear it, and with them whatever they hold: sessions, streams, connections to upstreams. Free for requests that
 * are not pipelined.
 */
export function closeWithConnection(request: IncomingMessage, response: ServerResponse): void {
  if (response.socket !== null) return;
  const { socket } = request;
  let waiting = queued.get(socket);
  if (waiting === undefined) {
    waiting = new Set();
    queued.set(socket, waiting);
    socket.once('close', () => {
      closeAll(socket);
    });
  }
  const others = waiting;
  others.add(response);
  response.once('close', () => {
    others.delete(response);
  });
}

function closeAll(socket: Socket): void {
  for (const response of queued.get(socket) ?? []) {
    // One that got its turn meanwhile is told by Node.
    if (response.socket !== null) continue;
    response.destroy();
    response.emit('close');
  }
}
