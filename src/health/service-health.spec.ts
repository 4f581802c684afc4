import { describe, expect, it } from '@jest/globals';
import { FakeHealthLifecycle, MiddleRandom } from '../../test/support/fake-health-lifecycle.js';
import {
  allProbes,
  basicCheck,
  functionalCheck,
} from '../../test/support/fake-probe-conversation.js';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { pinningDesk } from '../../test/support/pinning-fixture.js';
import { serviceConfig, serviceDocument } from '../../test/support/service-fixture.js';
import { DEFAULT_CHECKS } from '../config/defaults.js';
import type { HealthCheckConfig } from '../config/service-config.js';
import { EventBus } from '../kernel/event-bus.js';
import { SilentLogger } from '../kernel/logger.js';
import { MemoryStore } from '../storage/memory.store.js';
import type { ServiceDocument } from '../registry/service.js';
import { AnnouncementWatch } from './announcement-watch.js';
import { CheckHistory } from './check-history.js';
import { TransitionLog } from './transition-log.js';
import { CircuitWatch } from './circuit-watch.js';
import { PassiveMonitor } from './passive-monitor.js';
import { PerformanceWatch } from './performance-watch.js';
import { probeFailure } from './probe-failure.js';
import { Probe, type ProbeFinding, type ProbeTarget } from './probe.js';
import { ProbeRunner } from './probe.runner.js';
import { ServiceHealth } from './service-health.js';
import { UsageWatch } from './usage-watch.js';

const ID = 'weather';

/** Passes, and keeps what it was pointed at. */
class Recording extends Probe {
  readonly targets: ProbeTarget[] = [];

  override run(target: ProbeTarget): Promise<{ failure: null; evidence: string }> {
    this.targets.push(target);
    return Promise.resolve({ failure: null, evidence: 'fine' });
  }
}

/** Answers what it is told to. */
class Scripted extends Probe {
  failure: ProbeFinding['failure'] = null;
  runs = 0;

  override run(): Promise<ProbeFinding> {
    this.runs += 1;
    return Promise.resolve({ failure: this.failure, evidence: 'seen' });
  }
}

class Bench {
  readonly needs = new Scripted();
  readonly safety = new Scripted();
  readonly clock = new ManualClock();
  readonly lifecycle = new FakeHealthLifecycle();
  readonly probe = new Recording();
  documents: ServiceDocument[] = [];
  readonly health: ServiceHealth;

  constructor(checks: HealthCheckConfig[], command: string | null = 'node') {
    this.serve(1, checks, command);
    const logger = new SilentLogger();
    const scrubber = (): Promise<(text: string) => string> => Promise.resolve((text) => text);
    const find = (id: string): ServiceDocument | undefined =>
      this.documents.find(({ service_id }) => service_id === id);
    this.health = new ServiceHealth({
      registry: {
        find,
        require: () => this.documents[0] as ServiceDocument,
        list: () => this.documents,
      },
      lifecycle: this.lifecycle,
      runner: new ProbeRunner(
        allProbes({
          basic: this.probe,
          functional: this.probe,
          dependency: this.needs,
          security: this.safety,
        }),
        scrubber,
        this.clock,
        logger,
      ),
      usage: new UsageWatch(this.clock),
      performance: new PerformanceWatch(this.clock),
      circuits: new CircuitWatch(this.clock),
      passive: new PassiveMonitor(this.lifecycle, this.clock),
      history: new CheckHistory(),
      transitions: new TransitionLog(new MemoryStore(this.clock), logger),
      pinning: pinningDesk(() => this.documents, this.lifecycle),
      announcements: new AnnouncementWatch(this.clock),
      clock: this.clock,
      random: new MiddleRandom(),
      bus: new EventBus(logger),
      logger,
    });
  }

  serve(revision: number, checks: HealthCheckConfig[], command: string | null = 'node'): void {
    const effective = serviceConfig({ runtime: { command }, monitoring: { checks } });
    this.documents = [serviceDocument(ID, { effective, revision })];
  }
}

