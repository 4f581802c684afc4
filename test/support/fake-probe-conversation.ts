import type { CheckKind, HealthCheckConfig } from '../../src/config/service-config.js';
import { CHECK_KINDS, DEFAULT_CHECKS } from '../../src/config/defaults.js';
import { Probe, type ProbeFinding } from '../../src/health/probe.js';
import type { ProbeConversation } from '../../src/health/probe-conversation.js';
import type { JsonObject } from '../../src/kernel/json.js';
import { UpstreamError, type UpstreamErrorCode } from '../../src/upstream/upstream.errors.js';
import type { InstanceSource } from '../../src/upstream/instance-source.js';
import type { ServerFacts, Upstream } from '../../src/upstream/upstream.js';
import type { ManualClock } from './manual-clock.js';

/** What a tool answers: a result, or a rejection. Time passes on the clock before it does. */
export interface ScriptedTool {
  readonly tool: JsonObject;
  readonly answer: () => unknown;
  readonly takesMs?: number;
}

/** A conversation with a server whose tools answer as they are told. */
export class FakeConversation implements ProbeConversation {
  readonly calls: string[] = [];
  closed = 0;
  /** What `tools/list` answers instead of the tools. */
  listing: (() => unknown[]) | null = null;
  /** What a ping ends in. */
  ping: () => unknown = () => ({});
  liveness: 'ping' | 'server/discover' = 'ping';
  capabilities: JsonObject = { tools: {} };

  constructor(
    readonly tools: readonly ScriptedTool[],
    private readonly clock: ManualClock,
  ) {}

  get server(): ServerFacts {
    return {
      protocolVersion: '2025-11-25',
      capabilities: this.capabilities,
      serverInfo: { name: 'fake', version: '1.0.0' },
      instructions: null,
      resultJson: Buffer.from('{}'),
    };
  }

  async request(
    method: string,
    params: JsonObject | undefined,
    timeoutMs: number,
  ): Promise<unknown> {
    if (method === this.liveness) return this.ping();
    const name = String(params?.name);
    this.calls.push(name);
    const scripted = this.tools.find(({ tool }) => tool.name === name);
    if (scripted === undefined) throw new UpstreamError('rpc-error', 'no such tool');
    const takesMs = scripted.takesMs ?? 0;
    if (takesMs > 0) await this.clock.advance(Math.min(takesMs, timeoutMs));
    if (takesMs > timeoutMs) throw new UpstreamError('call-timeout', 'too slow');
    return scripted.answer();
  }

  listTools(): Promise<readonly unknown[]> {
    return Promise.resolve().then(() => this.listing?.() ?? this.tools.map(({ tool }) => tool));
  }

  close(): void {
    this.closed += 1;
  }
}

/** A tool that is safe to execute unasked, unless `over` says otherwise. */
export function safeTool(name: string, over: JsonObject = {}): JsonObject {
  return { name, inputSchema: { type: 'object' }, annotations: { readOnlyHint: true }, ...over };
}

export function textResult(text: string, over: JsonObject = {}): JsonObject {
  return { content: [{ type: 'text', text }], ...over };
}

export function functionalCheck(over: Partial<HealthCheckConfig> = {}): HealthCheckConfig {
  return { ...DEFAULT_CHECKS.functional, ...over };
}

export function basicCheck(over: Partial<HealthCheckConfig> = {}): HealthCheckConfig {
  return { ...DEFAULT_CHECKS.basic, ...over };
}

/** A probe that finds nothing wrong. */
class ContentProbe extends Probe {
  override run(): Promise<ProbeFinding> {
    return Promise.resolve({ failure: null, evidence: 'fine' });
  }
}

/** A probe of each kind: those given, and for the others one that finds nothing wrong. */
export function allProbes(given: Partial<Record<CheckKind, Probe>>): Record<CheckKind, Probe> {
  const others = CHECK_KINDS.map((kind) => [kind, new ContentProbe()]);
  return { ...(Object.fromEntries(others) as Record<CheckKind, Probe>), ...given };
}

/** Gives leases on nothing, and counts those that are out. */
export class FakeSource implements InstanceSource {
  out = 0;
  acquired = 0;
  fails: UpstreamErrorCode | null = null;

  acquire(): ReturnType<InstanceSource['acquire']> {
    if (this.fails !== null) return Promise.reject(new UpstreamError(this.fails, 'no lease'));
    this.acquired += 1;
    this.out += 1;
    const upstream = { facts: () => ({ stderr: [] }) } as unknown as Upstream;
    const release = (): void => {
      this.out -= 1;
    };
    return Promise.resolve({ instanceId: 'i1', upstream, release });
  }
}
