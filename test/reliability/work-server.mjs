// An MCP server, over stdio or, with PORT set, over Streamable HTTP with sessions. Its tool `work` writes its key to the
// file RECORD (one line per execution), reports `steps` times, and answers label and key.
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const [, , label = 'v1'] = process.argv;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const tools = [
  { name: 'label', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
  { name: 'work', inputSchema: { type: 'object', properties: { key: { type: 'string' } } } },
];

async function answer({ method, params = {} }, notify) {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'work', version: label },
      };
    case 'ping':
      return {};
    case 'tools/list':
      return { tools };
    case 'tools/call':
      return { content: [{ type: 'text', text: await call(params, notify) }] };
    default:
      throw new Error('Method not found');
  }
}

async function call({ name, arguments: args = {}, _meta: meta }, notify) {
  if (name === 'label') return label;
  const { key, ms = 0, steps = 0 } = args;
  if (process.env.RECORD) appendFileSync(process.env.RECORD, `${key}\n`);
  for (let step = 1; step <= steps; step += 1) {
    await pause(ms / steps);
    const progress = { progressToken: meta?.progressToken, progress: step, message: key };
    if (meta?.progressToken !== undefined) {
      notify({ jsonrpc: '2.0', method: 'notifications/progress', params: progress });
    }
  }
  if (steps === 0 && ms > 0) await pause(ms);
  return `${label} ${key}`;
}

async function respond(message, notify) {
  const { id } = message;
  try {
    notify({ jsonrpc: '2.0', id, result: await answer(message, notify) });
  } catch (error) {
    notify({ jsonrpc: '2.0', id, error: { code: -32601, message: error.message } });
  }
}

if (process.env.PORT === undefined) {
  const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
  createInterface({ input: process.stdin }).on('line', (line) => {
    const message = JSON.parse(line);
    if (message.id !== undefined && message.method !== undefined) void respond(message, send);
  });
} else {
  const sessions = new Set();
  createServer((request, response) => {
    const session = request.headers['mcp-session-id'];
    if (request.method === 'DELETE') sessions.delete(session);
    if (request.method !== 'POST')
      return response.writeHead(request.method === 'DELETE' ? 200 : 405).end();
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const message = JSON.parse(Buffer.concat(chunks).toString());
      const opens = message.method === 'initialize';
      if (!opens && !sessions.has(session)) return response.writeHead(404).end();
      if (message.id === undefined) return response.writeHead(202).end();
      const id = opens ? randomUUID() : session;
      sessions.add(id);
      response.writeHead(200, { 'content-type': 'text/event-stream', 'mcp-session-id': id });
      const send = (data) => response.write(`event: message\ndata: ${JSON.stringify(data)}\n\n`);
      return respond(message, send).then(() => response.end());
    });
    return undefined;
  }).listen(Number(process.env.PORT), '127.0.0.1');
}
