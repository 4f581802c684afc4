import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { GatewayProcess, eventually, fixture } from '../../support/gateway-process.js';
import type { Answer, Json } from '../../support/gateway-process.js';
import { connectHttp, textOf } from '../../support/mcp-clients.js';
import { ObservedRemote, type RemoteTls } from './observed-remote.js';

/** A field of a configuration, set to something other than its default, and what that does to a real gateway. */
export interface MatrixRow {
  /** As `fieldsOf` spells it: `network.routes[].path`. */
  readonly field: string;
  /** What is seen, as a sentence without its subject. */
  readonly effect: string;
  readonly observe: (world: MatrixWorld) => Promise<void>;
}

const REVEALING = fixture('revealing-server.mjs');
/** Rows that run at once: most of them wait for something. */
const WIDTH = 6;
const ROW_MS = 60_000;

/** Names of all fields of a schema that hold values: members of lists and groups, not these themselves. */
export function fieldsOf(schema: Json, path = ''): string[] {
  if (schema.properties !== undefined) {
    return Object.entries(schema.properties).flatMap(([name, field]) =>
      fieldsOf(field, path === '' ? name : `${path}.${name}`),
    );
  }
  if (schema.items?.properties !== undefined) return fieldsOf(schema.items, `${path}[]`);
  return [path];
}

/** Layers one fragment over another, to any depth. */
export function layered(below: Json, above: Json): Json {
  const whole = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
    whole[name] = isGroup ? layered(whole[name] ?? {}, value) : value;
  }
  return whole;
}

/** The first message of a client, for what the SDK would not send like this. */
export const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'page', version: '1' },
  },
});
export const MCP_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

/** One gateway for the rows of a category, and what they need around it. */
export class MatrixWorld {
  private readonly closing: (() => Promise<unknown>)[] = [];
  private count = 0;

  private constructor(
    readonly gateway: GatewayProcess,
    readonly dir: string,
  ) {}

  static async open(env: (dir: string) => Readonly<Record<string, string>>): Promise<MatrixWorld> {
    const dir = mkdtempSync(join(tmpdir(), 'switchyard-matrix-'));
    return new MatrixWorld(await GatewayProcess.start({ env: env(dir) }), dir);
  }

  /** Closes what is left open, last made first. */
  onClose(close: () => Promise<unknown>): void {
    this.closing.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.closing.splice(0).reverse()) await close().catch(() => undefined);
    await this.gateway.dispose();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async remote(tls: RemoteTls | null = null): Promise<ObservedRemote> {
    const remote = await ObservedRemote.start(tls);
    this.onClose(() => remote.stop());
    return remote;
  }

  /** Registers a service and answers it, whatever became of it. */
  async add(config: Json, over: Json = {}): Promise<MatrixService> {
    this.count += 1;
    const name = `row-${String(this.count)}`;
    const spec = { name, hosting_mode: 'stdio', ...over, config };
    const created = await this.gateway.register(spec);
    return new MatrixService(this.gateway, spec.name, created, (close) => this.onClose(close));
  }

  /** The revealing server, shared, with `config` over that; it has to become active. */
  async reveal(
    config: Json = {},
    args: readonly string[] = [],
    over: Json = {},
  ): Promise<MatrixService> {
    const runtime = { command: 'node', args: [REVEALING, ...args], isolation: 'shared' };
    return (await this.add(layered({ runtime }, config), over)).mustServe();
  }

  /** A service at a remote server; it has to become active. */
  async reach(remote: ObservedRemote, config: Json = {}): Promise<MatrixService> {
    const network = { url: remote.url };
    const over = { hosting_mode: 'streamable_http' };
    return (await this.add(layered({ network }, config), over)).mustServe();
  }