describe('ServiceHealth', () => {
  it('plans the checks of the revision that serves, and no others', () => {
    const bench = new Bench([basicCheck(), functionalCheck()]);
    bench.health.follow(ID);
    expect(bench.health.rounds.size).toBe(2);
    bench.serve(2, [basicCheck()]);
    bench.health.follow(ID);
    expect(bench.health.rounds.size).toBe(1);
  });

  it.each(['draft', 'validating', 'deploying', 'deactivating', 'inactive', 'error'] as const)(
    'plans nothing in state %s',
    (state) => {
      const bench = new Bench([basicCheck()]);
      bench.health.follow(ID);
      bench.lifecycle.state = state;
      bench.health.follow(ID);
      expect(bench.health.rounds.size).toBe(0);
    },
  );

  it('looks at the safety of a revision at once, tells it as a condition, and restarts nothing for it', async () => {
    const bench = new Bench([{ ...DEFAULT_CHECKS.security }]);
    bench.safety.failure = { ...probeFailure('plain-http', 'not encrypted'), definite: true };
    bench.health.follow(ID);
    await settle();
    expect(bench.lifecycle.condition).toMatchObject({
      type: 'Secure',
      status: 'false',
      reason: 'PlainHttp',
    });
    bench.health.noteProven(ID, 1);
    bench.health.follow(ID);
    await settle();
    expect(bench.health.recordOf(ID)).toMatchObject({ level: 'degraded', reason: 'PlainHttp' });
    expect(bench.lifecycle.unhealthy).toEqual([]);
    bench.safety.failure = null;
    bench.health.follow(ID);
    await settle();
    expect(bench.safety.runs).toBe(2);
    bench.health.inspect(ID, true);
    await settle();
    expect(bench.health.recordOf(ID).level).toBe('healthy');
    expect(bench.lifecycle.condition).toBeNull();
  });

  it('holds nothing against a service that nobody looks at any more', async () => {
    const bench = new Bench([{ ...DEFAULT_CHECKS.security }]);
    bench.safety.failure = { ...probeFailure('plain-http', 'not encrypted'), definite: true };
    bench.health.follow(ID);
    await settle();
    bench.serve(2, [basicCheck()]);
    bench.health.follow(ID);
    await settle();
    expect(bench.lifecycle.condition).toBeNull();
  });

  describe('of a service that needs others', () => {
    const required = { name: 'db', url: null, tcp: 'db:1', timeout_ms: 10, required: true };

    function needy(): Bench {
      const bench = new Bench([basicCheck()]);
      const checks = [basicCheck(), { ...DEFAULT_CHECKS.dependency }];
      const dependencies = [{ service: 'store', version: null, tools: [], required: true }];
      const integration = { dependencies, external: [required] };
      const effective = serviceConfig({ monitoring: { checks }, integration });
      bench.documents = [serviceDocument(ID, { effective }), serviceDocument('store')];
      bench.health.follow(ID);
      return bench;
    }

    it('looks at once when something happens to one of them', async () => {
      const bench = needy();
      bench.health.stir('nobody');
      bench.health.stir('store');
      await settle();
      expect(bench.needs.runs).toBe(1);
      bench.documents = [];
      bench.health.follow(ID);
      bench.health.stir('store');
      await settle();
      expect(bench.needs.runs).toBe(1);
    });

    it('tells the lifecycle of a required resource that stays away, goes on looking, and tells its return', async () => {
      const bench = needy();
      bench.needs.failure = probeFailure('external-required', 'The resource "db" is away');
      await bench.health.runAll(ID);
      expect(bench.lifecycle.external).toBeNull();
      await bench.health.runAll(ID);
      expect(bench.lifecycle.external).toBe('The resource "db" is away.');
      expect(bench.lifecycle.unhealthy).toEqual([]);
      bench.lifecycle.state = 'error';
      bench.lifecycle.serving = false;
      bench.health.follow(ID);
      expect(bench.health.rounds.size).toBe(1);
      bench.needs.failure = null;
      await bench.health.runAll(ID);
      expect(bench.lifecycle.external).toBeNull();
    });

    it('is degraded by one that is ill, and restarts nothing for it', async () => {
      const bench = needy();
      const ill = { ...probeFailure('dependency-unhealthy', 'ill'), definite: true };
      bench.needs.failure = ill;
      bench.health.noteProven(ID, 1);
      await bench.health.runAll(ID);
      expect(bench.health.recordOf(ID)).toMatchObject({
        level: 'degraded',
        reason: 'DependencyUnhealthy',
      });
      expect(bench.lifecycle.unhealthy).toEqual([]);
    });
  });

  it('keeps nothing of a service that is gone', () => {
    const bench = new Bench([basicCheck()]);
    bench.health.follow(ID);
    bench.documents = [];
    bench.health.follow(ID);
    expect([bench.health.rounds.size, bench.health.boards.size]).toEqual([0, 0]);
  });

  it.each<[string, { uptime_s: number } | null, string | null, boolean]>([
    ['a young instance', { uptime_s: 1 }, 'node', true],
    ['an old instance that nobody uses', { uptime_s: 301 }, 'node', false],
    ['no instance', null, 'node', false],
    ['a remote server, however long connected', { uptime_s: 9_999 }, null, true],
  ])('takes %s for awake or not', async (_name, view, command, awake) => {
    const bench = new Bench([basicCheck()], command);
    bench.lifecycle.instanceViews = view === null ? [] : [{ ...view, state: 'ready' }];
    bench.health.follow(ID);
    await bench.health.runAll(ID);
    expect(bench.probe.targets).toMatchObject([{ awake }]);
  });

  it('calls a remote server that is not connected anything but idle', () => {
    const bench = new Bench([], null);
    bench.lifecycle.instanceViews = [];
    bench.health.noteProven(ID, 1);
    expect(bench.health.recordOf(ID).reason).toBe('Proven');
  });
});
