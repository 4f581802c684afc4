// The upstream of the benchmark: one tool that answers its text, by raw Node so that it costs little.
// The text "hang" is never answered.
// node echo-server.mjs            newline-delimited JSON over standard input and output
// node echo-server.mjs PORT       Streamable HTTP on a loopback port, JSON answers
import http from 'node:http';

const TOOLS = [
  {
    name: 'echo',
    inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
    annotations: { readOnlyHint: true },
  },
];

/** `null`: nothing to answer; `undefined`: never. */
function answer({ id, method, params }) {
  if (id === undefined) return null;
  if (method === 'tools/call' && params.arguments?.text === 'hang') return undefined;
  const reply = (result) => JSON.stringify({ jsonrpc: '2.0', id, result });
  if (method === 'initialize') {
    const { protocolVersion } = params;
    const serverInfo = { name: 'echo', version: '1.0.0' };
    return reply({ protocolVersion, capabilities: { tools: {} }, serverInfo });
  }
  if (method === 'tools/list') return reply({ tools: TOOLS });
  if (method === 'tools/call') {
    return reply({ content: [{ type: 'text', text: params.arguments?.text ?? '' }] });
  }
  return reply({});
}

function serveStdio() {
  let parts = [];
  process.stdin.on('data', (chunk) => {
    let out = '';
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, end));
      from = end + 1;
      const text = answer(JSON.parse(Buffer.concat(parts).toString()));
      parts = [];
      if (typeof text === 'string') out += `${text}\n`;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
    if (out !== '') process.stdout.write(out);
  });
  process.stdin.on('end', () => process.exit(0));
}

function serveHttp(port) {
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      if (request.method !== 'POST') {
        response.writeHead(405).end();
        return;
      }
      const message = JSON.parse(Buffer.concat(parts).toString());
      const text = answer(message);
      if (text === undefined) return;
      if (text === null) {
        response.writeHead(202).end();
        return;
      }
      const body = Buffer.from(text);
      const headers = { 'content-type': 'application/json', 'content-length': body.length };
      if (message.method === 'initialize') headers['mcp-session-id'] = 'echo';
      response.writeHead(200, headers).end(body);
    });
  });
  server.listen(port, '127.0.0.1');
}

const port = Number(process.argv[2] ?? 0);
if (port > 0) serveHttp(port);
else serveStdio();
