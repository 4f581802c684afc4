import { afterEach, describe, expect, it } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { SystemClock } from '../../../src/kernel/clock.js';
import { FakeSource } from './fake-upstreams.js';
import { endpointOf, GatewayRig, until } from './gateway-rig.js';

let rig: GatewayRig;
let client: Client | null = null;
afterEach(async () => {
  await client?.close();
  client = null;
  await rig.close();
});

const TRANSPORTS: [string, (rig: GatewayRig) => Transport][] = [
  ['Streamable HTTP', (at) => new StreamableHTTPClientTransport(at.url('/mcp/x'))],
  ['HTTP+SSE', (at) => new SSEClientTransport(at.url('/mcp/x/sse'))],
];

const UPSTREAMS = [
  ['stdio', 'stdio' as const],
  ['HTTP', 'streamable_http' as const],
] as const;

describe.each(TRANSPORTS)('the SDK client over %s', (_transport, make) => {
  it.each(UPSTREAMS)(
    'lists, calls, hears progress, samples and cancels in front of a %s upstream',
    async (_kind, transport) => {
      const source = new FakeSource(transport, true);
      rig = await new GatewayRig(new SystemClock()).listen(
        endpointOf(source, { transport, isolation: 'session' }),
      );
      client = new Client({ name: 'sdk', version: '1' }, { capabilities: { sampling: {} } });
      client.setRequestHandler(CreateMessageRequestSchema, () => ({
        model: 'm',
        role: 'assistant' as const,
        content: { type: 'text' as const, text: 'said' },
      }));
      await client.connect(make(rig));
      expect((await client.listTools()).tools.map((tool) => tool.name)).toContain('echo');
      const echoed = await client.callTool({ name: 'echo', arguments: { text: 'hi' } });
      expect(JSON.stringify(echoed)).toContain('fake:hi');
      const heard: number[] = [];
      const progressing = client.callTool({ name: 'progress', arguments: {} }, undefined, {
        onprogress: ({ progress }) => heard.push(progress),
      });
      await until(() => heard.length === 3);
      source.server.release();
      await progressing;
      expect(JSON.stringify(await client.callTool({ name: 'sample', arguments: {} }))).toContain(
        'said',
      );
      await expect(client.callTool({ name: 'fail', arguments: {} })).rejects.toMatchObject({
        code: -32042,
      });
      const abort = new AbortController();
      const held = client.callTool({ name: 'hold', arguments: {} }, undefined, {
        signal: abort.signal,
      });
      await until(() => source.server.held.length === 1);
      abort.abort('enough');
      await expect(held).rejects.toThrow();
      await until(() => source.server.methods().includes('notifications/cancelled'));
    },
  );
});
