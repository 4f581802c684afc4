import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js';

export interface ConnectOptions {
  readonly capabilities?: ClientCapabilities;
  readonly headers?: Record<string, string>;
  /** Runs before the handshake: the place for request handlers. */
  readonly prepare?: (client: Client) => void;
}

/** An official SDK client (v1) over Streamable HTTP. */
export async function connectHttp(url: string, options: ConnectOptions = {}): Promise<Client> {
  const client = newClient(options);
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: options.headers ?? {} },
    }),
  );
  return client;
}

/** An official SDK client (v1) over the legacy HTTP+SSE transport. */
export async function connectSse(url: string, options: ConnectOptions = {}): Promise<Client> {
  const client = newClient(options);
  await client.connect(
    new SSEClientTransport(new URL(url), { requestInit: { headers: options.headers ?? {} } }),
  );
  return client;
}

function newClient(options: ConnectOptions): Client {
  const client = new Client(
    { name: 'e2e', version: '1.0.0' },
    { capabilities: options.capabilities ?? {} },
  );
  options.prepare?.(client);
  return client;
}

/** The text of the first content item of a tool result. */
export function textOf(result: unknown): string {
  const { content } = result as { content: { type: string; text?: string }[] };
  return content[0]?.text ?? '';
}
