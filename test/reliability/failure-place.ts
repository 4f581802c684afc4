import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixture, type Answer, type GatewayProcess } from '../support/gateway-process.js';
import { descendantsOf, type ProcessFacts } from '../support/process-tree.js';
import { ListeningServer } from '../support/listening-server.js';
import type { FailureCallers } from './failure-callers.js';
import type { HealthAnswer } from './gateway-answers.js';

/** What the name of a service that another one needs ends in. */
export const NEEDED = 'needed';
export const SERVER = fixture('failing-server.mjs');

/** Short intervals; thresholds, and everything else, are the defaults. */
export const CHECKS = [
  { kind: 'basic', interval_ms: 1_000, timeout_ms: 500 },
  { kind: 'functional', tool: 'answer', interval_ms: 1_000, timeout_ms: 1_000 },
] as const;
export const RUNTIME = {
  isolation: 'shared',
  call_timeout_ms: 1_000,
  start_timeout_ms: 3_000,
  restart: { first_ms: 500, cap_ms: 4_000 },
} as const;

interface Shown {
  readonly atMs: number;
  readonly level: string;
  readonly reason: string;
  readonly action: string | null;
  readonly summary: string;
}

/** Where one failure is brought about: a service of its own, what it is told to do, and what is seen of it. */
export class FailurePlace {
  readonly shown: Shown[] = [];
  /** Whatever a case keeps between its steps. */
  readonly kept = new Map<string, unknown>();
  callers: FailureCallers | null = null;
  private watching = true;
  private readonly watch: Promise<void>;
  private readonly closers: (() => Promise<void> | void)[] = [];

  constructor(
    readonly gateway: GatewayProcess,
    readonly service: string,
    readonly directory: string,
    readonly surroundings: string,
  ) {
    mkdirSync(directory, { recursive: true });
    this.behave('well');
    this.watch = this.look();
  }

  get control(): string {
    return join(this.directory, 'control.json');
  }

  get record(): string {
    return `${this.control}.ran`;
  }

  /** What the upstream does from now on. */
  behave(mode: string, more: object = {}): void {
    writeWhole(this.control, { mode, ...more });
  }

  /** What is around the gateway from now on. */
  surround(facts: object): void {
    writeWhole(this.surroundings, facts);
  }

  async registerChild(
    config: {
      runtime?: object;
      monitoring?: object;
      integration?: object;
      security?: object;
    } = {},
  ): Promise<void> {
    const { runtime = {}, monitoring = { checks: CHECKS }, ...others } = config;
    const command = { command: 'node', args: [SERVER, this.control] };
    await this.register(this.service, {
      config: { runtime: { ...RUNTIME, ...command, ...runtime }, monitoring, ...others },
    });
  }

  /** Starts the server as a process of somebody else's, and registers its address. */
  async registerRemote(network: object = {}, tlsDirectory?: string): Promise<ListeningServer> {
    const server = await this.listen(tlsDirectory);
    const url = `http://127.0.0.1:${String(server.port)}/mcp`;
    await this.registerUrl({ url, ...network });
    return server;
  }

  async listen(tlsDirectory?: string): Promise<ListeningServer> {
    const args = [this.control, ...(tlsDirectory === undefined ? [] : [tlsDirectory])];
    const server = await ListeningServer.start(SERVER, args);
    this.onClose(() => server.stop());
    return server;
  }

  async registerUrl(network: object): Promise<void> {
    const { isolation, ...runtime } = RUNTIME;
    await this.register(this.service, {
      hosting_mode: 'streamable_http',
      config: {
        network: { connect_timeout_ms: 1_000, ...network },
        runtime: { ...runtime, isolation },
        monitoring: { checks: CHECKS },
      },
    });
  }

  async register(name: string, spec: object): Promise<void> {
    const { status, body } = (await this.gateway.register({ name, ...spec })) as Answer<unknown>;
    if (status !== 201) throw new Error(`${name}: ${String(status)} ${JSON.stringify(body)}`);
    this.onClose(() => this.remove(name));
  }

  async read<Body>(path: string): Promise<Body> {
    return (await this.gateway.request<Body>('GET', `/api/v1/services/${this.service}${path}`))
      .body;
  }

  /** Processes of the upstream that the gateway started. */
  children(): readonly ProcessFacts[] {
    return descendantsOf(this.gateway.pid).filter(({ command }) => command.includes(this.control));
  }

  onClose(close: () => Promise<void> | void): void {
    this.closers.push(close);
  }

  async close(): Promise<void> {
    this.watching = false;
    await this.callers?.stop();
    await this.watch;
    this.behave('well');
    for (const close of this.closers.reverse()) await close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async remove(name: string): Promise<void> {
    const path = `/api/v1/services/${name}`;
    const { headers } = await this.gateway.request('GET', path);
    const etag = { 'if-match': headers.get('etag') ?? '' };
    await this.gateway.request('DELETE', `${path}?force=true`, undefined, etag);
  }

  private async look(): Promise<void> {
    const path = `/api/v1/services/${this.service}/health`;
    while (this.watching) {
      const answer = await this.gateway.request<HealthAnswer>('GET', path).catch(() => null);
      if (answer?.status === 200) this.note(answer.body);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  private note({ level, reason, action, summary }: HealthAnswer): void {
    const last = this.shown.at(-1);
    if (last?.level === level && last.reason === reason) return;
    this.shown.push({ atMs: performance.now(), level, reason, action, summary });
  }
}

function writeWhole(path: string, content: object): void {
  writeFileSync(`${path}.new`, JSON.stringify(content));
  renameSync(`${path}.new`, path);
}
