import http from 'node:http';
import { SseParser } from '../../src/protocol/sse.js';

export interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: { readonly content?: readonly { readonly text?: string }[] };
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: { readonly reason?: string; readonly may_have_run?: boolean };
  };
  readonly params?: { readonly message?: string; readonly progressToken?: unknown };
}

export interface Heard {
  /** 0: there was no answer at all. */
  readonly status: number;
  readonly sessionId: string | null;
  readonly messages: readonly Message[];
  readonly lastEventId: string | null;
  /** Whether we left before its end. */
  readonly cut: boolean;
}

export interface AskOptions {
  /** Leaves after so many messages. */
  readonly cutAfter?: number;
  readonly lastEventId?: string | null;
  readonly withinMs?: number;
}

const ACCEPT = 'application/json, text/event-stream';
const PATIENCE_MS = 30_000;

/** A legacy client of one service with a connection of its own, down to what it sees on the wire. Never rejects. */
export class SessionClient {
  sessionId: string | null = null;
  private lastId = 0;
  private readonly agent = new http.Agent({ keepAlive: true });
  private standing: http.ClientRequest | null = null;

  constructor(
    private readonly port: number,
    readonly service: string,
  ) {}

  /** Answers the status; 200 = the session is open. */
  async open(): Promise<number> {
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'soak', version: '1' },
    };
    this.sessionId = null;
    const heard = await this.ask('POST', {
      jsonrpc: '2.0',
      id: 'open',
      method: 'initialize',
      params,
    });
    this.sessionId = heard.sessionId;
    if (this.sessionId === null) return heard.status;
    await this.ask('POST', { jsonrpc: '2.0', method: 'notifications/initialized' });
    return heard.status;
  }

  /** The next request id, which `call` uses. */
  nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  call(id: number, args: object, token: string | null, options: AskOptions = {}): Promise<Heard> {
    const meta = token === null ? {} : { _meta: { progressToken: token } };
    const params = { name: 'work', arguments: args, ...meta };
    return this.ask('POST', { jsonrpc: '2.0', id, method: 'tools/call', params }, options);
  }

  /** Reads a stream on from where it was left. */
  resume(lastEventId: string): Promise<Heard> {
    return this.ask('GET', null, { lastEventId });
  }

  /** Keeps a standing stream open, which nobody reads. */
  listen(): void {
    this.standing = http.get(this.options('GET', null), (response) => response.resume());
    this.standing.on('error', () => undefined);
  }

  /** Leaves without a word. */
  abandon(): void {
    this.standing?.destroy();
    this.agent.destroy();
  }

  async close(): Promise<number> {
    this.standing?.destroy();
    const { status } = this.sessionId === null ? { status: 200 } : await this.ask('DELETE', null);
    this.agent.destroy();
    return status;
  }

  private options(method: string, lastEventId: string | null): http.RequestOptions {
    return {
      host: '127.0.0.1',
      port: this.port,
      path: `/mcp/${this.service}`,
      method,
      // A stream that is left takes its connection with it.
      agent: method === 'GET' ? false : this.agent,
      headers: {
        accept: method === 'GET' ? 'text/event-stream' : ACCEPT,
        'content-type': 'application/json',
        ...(this.sessionId === null ? {} : { 'mcp-session-id': this.sessionId }),
        ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }),
      },
    };
  }

  private ask(method: string, message: object | null, options: AskOptions = {}): Promise<Heard> {
    return new Promise((resolve) => {
      const request = http.request(this.options(method, options.lastEventId ?? null));
      const reading = new Reading(options.cutAfter ?? Infinity, (heard) => {
        clearTimeout(timer);
        request.destroy();
        resolve(heard);
      });
      const timer = setTimeout(() => reading.end(false), options.withinMs ?? PATIENCE_MS);
      request.on('error', () => reading.end(false));
      request.on('response', (response) =>
        reading.read(response, () => clearTimeout(timer), resolve),
      );
      request.end(message === null ? undefined : JSON.stringify(message));
    });
  }
}

/** What comes back to one request. */
class Reading {
  private readonly messages: Message[] = [];
  private status = 0;
  private sessionId: string | null = null;
  private lastEventId: string | null = null;
  private over = false;

  constructor(
    private readonly cutAfter: number,
    private readonly leave: (heard: Heard) => void,
  ) {}

  read(
    response: http.IncomingMessage,
    stopWaiting: () => void,
    done: (heard: Heard) => void,
  ): void {
    this.status = response.statusCode ?? 0;
    const given = response.headers['mcp-session-id'];
    this.sessionId = typeof given === 'string' ? given : null;
    const parts: Buffer[] = [];
    const isStream = (response.headers['content-type'] ?? '').startsWith('text/event-stream');
    const parser = new SseParser(
      1 << 24,
      ({ data, id }) => this.take(data, id),
      () => undefined,
    );
    response.on('data', (chunk: Buffer) => {
      if (isStream) parser.push(chunk);
      else parts.push(chunk);
    });
    response.on('error', () => this.end(false));
    response.on('close', () => this.end(false));
    response.on('end', () => {
      if (this.over) return;
      if (!isStream) this.take(Buffer.concat(parts), undefined);
      this.over = true;
      stopWaiting();
      // The connection goes back to the pool.
      done(this.heard(false));
    });
  }

  end(cut: boolean): void {
    if (this.over) return;
    this.over = true;
    this.leave(this.heard(cut));
  }

  private take(data: Buffer, id: string | undefined): void {
    if (this.over) return;
    if (id !== undefined) this.lastEventId = id;
    if (data.length > 0) {
      try {
        this.messages.push(JSON.parse(data.toString('utf8')) as Message);
      } catch {
        this.messages.push({ method: `no JSON: ${data.toString('utf8', 0, 200)}` });
      }
    }
    if (this.messages.length >= this.cutAfter) this.end(true);
  }

  private heard(cut: boolean): Heard {
    const { status, sessionId, messages, lastEventId } = this;
    return { status, sessionId, messages, lastEventId, cut };
  }
}
