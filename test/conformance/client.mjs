// The client under test: what the suite starts with the URL of its server. Talks to it with an official SDK client,
// directly or as a service of a gateway.
//   node client.mjs --sdk v1|v2 [--gateway http://127.0.0.1:8090] <url of the suite's server>
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const {
  values: options,
  positionals: [serverUrl],
} = parseArgs({
  options: { sdk: { type: 'string', default: 'v1' }, gateway: { type: 'string' } },
  allowPositionals: true,
});
const scenario = process.env.MCP_CONFORMANCE_SCENARIO;
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');

const accept = () => ({ action: 'accept', content: {} });
const callAll = async (client, names) => {
  for (const name of names) await client.callTool({ name, arguments: {} });
};

/** `capabilities` and `answers` (method → answer) of the client, and `run`: what it does. */
const PLAYS = {
  initialize: { run: (client) => client.listTools() },
  tools_call: {
    run: async (client) => {
      await client.listTools();
      await client.callTool({ name: 'add_numbers', arguments: { a: 5, b: 3 } });
    },
  },
  'elicitation-sep1034-client-defaults': {
    capabilities: { elicitation: { form: { applyDefaults: true } } },
    answers: { 'elicitation/create': accept },
    run: async (client) => {
      await client.listTools();
      // The suite's server asks over the standing stream, and drops what it asks before that is open.
      await pause(300);
      await callAll(client, ['test_client_elicitation_defaults']);
    },
  },
  'sse-retry': {
    run: async (client) => {
      await client.listTools();
      await callAll(client, ['test_reconnection']);
    },
  },
  'request-metadata': {
    capabilities: { elicitation: {}, sampling: {}, roots: {} },
    // Not a list: the suite's server declares no tools, and the SDK then lists none without asking.
    run: (client) => callAll(client, ['any']),
  },
  'sep-2322-client-request-state': {
    capabilities: { elicitation: {} },
    answers: {
      'elicitation/create': () => ({ action: 'accept', content: { confirmed: true } }),
    },
    run: async (client) => {
      await callAll(client, ['test_mrtr_echo_state', 'test_mrtr_unrelated', 'test_mrtr_no_state']);
      // The SDK refuses a result without `resultType`; what counts is that it does not ask again.
      await callAll(client, ['test_mrtr_no_result_type']).catch(() => {});
    },
  },
  'http-standard-headers': {
    run: async (client) => {
      const { tools } = await client.listTools();
      await callAll(
        client,
        tools.map(({ name }) => name),
      );
      const { resources } = await client.listResources();
      for (const { uri } of resources) await client.readResource({ uri });
      const { prompts } = await client.listPrompts();
      for (const { name } of prompts) await client.getPrompt({ name });
    },
  },
  'http-custom-headers': {
    run: async (client) => {
      await client.listTools();
      for (const call of context.toolCalls) await client.callTool(call);
    },
  },
  'http-invalid-tool-headers': {
    run: async (client) => {
      const { tools } = await client.listTools();
      for (const { name } of tools) await client.callTool({ name, arguments: { region: 'here' } });
    },
  },
  'json-schema-ref-no-deref': { run: (client) => client.listTools() },
  'json-schema-2020-12-preservation': {
    run: async (client) => {
      const { tools } = await client.listTools();
      const { inputSchema: schema } = tools.find(({ name }) => name === 'json_schema_2020_12_tool');
      await client.callTool({ name: 'json_schema_echo', arguments: { schema } });
    },
  },
};

async function manage(method, path, body) {
  const response = await fetch(`${options.gateway}/api/v1/services${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'if-match': '*' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${response.status}: ${await response.text()}`);
}

/**
 * Registers the suite's server and answers where the gateway serves it. Proven by a ping: a call of the gateway's own
 * would satisfy what the scenario asks of the client.
 */
async function mount(name) {
  const checks = [{ kind: 'basic' }];
  await manage('POST', '', {
    name,
    config: { network: { url: serverUrl }, monitoring: { checks } },
  });
  return `${options.gateway}/mcp/${name}`;
}

async function makeClient(play) {
  const who = { name: 'conformance-client', version: '1.0.0' };
  const { capabilities = {}, answers = {} } = play;
  if (options.sdk === 'v1') {
    const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
    const { StreamableHTTPClientTransport } =
      await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
    const { ElicitRequestSchema } = await import('@modelcontextprotocol/sdk/types.js');
    const client = new Client(who, { capabilities });
    const elicit = answers['elicitation/create'];
    if (elicit !== undefined) client.setRequestHandler(ElicitRequestSchema, elicit);
    return [client, StreamableHTTPClientTransport];
  }
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const versionNegotiation = { mode: { pin: '2026-07-28' } };
  const client = new Client(who, { capabilities, versionNegotiation });
  for (const [method, answer] of Object.entries(answers)) client.setRequestHandler(method, answer);
  return [client, StreamableHTTPClientTransport];
}

async function main() {
  const play = PLAYS[scenario];
  if (play === undefined) throw new Error(`no play for ${scenario}`);
  const name = `suite-${randomUUID().slice(0, 8)}`;
  const url = options.gateway === undefined ? serverUrl : await mount(name);
  const [client, Transport] = await makeClient(play);
  try {
    await client.connect(new Transport(new URL(url)));
    await play.run(client);
  } finally {
    await client.close();
    if (options.gateway !== undefined) await manage('DELETE', `/${name}?force=true`);
  }
}

await main();
