import { channel } from 'node:diagnostics_channel';
import { describe, expect, it } from '@jest/globals';
import {
  allProbes,
  basicCheck,
  FakeConversation,
  functionalCheck,
  safeTool,
  textResult,
} from '../../test/support/fake-probe-conversation.js';
import { FakeHealthLifecycle, MiddleRandom } from '../../test/support/fake-health-lifecycle.js';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { pinningDesk } from '../../test/support/pinning-fixture.js';
import { serviceConfig, serviceDocument } from '../../test/support/service-fixture.js';
import { DEFAULT_CHECKS } from '../config/defaults.js';
import type { Principal } from '../auth/principal.js';
import { EventBus } from '../kernel/event-bus.js';
import { SilentLogger } from '../kernel/logger.js';
import { ProblemError } from '../kernel/problem.js';
import {
  InstanceStarted,
  ServiceStopped,
  ServiceStateChanged,
} from '../lifecycle/lifecycle.events.js';
import type { AttemptView } from '../lifecycle/observation-intake.js';
import { ServiceArchived } from '../registry/registry.events.js';
import { MemoryStore } from '../storage/memory.store.js';
import type { ServiceDocument } from '../registry/service.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { ActivationProver } from './activation-prover.js';
import { FunctionalProbe } from './functional.probe.js';
import { HealthChanged } from './health.events.js';
import { HealthService } from './health.service.js';
import { PerformanceProbe } from './performance.probe.js';
import { AnnouncementWatch } from './announcement-watch.js';
import { CheckHistory } from './check-history.js';
import { TransitionLog } from './transition-log.js';
import { CircuitWatch } from './circuit-watch.js';
import { PassiveMonitor } from './passive-monitor.js';
import { PerformanceWatch } from './performance-watch.js';
import { PingProbe } from './ping.probe.js';
import { ProbeRunner } from './probe.runner.js';
import { UsageWatch } from './usage-watch.js';

const ID = 'weather';

class Bench {
  readonly clock = new ManualClock();
  readonly bus = new EventBus(new SilentLogger());
  readonly lifecycle = new FakeHealthLifecycle();
  readonly changes: string[] = [];
  answer: () => unknown = () => textResult('ok');
  readonly conversation = new FakeConversation(
    [{ tool: safeTool('a'), answer: () => this.answer() }],
    this.clock,
  );
  documents: ServiceDocument[];
  readonly service: HealthService;

  constructor(over: { isolation?: 'session' | 'shared'; critical?: boolean } = {}) {
    const checks = [
      basicCheck({ interval_ms: 1_000 }),
      functionalCheck({ tool: 'a', interval_ms: 1_000, critical: over.critical ?? false }),
    ];
    const effective = serviceConfig({
      runtime: { isolation: over.isolation ?? 'shared' },
      monitoring: { checks },
    });
    this.documents = [serviceDocument(ID, { effective })];
    this.service = this.assemble();
    this.bus.subscribe(HealthChanged, ({ from, to, reason }) => {
      this.changes.push(`${from} -> ${to}: ${reason}`);
    });
    this.service.start();
  }

  /** Its calls are judged, those of callers alone. */
  watchCalls(): void {
    const checks = [{ ...DEFAULT_CHECKS.performance }];
    const effective = serviceConfig({ runtime: { isolation: 'shared' }, monitoring: { checks } });
    this.documents = [serviceDocument(ID, { effective })];
  }

  /** The lifecycle has an upstream to prove. */
  async prove(): Promise<void> {
    const upstream = { facts: () => ({ stderr: [] }) };
    const { effective } = this.documents[0] as ServiceDocument;
    this.lifecycle.attempt = { upstream, effective, revision: 1 } as unknown as AttemptView;
    this.bus.publish(new InstanceStarted(ID, 1, 'attempt', 'i1'));
    await settle();
  }

  async pass(ms: number): Promise<void> {
    for (let at = 0; at < ms; at += 250) {
      await this.clock.advance(250);
      this.service.tick();
      await settle();
    }
  }

