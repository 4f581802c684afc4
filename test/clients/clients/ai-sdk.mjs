// node ai-sdk.mjs <url> <kind> http|sse; needs Node 22.
import { createMCPClient } from '@ai-sdk/mcp';
import { ASKS, Report, expectThat, textIn } from './report.mjs';

const [, , url, kind, type] = process.argv;
const report = new Report();
const { call, prompt, resource } = ASKS[kind];
let client;
let tools = {};
await report.step('connect', async () => {
  client = await createMCPClient({ transport: { type, url: type === 'sse' ? `${url}/sse` : url } });
});
await report.step('list tools', async () => {
  tools = await client.tools();
  expectThat(call[0] in tools, `no tool ${call[0]}`);
});
await report.step('call', async () => {
  const result = await tools[call[0]].execute(call[1], { toolCallId: '1', messages: [] });
  expectThat(textIn(result).includes(call[2]), textIn(result).slice(0, 120));
});
await report.step('prompt', async () => {
  if (prompt === null) return '-';
  expectThat(
    (await client.experimental_getPrompt({ name: prompt })).messages.length > 0,
    'no messages',
  );
});
await report.step('resource', async () => {
  if (resource === null) return '-';
  expectThat((await client.readResource({ uri: resource })).contents.length > 0, 'no contents');
});
await report.step('close', () => client.close());
report.print();
