import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface ScriptEntry {
  readonly write?: string;
  readonly bytes?: string;
  readonly ms?: number;
  /** Ends or cuts the connection. */
  readonly end?: 'fin' | 'reset';
}

interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: {
    readonly protocolVersion?: string;
    readonly name?: string;
    readonly arguments?: { readonly marker?: string; readonly script?: readonly ScriptEntry[] };
    readonly _meta?: { readonly progressToken?: unknown };
  };
}

const TOOLS = [
  {
    name: 'echo',
    inputSchema: { type: 'object', properties: { marker: { type: 'string', default: 'none' } } },
    annotations: { readOnlyHint: true },
  },
  { name: 'fuzz', inputSchema: { type: 'object' } },
];

/** A Streamable HTTP server on bare sockets, which answers the tool `fuzz` byte for byte as its argument `script` says. */
export class ScriptedHttp {
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ScriptedHttp> {
    const server = createServer();
    const scripted = new ScriptedHttp(server);
    server.on('connection', (socket) => {
      scripted.serve(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return scripted;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/mcp`;
  }

  get connections(): number {
    return this.sockets.size;
  }

  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private serve(socket: Socket): void {
    let rest = Buffer.alloc(0);
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const headEnd = rest.indexOf('\r\n\r\n');
        if (headEnd < 0) return;
        const head = rest.toString('latin1', 0, headEnd);
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (rest.length < headEnd + 4 + length) return;
        const body = rest.subarray(headEnd + 4, headEnd + 4 + length);
        rest = rest.subarray(headEnd + 4 + length);
        this.answer(socket, head, body);
      }
    });
  }

  private answer(socket: Socket, head: string, body: Buffer): void {
    if (!head.startsWith('POST')) {
      socket.write(head.startsWith('DELETE') ? empty(200) : empty(405));
      return;
    }
    let message: Message;
    try {
      message = JSON.parse(body.toString('utf8')) as Message;
    } catch {
      socket.write(
        json('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no JSON"}}', 400),
      );
      return;
    }
    if (message.id === undefined || message.method === undefined) socket.write(empty(202));
    else if (message.params?.arguments?.script !== undefined) void play(socket, message);
    else
      socket.write(json(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...outcome(message) })));
  }
}

function outcome({ method, params }: Message): object {
  switch (method) {
    case 'initialize':
      return {
        result: {
          protocolVersion: params?.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: 'scripted', version: '1.0.0' },
        },
      };
    case 'tools/list':
      return { result: { tools: TOOLS } };
    case 'tools/call':
      return { result: { content: [{ type: 'text', text: params?.arguments?.marker ?? 'none' }] } };
    case 'ping':
      return { result: {} };
    default:
      return { error: { code: -32601, message: 'no such method' } };
  }
}

async function play(socket: Socket, { id, params }: Message): Promise<void> {
  const marker = params?.arguments?.marker ?? 'none';
  const fill = (text: string): string =>
    text
      .replaceAll('$ID', JSON.stringify(id))
      .replaceAll('$TOKEN', JSON.stringify(params?._meta?.progressToken ?? null))
      .replaceAll('$MARKER', marker);
  for (const { write, bytes, ms, end } of params?.arguments?.script ?? []) {
    if (socket.destroyed) return;
    if (ms !== undefined) await new Promise((resolve) => setTimeout(resolve, ms));
    else if (end === 'fin') socket.end();
    else if (end === 'reset') socket.resetAndDestroy();
    else if (bytes !== undefined) socket.write(Buffer.from(bytes, 'base64'));
    else socket.write(fill(write ?? ''));
  }
}

function json(text: string, status = 200): string {
  return `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\nMcp-Session-Id: s1\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

function empty(status: number): string {
  return `HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`;
}
