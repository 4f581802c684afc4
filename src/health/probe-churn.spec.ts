import { channel } from 'node:diagnostics_channel';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FakeHealthLifecycle, MiddleRandom } from '../../test/support/fake-health-lifecycle.js';
import { allProbes, basicCheck } from '../../test/support/fake-probe-conversation.js';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { pinningDesk } from '../../test/support/pinning-fixture.js';
import { serviceConfig, serviceDocument } from '../../test/support/service-fixture.js';
import { EventBus } from '../kernel/event-bus.js';
import { SilentLogger } from '../kernel/logger.js';
import { RevisionPromoted, ServiceArchived } from '../registry/registry.events.js';
import type { ServiceDocument } from '../registry/service.js';
import { MemoryStore } from '../storage/memory.store.js';
import { ActivationProver } from './activation-prover.js';
import { AnnouncementWatch } from './announcement-watch.js';
import { CheckHistory } from './check-history.js';
import { POOL } from './check-rounds.js';
import { CircuitWatch } from './circuit-watch.js';
import { HealthService } from './health.service.js';
import { PassiveMonitor } from './passive-monitor.js';
import { PerformanceWatch } from './performance-watch.js';
import { Probe, type ProbeFinding, type ProbeTarget } from './probe.js';
import { ProbeRunner } from './probe.runner.js';
import { TransitionLog } from './transition-log.js';
import { UsageWatch } from './usage-watch.js';

const SERVICES = 50;
const INTERVAL_MS = 1_000;
const TICK_MS = 250;
/** Longer than the interval, so that every service is likely to be changed under a probe of its own. */
const TAKES_MS = 1_300;
const CHANNELS = ['switchyard:call', 'switchyard:session', 'switchyard:circuit'];

/** Takes its time on the clock, and notes when it was pointed at what. */
class SlowProbe extends Probe {
  readonly begun: { target: string; atMs: number }[] = [];
  underWay = 0;
  most = 0;

  constructor(private readonly clock: ManualClock) {
    super();
  }

  override run({ service_id, revision }: ProbeTarget): Promise<ProbeFinding> {
    this.begun.push({
      target: `${service_id}@${String(revision)}`,
      atMs: this.clock.monotonicMs(),
    });
    this.underWay += 1;
    this.most = Math.max(this.most, this.underWay);
    return new Promise((resolve) => {
      this.clock.schedule(TAKES_MS, () => {
        this.underWay -= 1;
        resolve({ failure: null, evidence: 'fine' });
      });
    });
  }
}

class Bench {
  readonly clock = new ManualClock();
  readonly probe = new SlowProbe(this.clock);
  readonly bus = new EventBus(new SilentLogger());
  readonly documents = new Map<string, ServiceDocument>();
  readonly health: HealthService;

  constructor() {
    const { clock, bus } = this;
    const logger = new SilentLogger();
    const lifecycle = new FakeHealthLifecycle();
    const scrubber = (): Promise<(text: string) => string> => Promise.resolve((text) => text);
    const list = (): ServiceDocument[] => [...this.documents.values()];
    const find = (id: string): ServiceDocument | undefined => this.documents.get(id);
    const parts = {
      registry: { find, require: (id: string) => find(id) as ServiceDocument, list },
      lifecycle,
      runner: new ProbeRunner(allProbes({ basic: this.probe }), scrubber, clock, logger),
      usage: new UsageWatch(clock),
      performance: new PerformanceWatch(clock),
      circuits: new CircuitWatch(clock),
      passive: new PassiveMonitor(lifecycle, clock),
      history: new CheckHistory(),
      transitions: new TransitionLog(new MemoryStore(clock), logger),
      pinning: pinningDesk(list, lifecycle),
      announcements: new AnnouncementWatch(clock),
      clock,
      random: new MiddleRandom(),
      bus,
      logger,
    };
    const open = (): never => {
      throw new Error('nothing is proven here');
    };
    this.health = new HealthService(parts, new ActivationProver(open, scrubber, clock, logger));
    this.health.start();
    for (let at = 0; at < SERVICES; at += 1) this.put(`s${String(at)}`, 1);
    this.health.resync();
  }

  put(id: string, revision: number, name = id): void {
    const checks = [basicCheck({ interval_ms: INTERVAL_MS })];
    const effective = serviceConfig({ runtime: { command: null }, monitoring: { checks } });
    const document = serviceDocument(id, { effective, revision });
    this.documents.set(id, { ...document, spec: { ...document.spec, name } });
  }

  delete(id: string): void {
    this.documents.delete(id);
    this.bus.publish(new ServiceArchived(id, id, false));
  }

  promote(id: string, name = id): void {
    this.put(id, 2, name);
    this.bus.publish(new RevisionPromoted(id, 2, 1));
  }

  async pass(ms: number): Promise<void> {
    for (let at = 0; at < ms; at += TICK_MS) {
      await this.clock.advance(TICK_MS);
      this.health.tick();
      await settle();
    }
  }
}

type Fate = 'delete' | 'rename' | 'update' | 'keep';

function changeAll(bench: Bench, fates: readonly Fate[]): void {
  fates.forEach((fate, at) => {
    const id = `s${String(at)}`;
    if (fate === 'delete') bench.delete(id);
    else if (fate === 'rename') bench.promote(id, `${id}-renamed`);
    else if (fate === 'update') bench.promote(id);
  });
}

describe('services that are changed while they are probed', () => {
  const fates = fc.array(fc.constantFrom<Fate>('delete', 'rename', 'update', 'keep'), {
    minLength: SERVICES,
    maxLength: SERVICES,
  });

  it('are probed no more as what they were, and leave neither timer nor listener behind', async () => {
    await fc.assert(
      fc.asyncProperty(fates, fc.integer({ min: 0, max: 6 }), async (given, ticks) => {
        const bench = new Bench();
        await bench.pass(2_000 + ticks * TICK_MS);
        changeAll(bench, given);
        const changedMs = bench.clock.monotonicMs();
        await bench.pass(15_000);

        const live = given.flatMap((fate, at) =>
          fate === 'delete' ? [] : [`s${String(at)}@${fate === 'keep' ? '1' : '2'}`],
        );
        const after = bench.probe.begun.filter(({ atMs }) => atMs > changedMs);
        const asked = new Set(after.map(({ target }) => target));
        expect([...asked].sort()).toEqual([...live].sort());
        expect(bench.probe.most).toBeLessThanOrEqual(POOL);
        expect(bench.health.probeCounts().planned).toBe(live.length);

        for (const id of [...bench.documents.keys()]) bench.delete(id);
        bench.health.stop();
        await bench.clock.advance(TAKES_MS);
        expect(bench.health.probeCounts()).toEqual({ planned: 0, running: 0 });
        expect(bench.clock.pendingTimers).toBe(0);
        expect(CHANNELS.map((name) => channel(name).hasSubscribers)).toEqual([false, false, false]);
      }),
      { numRuns: 8 },
    );
  }, 60_000);
});
