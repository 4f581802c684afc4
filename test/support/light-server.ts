import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { protocolVersion?: string; arguments?: { text?: string; ms?: number } };
}

const TOOLS = [
  {
    name: 'echo',
    description: 'Answers its text',
    inputSchema: { type: 'object', properties: { text: { type: 'string', default: 'hi' } } },
    annotations: { readOnlyHint: true },
  },
];

/** A light Streamable HTTP MCP server inside the test's own process; sessionless, answers JSON, counts what it gets. */
export class LightServer {
  readonly calls: string[] = [];
  requests = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<LightServer> {
    const http = createServer();
    const light = new LightServer(http);
    http.on('request', (request, response) => light.receive(request, response));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return light;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/mcp`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private receive(request: IncomingMessage, response: ServerResponse): void {
    this.requests += 1;
    if (request.method !== 'POST') {
      response.writeHead(405, { allow: 'POST' }).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const message = JSON.parse(Buffer.concat(chunks).toString()) as Message;
      if (message.id === undefined) {
        response.writeHead(202).end();
        return;
      }
      const result = this.answer(message);
      const body = JSON.stringify({ jsonrpc: '2.0', id: message.id, ...result });
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
  }

  private answer({ method, params }: Message): object {
    switch (method) {
      case 'initialize':
        return {
          result: {
            protocolVersion: params?.protocolVersion,
            capabilities: { tools: {} },
            serverInfo: { name: 'light', version: '1.0.0' },
          },
        };
      case 'ping':
        return { result: {} };
      case 'tools/list':
        return { result: { tools: TOOLS } };
      case 'tools/call': {
        const text = params?.arguments?.text ?? 'hi';
        this.calls.push(text);
        return { result: { content: [{ type: 'text', text }] } };
      }
      default:
        return { error: { code: -32601, message: 'Method not found' } };
    }
  }
}
