// node sdk-v2.mjs <url> <kind> legacy|auto|modern
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { ELICITED, Report, SAMPLED, sdkSteps } from './report.mjs';

const [, , url, kind, era] = process.argv;
const report = new Report();
const mode = era === 'modern' ? { pin: '2026-07-28' } : era;
const client = new Client(
  { name: 'clients-test', version: '1.0.0' },
  { capabilities: { sampling: {}, elicitation: {} }, versionNegotiation: { mode } },
);
client.setRequestHandler('sampling/createMessage', () => SAMPLED);
client.setRequestHandler('elicitation/create', () => ELICITED);
await report.step('connect', () => client.connect(new StreamableHTTPClientTransport(new URL(url))));
if (report.steps.connect === 'ok') {
  report.steps.spoken = client.getNegotiatedProtocolVersion();
  await sdkSteps(report, client, kind, {
    legacy: era === 'legacy',
    longCall: (params, onprogress) => client.callTool(params, { onprogress }),
  });
  await report.step('close', () => client.close());
}
report.print();
