// node sdk-v1.mjs <url> <kind> http|sse
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { join } from 'node:path';
import { ELICITED, Report, SAMPLED, sdkSteps } from './report.mjs';

const [, , url, kind, transport] = process.argv;
const report = new Report();
const client = new Client(
  { name: 'clients-test', version: '1.0.0' },
  { capabilities: { sampling: {}, elicitation: {} } },
);
client.setRequestHandler(CreateMessageRequestSchema, () => SAMPLED);
client.setRequestHandler(ElicitRequestSchema, () => ELICITED);

function transportOf() {
  if (transport === 'sse') return new SSEClientTransport(new URL(`${url}/sse`));
  if (transport === 'http') return new StreamableHTTPClientTransport(new URL(url));
  // mcp-remote turns a remote server into one over stdio.
  const proxy = join(import.meta.dirname, '..', 'node_modules', 'mcp-remote', 'dist', 'proxy.js');
  return new StdioClientTransport({
    command: process.execPath,
    args: [proxy, url, '--allow-http'],
    stderr: 'ignore',
  });
}

await report.step('connect', () => client.connect(transportOf()));
if (report.steps.connect === 'ok') {
  await sdkSteps(report, client, kind, {
    legacy: true,
    longCall: (params, onprogress) => client.callTool(params, undefined, { onprogress }),
  });
  await report.step('close', () => client.close());
}
report.print();
