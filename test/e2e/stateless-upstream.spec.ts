import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { eventually, fixture, GatewayProcess } from '../support/gateway-process.js';
import { ListeningServer } from '../support/listening-server.js';
import { connectHttp, connectSse, type ConnectOptions } from '../support/mcp-clients.js';

const SERVER = fixture('stateless-server.mjs');

let gateway: GatewayProcess;
let remote: ListeningServer;

beforeAll(async () => {
  [gateway, remote] = await Promise.all([
    GatewayProcess.start(),
    ListeningServer.start(SERVER, ['--transport', 'http', '--era', 'modern']),
  ]);
  const monitoring = {
    checks: [{ kind: 'functional', tool: 'echo', arguments: { message: 'hi' } }],
  };
  const runtime = { command: 'node', args: [SERVER, '--era', 'modern'] };
  for (const [name, config] of [
    ['own', { runtime: { ...runtime, isolation: 'session' }, monitoring }],
    ['shared', { runtime: { ...runtime, isolation: 'shared' }, monitoring }],
    ['http', { network: { url: `http://127.0.0.1:${remote.port}/mcp` }, monitoring }],
  ] as const) {
    const created = await gateway.register({ name, config });
    expect(created).toMatchObject({ status: 201 });
  }
}, 60_000);

afterAll(async () => {
  await gateway.dispose();
  await remote.stop();
}, 30_000);

/** Answers what it is asked, and notes what it hears. */
function talkative(heard: string[]): ConnectOptions {
  return {
    capabilities: { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} },
    prepare: (client) => {
      client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
        heard.push(params.message);
        const content = params.message.startsWith('Your color')
          ? { color: 'red' }
          : { name: 'Ada' };
        return { action: 'accept', content };
      });
      client.setRequestHandler(CreateMessageRequestSchema, () => ({
        role: 'assistant',
        model: 'm',
        content: { type: 'text', text: 'hi' },
      }));
      client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///r' }] }));
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
        heard.push('tools changed');
      });
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
        heard.push(`updated ${params.uri}`);
      });
      client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
        heard.push(String(params.data));
      });
    },
  };
}

async function tool(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<string> {
  const { content } = (await client.callTool({ name, arguments: args })) as {
    content: { text: string }[];
  };
  return content[0]?.text ?? '';
}

describe.each(['own', 'shared', 'http'])(
  'a client of the earlier protocol at a stateless server: %s',
  (name) => {
    it.each(['streamable', 'sse'])('does everything that it could at another: %s', async (way) => {
      const heard: string[] = [];
      const client =
        way === 'sse'
          ? await connectSse(`${gateway.url}/mcp/${name}/sse`, talkative(heard))
          : await connectHttp(`${gateway.url}/mcp/${name}`, talkative(heard));
      expect(client.getServerVersion()).toMatchObject({ name: 'stateless-fixture' });
      expect((await client.listTools()).tools.length).toBeGreaterThan(10);
      expect(await tool(client, 'echo', { message: 'm' })).toBe('m');
      expect(await tool(client, 'ask')).toBe('Ada likes red');
      expect(await tool(client, 'survey')).toBe('Ada at file:///r');
      expect(await tool(client, 'sample')).toBe('sampled: hi');
      await client.ping();
      await client.setLoggingLevel('error');
      await tool(client, 'log', { message: 'logged' });
      await client.subscribeResource({ uri: 'note://one' });
      await tool(client, 'touch');
      await tool(client, 'change_tools');
      const wanted = ['Your name?', 'error logged', 'updated note://one', 'tools changed'];
      await eventually(() => wanted.every((text) => heard.includes(text)), 3000, String(heard));
      const steps: number[] = [];
      await client.callTool({ name: 'slow', arguments: { ms: 900, steps: 3 } }, undefined, {
        onprogress: ({ progress }) => steps.push(progress),
      });

      // The SDK may miss what comes in one piece with the answer.
      expect(steps[0]).toBe(1);
      await client.close();
    });

    it('calls a tool without MCP', async () => {
      const { status, body } = await gateway.request(
        'POST',
        `/api/v1/services/${name}/tools/echo`,
        {
          message: 'm',
        },
      );
      expect([status, JSON.stringify(body)]).toEqual([200, expect.stringContaining('"m"')]);
    });
  },
);
