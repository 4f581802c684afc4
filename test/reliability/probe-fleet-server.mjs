// Light MCP servers for many services: `--listeners n` ports, each path `/mcp/<name>` a server of its own. Prints its ports
// as one JSON line. GET `/counts` answers how many requests each name got and how many were under way at once at most;
// `?reset` begins anew. `/mcp/slow-…` takes `--slow-ms` for each answer.
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    listeners: { type: 'string', default: '4' },
    'slow-ms': { type: 'string', default: '1000' },
  },
});
const slowMs = Number(values['slow-ms']);
let counts = new Map();
let underWay = 0;
let most = 0;

const TOOLS = [
  {
    name: 'echo',
    description: 'Answers its text',
    inputSchema: { type: 'object', properties: { text: { type: 'string', default: 'hi' } } },
    annotations: { readOnlyHint: true },
  },
];

function answer({ method, params = {} }) {
  switch (method) {
    case 'initialize':
      return {
        result: {
          protocolVersion: params.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: 'light', version: '1.0.0' },
        },
      };
    case 'ping':
      return { result: {} };
    case 'tools/list':
      return { result: { tools: TOOLS } };
    case 'tools/call':
      return { result: { content: [{ type: 'text', text: params.arguments?.text ?? 'hi' }] } };
    default:
      return { error: { code: -32601, message: 'Method not found' } };
  }
}

function receive(request, response) {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname === '/counts') {
    const body = JSON.stringify({ counts: Object.fromEntries(counts), most });
    if (url.searchParams.has('reset')) {
      counts = new Map();
      most = underWay;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    return;
  }
  const name = url.pathname.slice('/mcp/'.length);
  if (request.method !== 'POST') {
    response.writeHead(405, { allow: 'POST' }).end();
    return;
  }
  counts.set(name, (counts.get(name) ?? 0) + 1);
  underWay += 1;
  most = Math.max(most, underWay);
  response.on('close', () => {
    underWay -= 1;
  });
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const message = JSON.parse(Buffer.concat(chunks).toString());
    const reply = () => {
      if (message.id === undefined) {
        response.writeHead(202).end();
        return;
      }
      const body = JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer(message) });
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    };
    if (name.startsWith('slow-') && message.method === 'ping') setTimeout(reply, slowMs);
    else reply();
  });
}

const ports = [];
for (let at = 0; at < Number(values.listeners); at += 1) {
  const server = createServer(receive);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  ports.push(server.address().port);
}
process.stdout.write(`${JSON.stringify(ports)}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