  private assemble(): HealthService {
    const { clock, bus, lifecycle } = this;
    const logger = new SilentLogger();
    const open = (): Promise<FakeConversation> => Promise.resolve(this.conversation);
    const scrubber = (): Promise<(text: string) => string> => Promise.resolve((text) => text);
    const performance = new PerformanceWatch(clock);
    const probes = allProbes({
      basic: new PingProbe(open, clock),
      functional: new FunctionalProbe(open, clock),
      performance: new PerformanceProbe(performance),
    });
    const find = (id: string): ServiceDocument | undefined =>
      this.documents.find(({ service_id }) => service_id === id);
    const require = (id: string): ServiceDocument => {
      const doc = find(id);
      if (doc === undefined) throw new Error('unknown');
      return doc;
    };
    return new HealthService(
      {
        registry: { find, require, list: () => this.documents },
        lifecycle,
        runner: new ProbeRunner(probes, scrubber, clock, logger),
        usage: new UsageWatch(clock),
        performance,
        circuits: new CircuitWatch(clock),
        passive: new PassiveMonitor(lifecycle, clock),
        history: new CheckHistory(),
        transitions: new TransitionLog(new MemoryStore(clock), logger),
        pinning: pinningDesk(() => this.documents, this.lifecycle),
        announcements: new AnnouncementWatch(clock),
        clock,
        random: new MiddleRandom(),
        bus,
        logger,
      },
      new ActivationProver(open, scrubber, clock, logger),
    );
  }
}

function fails(): never {
  throw new UpstreamError('call-timeout', 'no');
}

describe('what the lifecycle starts', () => {
  it('is proven, and told to it', async () => {
    const bench = new Bench();
    await bench.prove();
    expect(bench.lifecycle.proofs).toMatchObject([{ ok: true, proof: { tool: 'a' } }]);
    expect(bench.lifecycle.record).toMatchObject({ level: 'healthy', reason: 'Proven' });
    expect(bench.changes).toEqual(['unknown -> healthy: Proven']);
    bench.service.stop();
  });

  it('is left alone when the attempt is over', async () => {
    const bench = new Bench();
    bench.bus.publish(new InstanceStarted(ID, 1, 'gone', 'i1'));
    await settle();
    expect(bench.lifecycle.proofs).toEqual([]);
    bench.service.stop();
  });
});

