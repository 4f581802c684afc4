// node langchain.mjs <url> <kind> http|sse
import { MultiServerMCPClient } from '@langchain/mcp-adapters';
import { ASKS, Report, expectThat, textIn } from './report.mjs';

const [, , url, kind, transport] = process.argv;
const report = new Report();
const { call } = ASKS[kind];
const client = new MultiServerMCPClient({
  mcpServers: { it: { transport, url: transport === 'sse' ? `${url}/sse` : url } },
});
let tools = [];
await report.step('list tools', async () => {
  tools = await client.getTools();
  expectThat(
    tools.some(({ name }) => name === call[0]),
    `no tool ${call[0]}`,
  );
});
await report.step('call', async () => {
  const result = await tools.find(({ name }) => name === call[0]).invoke(call[1]);
  expectThat(textIn(result).includes(call[2]), textIn(result).slice(0, 120));
});
await report.step('close', () => client.close());
report.print();
