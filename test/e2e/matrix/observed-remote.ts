import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Json } from '../../support/gateway-process.js';
import { pause } from '../../support/gateway-process.js';

export interface SeenRequest {
  readonly httpMethod: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** `null` for what is no message. */
  readonly rpc: Json;
  /** Tells connections apart. */
  readonly connection: number;
  /** Common name of the client's certificate, if it presented one. */
  readonly peer: string | null;
}

export interface RemoteTls {
  readonly cert: string;
  readonly key: string;
}

const TOOLS = [
  {
    name: 'echo',
    inputSchema: {
      type: 'object',
      properties: { text: { type: 'string', default: 'hi' }, ms: { type: 'number', default: 0 } },
    },
    annotations: { readOnlyHint: true },
  },
  { name: 'fail', inputSchema: { type: 'object' } },
];

/** A remote MCP server inside the test's own process that keeps what it was asked, and obeys the test. */
export class ObservedRemote {
  readonly seen: SeenRequest[] = [];
  /** Milliseconds before a ping is answered. */
  pingMs = 0;
  /** Most calls that were under way at once. */
  mostAtOnce = 0;
  private underWay = 0;
  private readonly connections = new Map<Socket, number>();

  private constructor(
    private readonly server: Server,
    private readonly scheme: string,
  ) {}

  static async start(tls: RemoteTls | null = null): Promise<ObservedRemote> {
    const server =
      tls === null
        ? createServer()
        : createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: false });
    const remote = new ObservedRemote(server, tls === null ? 'http' : 'https');
    server.on('tlsClientError', () => undefined);
    server.on('connection', (socket: Socket) => socket.on('error', () => undefined));
    server.on('request', (request, response) => void remote.receive(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return remote;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.scheme}://localhost:${String(this.port)}/mcp`;
  }

  /** Requests by JSON-RPC method, oldest first. */
  asked(method: string): readonly SeenRequest[] {
    return this.seen.filter(({ rpc }) => rpc?.method === method);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const rpc: Json = request.method === 'POST' ? JSON.parse(body) : null;
    this.note(request, rpc);
    if (request.method !== 'POST') {
      response.writeHead(405, { allow: 'POST' }).end();
      return;
    }
    if (rpc.id === undefined) {
      response.writeHead(202).end();
      return;
    }
    const answer = JSON.stringify({ jsonrpc: '2.0', id: rpc.id, ...(await this.answer(rpc)) });
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  }

  private note(request: IncomingMessage, rpc: Json): void {
    const { socket, headers, method: httpMethod = '', url: path = '' } = request;
    const connection = this.connections.get(socket) ?? this.connections.size + 1;
    this.connections.set(socket, connection);
    const subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined;
    const peer = typeof subject?.CN === 'string' ? subject.CN : null;
    this.seen.push({ httpMethod, path, headers, rpc, connection, peer });
  }

  private async answer({ method, params }: Json): Promise<object> {
    switch (method) {
      case 'initialize': {
        const serverInfo = { name: 'observed', version: '1.0.0' };
        const { protocolVersion } = params;
        return { result: { protocolVersion, capabilities: { tools: {} }, serverInfo } };
      }
      case 'ping':
        await pause(this.pingMs);
        return { result: {} };
      case 'tools/list':
        return { result: { tools: TOOLS } };
      case 'tools/call':
        return { result: await this.call(params) };
      default:
        return { error: { code: -32601, message: 'Method not found' } };
    }
  }

  private async call({ name, arguments: args }: Json): Promise<object> {
    this.underWay += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.underWay);
    await pause(args?.ms ?? 0);
    this.underWay -= 1;
    const content = [{ type: 'text', text: args?.text ?? 'hi' }];
    return { content, ...(name === 'fail' ? { isError: true } : {}) };
  }
}