describe('what is served', () => {
  it('is not called healthy before it is proven', () => {
    const bench = new Bench();
    bench.service.resync();
    expect(bench.service.recordOf(ID)).toMatchObject({ level: 'unknown', reason: 'NotYetProven' });
    bench.service.stop();
  });

  it('is degraded while a functional check fails, and healthy after enough passes', async () => {
    const bench = new Bench();
    await bench.prove();
    bench.answer = () => textResult('no', { isError: true });
    await bench.pass(3_000);
    expect(bench.lifecycle.record).toMatchObject({ level: 'degraded', reason: 'ToolError' });
    expect(bench.lifecycle.unhealthy).toEqual([]);
    bench.answer = () => textResult('ok');
    await bench.pass(3_000);
    expect(bench.changes.at(-1)).toBe('degraded -> healthy: Proven');
    bench.service.stop();
  });

  it('goes out of rotation when a critical check fails, once', async () => {
    const bench = new Bench({ critical: true });
    await bench.prove();
    bench.answer = fails;
    await bench.pass(6_000);
    expect(bench.lifecycle.unhealthy).toEqual(['ProbeTimeout']);
    bench.service.stop();
  });

  it('goes out of rotation when its credentials are refused, whichever check has met that', async () => {
    const bench = new Bench();
    await bench.prove();
    bench.answer = () => {
      throw new UpstreamError('unauthorized', 'no');
    };
    await bench.pass(2_000);
    expect(bench.lifecycle.unhealthy).toEqual(['Unauthorized']);
    expect(bench.lifecycle.unhealthyFacts[0]).toMatchObject({ authentication: true });
    expect(bench.lifecycle.record).toMatchObject({ level: 'unhealthy', reason: 'Unauthorized' });
    bench.service.stop();
  });

  it('goes out of rotation with the error of its upstream, where it was one', async () => {
    const bench = new Bench();
    await bench.prove();
    bench.conversation.ping = () => {
      throw new UpstreamError('connect-refused', 'gone');
    };
    await bench.pass(2_000);
    expect(bench.lifecycle.unhealthy).toEqual(['ConnectionRefused']);
    expect(bench.lifecycle.unhealthyFacts[0]).toMatchObject({ code: 'connect-refused' });
    bench.service.stop();
  });

  it('goes out of rotation after three failed pings, and is judged anew once it is proven', async () => {
    const bench = new Bench();
    await bench.prove();
    bench.conversation.ping = fails;
    await bench.pass(2_000);
    expect(bench.lifecycle.unhealthy).toEqual([]);
    await bench.pass(2_000);
    expect(bench.lifecycle.unhealthy).toEqual(['PingFailed']);
    bench.conversation.ping = () => ({});
    await bench.prove();
    expect(bench.lifecycle.record).toMatchObject({ level: 'healthy' });
    bench.service.stop();
  });

  it('has a history of its results and of its levels', async () => {
    const bench = new Bench();
    await bench.prove();
    await bench.pass(1_500);
    bench.conversation.ping = fails;
    await bench.pass(5_000);
    const { transitions, results } = bench.service.historyOf(ID, { check: 'basic', limit: 3 });
    expect(transitions.map(({ from, to }) => `${from} -> ${to}`)).toEqual([
      'healthy -> unhealthy',
      'unknown -> healthy',
    ]);
    expect(results.map(({ check, result }) => `${check} ${result}`)).toEqual([
      'basic fail',
      'basic fail',
      'basic fail',
    ]);
    bench.bus.publish(new ServiceArchived(ID, ID, false));
    const empty = bench.service.historyOf(ID, { check: null, limit: 3 });
    expect([empty.transitions, empty.results]).toEqual([[], []]);
    bench.service.stop();
  });

  it('is unhealthy while calls are kept away from it', async () => {
    const bench = new Bench();
    await bench.prove();
    const circuit = { service_id: ID, revision: 1, state: 'open', failures: 5, open_ms: 30_000 };
    channel('switchyard:circuit').publish(circuit);
    expect(bench.lifecycle.record).toMatchObject({ level: 'unhealthy', reason: 'CircuitOpen' });
    channel('switchyard:circuit').publish({ ...circuit, state: 'closed' });
    expect(bench.lifecycle.record).toMatchObject({ level: 'healthy' });
    expect(bench.lifecycle.unhealthy).toEqual([]);
    bench.service.stop();
  });

  it('is degraded when its calls fail for three minutes', async () => {
    const bench = new Bench();
    bench.watchCalls();
    await bench.prove();
    const failed = { service_id: ID, method: 'tools/call', outcome: 'tool_error', duration_ms: 5 };
    for (let minute = 0; minute < 4; minute += 1) {
      for (let call = 0; call < 200; call += 1) channel('switchyard:call').publish(failed);
      await bench.pass(60_000);
    }
    expect(bench.lifecycle.record).toMatchObject({ level: 'degraded', reason: 'ErrorRate' });
    expect(bench.lifecycle.unhealthy).toEqual([]);
    bench.service.stop();
  });

  it('has its tools told as they are listed now', async () => {
    const bench = new Bench();
    await bench.prove();
    await bench.pass(1_500);
    expect(bench.lifecycle.tools[0]).toMatchObject({ name: 'a' });
    bench.service.stop();
  });

  it('is not probed while the lifecycle has it out of rotation', async () => {
    const bench = new Bench();
    await bench.prove();
    const before = bench.conversation.calls.length;
    bench.lifecycle.serving = false;
    await bench.pass(5_000);
    expect(bench.conversation.calls).toHaveLength(before);
    expect(bench.lifecycle.source.acquired).toBe(0);
    expect(bench.service.recordOf(ID)).toMatchObject({ level: 'unhealthy', reason: 'Down' });
    bench.service.stop();
  });
});

