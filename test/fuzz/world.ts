import { join } from 'node:path';
import { GatewayProcess, eventually, pause, type Answer } from '../support/gateway-process.js';
import { descendantsOf, usageOf } from '../support/process-tree.js';
import { exchange, type RawAnswer } from './raw-client.js';
import { ScriptedHttp } from './scripted-http.js';

export const CALL_TIMEOUT_MS = 1_000;
/** Every request has an end within this. */
export const BOUND_MS = 8_000;
export const SERVICES = ['shared', 'own', 'remote'] as const;

/** What must be as before once everybody has left. */
export interface Standing {
  readonly rssMb: number;
  readonly descriptors: number;
  readonly children: number;
  readonly gauges: Readonly<Record<string, number>>;
}

const script = join(import.meta.dirname, 'scripted-stdio.mjs');
const GAUGES =
  /^(switchyard_(?:sessions|instances|\w*in_flight\w*|\w*queued\w*))(\{[^}]*\})? (\S+)$/gm;

/** The real gateway with services whose behaviour a call's arguments decide. */
export class FuzzWorld {
  private sessions = 0;

  private constructor(
    readonly gateway: GatewayProcess,
    readonly remote: ScriptedHttp,
  ) {}

  static async start(): Promise<FuzzWorld> {
    const remote = await ScriptedHttp.start();
    const gateway = await GatewayProcess.start({ env: { SWITCHYARD_MAX_INSTANCES: '200' } });
    const world = new FuzzWorld(gateway, remote);
    const runtime = {
      command: 'node',
      args: [script],
      call_timeout_ms: CALL_TIMEOUT_MS,
      max_in_flight: 1_000,
      max_instances: 100,
    };
    const services = {
      shared: { runtime: { ...runtime, isolation: 'shared' } },
      own: {
        runtime: {
          ...runtime,
          isolation: 'session',
          idle_stop_ms: 60_000,
          limits: { output_line_bytes: 65_536 },
        },
      },
      remote: {
        runtime: { call_timeout_ms: CALL_TIMEOUT_MS, max_in_flight: 1_000 },
        // Its failures are the point.
        network: { url: remote.url, circuit: { failures: 0 } },
      },
    };
    for (const [name, config] of Object.entries(services)) {
      const { status, body } = (await gateway.register({ name, config })) as Answer<unknown>;
      if (status !== 201) throw new Error(`${name}: ${status} ${JSON.stringify(body)}`);
    }
    return world;
  }

  get port(): number {
    return this.gateway.port;
  }

  async stop(): Promise<void> {
    await this.gateway.dispose();
    this.remote.stop();
  }

  /** Opens a session and answers its id. */
  async open(service: string): Promise<string> {
    this.sessions += 1;
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: `c${this.sessions}`, version: '1' },
    };
    const answer = await this.post(service, null, {
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params,
    });
    const id = answer?.headers['mcp-session-id'];
    if (id === undefined) throw new Error(`no session: ${JSON.stringify(answer)}`);
    await this.post(service, id, { jsonrpc: '2.0', method: 'notifications/initialized' });
    return id;
  }

  async close(service: string, session: string): Promise<void> {
    const { answers } = await exchange(this.port, {
      parts: [
        Buffer.from(
          `DELETE /mcp/${service} HTTP/1.1\r\nHost: 127.0.0.1:${this.port}\r\nMcp-Session-Id: ${session}\r\n\r\n`,
        ),
      ],
      awaits: 1,
      withinMs: BOUND_MS,
    });
    // 404: it ended by itself.
    const status = answers[0]?.status ?? 0;
    if (status !== 200 && status !== 404) {
      throw new Error(`closing a session of ${service}: ${JSON.stringify(answers[0])}`);
    }
  }

  async post(
    service: string,
    session: string | null,
    message: unknown,
  ): Promise<RawAnswer | undefined> {
    const sent = await exchange(this.port, {
      parts: [this.request(service, session, Buffer.from(JSON.stringify(message)))],
      awaits: 1,
      withinMs: BOUND_MS,
    });
    return sent.answers[0];
  }

  /** A good POST. */
  request(service: string, session: string | null, body: Buffer, more = ''): Buffer {
    const head =
      `POST /mcp/${service} HTTP/1.1\r\nHost: 127.0.0.1:${this.port}\r\nContent-Type: application/json\r\n` +
      `Accept: application/json, text/event-stream\r\n${more}` +
      `${session === null ? '' : `Mcp-Session-Id: ${session}\r\n`}Content-Length: ${body.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), body]);
  }

  /** What it logged as errors. */
  loggedErrors(): string[] {
    const lines = this.gateway.logs.split('\n');
    const errors = lines.filter((line) => /"level":("error"|50)/.test(line));
    return errors.slice(0, 10).map((line) => line.slice(0, 1_500));
  }

  async standing(): Promise<Standing> {
    const { body } = await this.gateway.request<string>('GET', '/metrics');
    const gauges: Record<string, number> = {};
    for (const [, name = '', labels = '', value] of body.matchAll(GAUGES))
      gauges[name + labels] = Number(value);
    const { rssMb, descriptors } = usageOf(this.gateway.pid);
    return {
      rssMb: Math.round(rssMb),
      descriptors,
      children: descendantsOf(this.gateway.pid).length,
      gauges,
    };
  }

  /** Waits until all that was opened is closed again; answers what is not. */
  async settled(before: Standing, withinMs = 30_000): Promise<string[]> {
    let faults: string[] = [];
    await eventually(async () => {
      faults = differences(before, await this.standing());
      return faults.length === 0;
    }, withinMs).catch(() => undefined);
    await pause(0);
    return faults;
  }
}

function differences(before: Standing, now: Standing): string[] {
  const faults: string[] = [];
  if (now.descriptors > before.descriptors + 15)
    faults.push(`descriptors ${before.descriptors} -> ${now.descriptors}`);
  if (now.children > before.children) faults.push(`children ${before.children} -> ${now.children}`);
  if (now.rssMb > before.rssMb + 150) faults.push(`resident MB ${before.rssMb} -> ${now.rssMb}`);
  for (const [name, value] of Object.entries(now.gauges)) {
    if (value > (before.gauges[name] ?? 0))
      faults.push(`${name} ${before.gauges[name] ?? 0} -> ${value}`);
  }
  return faults;
}

/** Does ordinary calls all the while; none may fail. */
export class ControlSession {
  readonly faults: string[] = [];
  calls = 0;
  private running = true;
  private readonly loop: Promise<void>;

  constructor(
    private readonly world: FuzzWorld,
    private readonly service: string,
    private readonly session: string,
  ) {
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.loop;
    await this.world.close(this.service, this.session);
  }

  private async run(): Promise<void> {
    while (this.running && this.faults.length < 5) {
      this.calls += 1;
      const marker = `ctl${this.service}${this.calls}`;
      const params = { name: 'echo', arguments: { marker } };
      const answer = await this.world.post(this.service, this.session, {
        jsonrpc: '2.0',
        id: this.calls,
        method: 'tools/call',
        params,
      });
      const good =
        answer?.status === 200 &&
        answer.body.includes(`"${marker}"`) &&
        answer.body.includes(`"id":${this.calls}`);
      if (!good)
        this.faults.push(
          `control of ${this.service}, call ${this.calls}: ${JSON.stringify(answer)}`,
        );
      await pause(10);
    }
  }
}
