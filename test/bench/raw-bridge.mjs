// What a gateway costs at the least: raw Node that parses, changes the id and serialises again, and does nothing else.
// node raw-bridge.mjs PORT stdio COMMAND ARGS...
// node raw-bridge.mjs PORT http URL
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { Pool } from 'undici';

const [port, kind, target, ...args] = process.argv.slice(2);
const sessions = new Set();

/** Answers a function that sends one message and hears the answer. */
function overStdio() {
  const child = spawn(target, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting = new Map();
  let lastId = 0;
  let out = '';
  let parts = [];
  child.stdout.on('data', (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, end));
      from = end + 1;
      const message = JSON.parse(Buffer.concat(parts).toString());
      parts = [];
      const hear = waiting.get(message.id);
      waiting.delete(message.id);
      hear?.(message);
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  });
  process.on('SIGTERM', () => {
    child.kill();
    process.exit(0);
  });
  return (message, hear) => {
    const { id } = message;
    if (id !== undefined) {
      lastId += 1;
      message.id = lastId;
      waiting.set(lastId, (reply) => {
        reply.id = id;
        hear(reply);
      });
    }
    if (out === '') {
      queueMicrotask(() => {
        child.stdin.write(out);
        out = '';
      });
    }
    out += `${JSON.stringify(message)}\n`;
    if (id === undefined) hear(null);
  };
}

function overHttp() {
  const url = new URL(target);
  const pool = new Pool(url.origin, { connections: 64 });
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-session-id': 'echo',
  };
  return (message, hear) => {
    const body = JSON.stringify(message);
    const chunks = [];
    const handler = {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData: (_controller, chunk) => chunks.push(chunk),
      onResponseEnd: () => {
        hear(chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString()));
      },
      onResponseError: (_controller, error) => {
        throw error;
      },
    };
    pool.dispatch({ method: 'POST', path: url.pathname, headers, body }, handler);
  };
}

const send = kind === 'http' ? overHttp() : overStdio();

function take(request, response, message) {
  const opens = message.method === 'initialize';
  if (!opens && !sessions.has(request.headers['mcp-session-id'])) {
    response.writeHead(404).end();
    return;
  }
  send(message, (reply) => {
    if (reply === null) {
      response.writeHead(202).end();
      return;
    }
    const body = Buffer.from(JSON.stringify(reply));
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    if (opens) {
      const id = randomUUID();
      sessions.add(id);
      headers['mcp-session-id'] = id;
    }
    response.writeHead(200, headers).end(body);
  });
}

const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => take(request, response, JSON.parse(Buffer.concat(parts).toString())));
});
server.listen(Number(port), '127.0.0.1');