  /** A request with exactly these headers: `fetch` sets an Origin of its own. */
  raw(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body = '',
  ): Promise<{ status: number; headers: IncomingHttpHeaders }> {
    return new Promise((resolve, reject) => {
      const target = { host: '127.0.0.1', port: this.gateway.port, method, path, headers };
      const request = httpRequest(target, (response) => {
        response.resume();
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers });
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}

/** One registered service as a row drives it. */
export class MatrixService {
  constructor(
    private readonly gateway: GatewayProcess,
    readonly name: string,
    readonly created: Answer<Json>,
    private readonly onClose: (close: () => Promise<unknown>) => void,
  ) {}

  mustServe(): this {
    const { status, body } = this.created;
    const why = body.last_failure ?? body.errors ?? body.detail ?? null;
    expect([status, body.state, why]).toEqual([201, 'active', null]);
    return this;
  }

  /** Why it did not become active. */
  get failure(): string {
    return this.created.body.failure_code ?? this.created.body.code;
  }

  async get(path = ''): Promise<Json> {
    return (await this.gateway.request('GET', `/api/v1/services/${this.name}${path}`)).body;
  }

  async post(path: string, body: object = {}): Promise<Answer<Json>> {
    return this.gateway.request('POST', `/api/v1/services/${this.name}${path}`, body);
  }

  call(tool: string, args: object = {}): Promise<Answer<Json>> {
    return this.post(`/tools/${tool}`, args);
  }

  async statusOf(tool: string, args: object = {}): Promise<number> {
    return (await this.call(tool, args)).status;
  }

  async reveal(): Promise<Json> {
    const { status, body } = await this.call('reveal');
    expect(status).toBe(200);
    return JSON.parse(body.content[0].text);
  }

  /** Changes the specification, `config` layered over what it is. */
  async update(config: Json, over: Json = {}): Promise<Answer<Json>> {
    const path = `/api/v1/services/${this.name}`;
    const spec = await this.gateway.request('GET', `${path}?view=spec`);
    const body = { ...spec.body, ...over, config: layered(spec.body.config, config) };
    return this.gateway.request('PUT', path, body, { 'if-match': spec.headers.get('etag') ?? '' });
  }

  /** An MCP client with a session of its own. */
  async client(path = this.name): Promise<Client> {
    const client = await connectHttp(`${this.gateway.url}/mcp/${path}`);
    this.onClose(() => client.close());
    return client;
  }

  /** Runs the checks now and answers the health. */
  async checkNow(): Promise<Json> {
    await this.post('/health/check');
    return this.get('/health');
  }

  async logged(text: string): Promise<boolean> {
    const { items } = await this.get('/logs');
    return items.some(({ message }: Json) => message.includes(text));
  }

  async readyInstances(): Promise<number> {
    const { items } = await this.get('/instances');
    return items.filter(({ state }: Json) => state === 'ready').length;
  }
}

/** What `reveal` answers to a client of MCP. */
export async function revealedTo(client: Client): Promise<Json> {
  return JSON.parse(textOf(await client.callTool({ name: 'reveal', arguments: {} })));
}

/** Waits for a state of a service, which may take a while on a busy machine. */
export function becomes(what: string, probe: () => Promise<boolean>): Promise<boolean> {
  return eventually(probe, 20_000, what);
}

/** Lets so many run at once, the others after them in order. */
class Places {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async run(work: () => Promise<void>): Promise<void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free += 1;
      else next();
    }
  }
}

/** Runs the rows of a category, several at once, and shows each as a test of its own. */
export function showMatrix(
  category: string,
  rows: readonly MatrixRow[],
  env: (dir: string) => Readonly<Record<string, string>> = () => ({}),
): void {
  describe(`the fields of ${category}`, () => {
    const ends = new Map<string, Promise<void>>();
    let world: MatrixWorld;

    beforeAll(async () => {
      world = await MatrixWorld.open(env);
      const places = new Places(WIDTH);
      for (const { field, observe } of rows) {
        const end = places.run(() => observe(world));
        // A row may fail before its test comes to look.
        end.catch(() => undefined);
        ends.set(field, end);
      }
    }, ROW_MS);

    afterAll(() => world.close(), ROW_MS);

    it.each(rows.map(({ field, effect }) => [field, effect]))(
      '%s: %s',
      async (field) => {
        await ends.get(field);
      },
      ROW_MS,
    );
  });
}