describe('what is idle', () => {
  it('is started for a functional check only after a quarter of an hour', async () => {
    const bench = new Bench({ isolation: 'session' });
    bench.lifecycle.instanceViews = [];
    await bench.prove();
    const before = bench.conversation.calls.length;
    await bench.pass(60_000);
    expect(bench.conversation.calls).toHaveLength(before);
    expect(bench.lifecycle.record).toMatchObject({ level: 'healthy', reason: 'Idle' });
    await bench.clock.advance(900_000);
    await bench.pass(500);
    expect(bench.conversation.calls).toHaveLength(before + 1);
    bench.service.stop();
  });

  it('is not kept running by pings when no caller uses it', async () => {
    const bench = new Bench();
    await bench.prove();
    bench.lifecycle.instanceViews = [{ state: 'ready', uptime_s: 301 }];
    const before = bench.lifecycle.source.acquired;
    await bench.pass(10_000);
    expect(bench.lifecycle.source.acquired - before).toBeLessThanOrEqual(1);
    bench.service.stop();
  });
});

describe('what is gone', () => {
  it.each([
    ['stopped', new ServiceStopped(ID), 'inactive'],
    ['deactivated', new ServiceStateChanged(ID, 'active', 'deactivating', ''), 'deactivating'],
  ] as const)('has no check planned: %s', async (_name, event, state) => {
    const bench = new Bench();
    await bench.prove();
    bench.lifecycle.state = state;
    bench.bus.publish(event);
    const before = bench.conversation.calls.length;
    await bench.pass(5_000);
    expect(bench.conversation.calls).toHaveLength(before);
    bench.service.stop();
  });

  it('is forgotten whole when it is archived, a probe under way included', async () => {
    const bench = new Bench();
    await bench.prove();
    let finish: (value: unknown) => void = () => undefined;
    bench.answer = () => new Promise((resolve) => (finish = resolve));
    await bench.pass(1_000);
    bench.documents = [];
    bench.bus.publish(new ServiceArchived(ID, ID, false));
    bench.lifecycle.record = null;
    finish(textResult('no', { isError: true }));
    await settle();
    expect(bench.lifecycle.record).toBeNull();
    expect(bench.service.checksOf(ID)).toEqual([]);
    bench.service.stop();
  });
});

function codeOf(read: () => unknown): string {
  try {
    read();
    return 'none';
  } catch (error) {
    return error instanceof ProblemError ? error.code : 'other';
  }
}

describe('POST /health/check', () => {
  it('runs every check now and answers with the evidence', async () => {
    const bench = new Bench();
    await bench.prove();
    const view = await bench.service.checkNow(ID);
    expect(view).toMatchObject({ name: ID, level: 'healthy', proof: { tool: 'a' } });
    expect(view.checks.map(({ name, last }) => [name, last?.result])).toEqual([
      ['basic', 'pass'],
      ['functional a', 'pass'],
    ]);
    bench.service.stop();
  });

  it('tries a service in error first, so that the answer shows how it is now', async () => {
    const bench = new Bench();
    await bench.prove();
    bench.lifecycle.state = 'error';
    bench.lifecycle.serving = false;
    bench.lifecycle.onRetry = () => {
      bench.lifecycle.state = 'active';
      bench.lifecycle.serving = true;
    };
    const view = await bench.service.checkNow(ID);
    expect(bench.lifecycle.retries).toBe(1);
    expect(view.level).toBe('healthy');
    expect(view.checks.map(({ last }) => last?.result)).toEqual(['pass', 'pass']);
    bench.service.stop();
  });

  it('does not tell a key of services that it may not see', () => {
    const bench = new Bench();
    const principal: Principal = {
      id: 'k',
      kind: 'key',
      scopes: new Set(['read']),
      services: ['other-*'],
    };
    expect(codeOf(() => bench.service.view(ID, principal))).toBe('auth.service-unknown');
    bench.service.stop();
  });
});
