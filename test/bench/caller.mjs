// A client of the benchmark: one session on a connection of its own, calls one after another, every answer checked.
import { Pool } from 'undici';

export class Caller {
  constructor({ url, path, key = null }) {
    this.pool = new Pool(url, { connections: 1 });
    this.path = path;
    this.headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
    };
    this.lastId = 0;
  }

  async post(message, headers = this.headers) {
    const { path } = this;
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    const answer = await this.pool.request({ method: 'POST', path, headers, body });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, text };
  }

  /** Opens a session, and forgets the one before. */
  async open() {
    const clientInfo = { name: 'bench', version: '1.0.0' };
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    delete this.headers['mcp-session-id'];
    const answer = await this.post({ id: 0, method: 'initialize', params });
    const id = answer.headers['mcp-session-id'];
    if (answer.status !== 200 || id === undefined) {
      throw new Error(`no session: ${answer.status} ${answer.text.slice(0, 200)}`);
    }
    this.headers['mcp-session-id'] = id;
    await this.post({ method: 'notifications/initialized' });
  }

  /** Calls the tool, whatever comes of it. */
  ask(text) {
    this.lastId += 1;
    const params = { name: 'echo', arguments: { text } };
    return this.post({ id: this.lastId, method: 'tools/call', params });
  }

  async call(text) {
    const answer = await this.ask(text);
    const { id, result } = JSON.parse(messageIn(answer));
    if (id !== this.lastId || result?.content?.[0]?.text !== text) {
      throw new Error(`a wrong answer: ${answer.status} ${answer.text.slice(0, 200)}`);
    }
  }

  close() {
    return this.pool.destroy();
  }
}

/** An answer that takes long becomes an event stream, whose last event is the reply. */
function messageIn({ headers, text }) {
  if (!headers['content-type']?.startsWith('text/event-stream')) return text;
  return text.slice(text.lastIndexOf('data: ') + 6);
}

/** Calls in a closed loop for `forMs`; answers how long each took, sorted, in milliseconds. */
export async function load(callers, text, forMs) {
  const took = [];
  const end = performance.now() + forMs;
  await Promise.all(
    callers.map(async (caller) => {
      while (performance.now() < end) {
        const from = performance.now();
        await caller.call(text);
        took.push(performance.now() - from);
      }
    }),
  );
  return took.sort((a, b) => a - b);
}

export const quantile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
