import { pinningOf } from '../config/tool-pinning-mode.js';
import { poolPlan } from '../lifecycle/pool-plan.js';
import { runnableOf } from '../lifecycle/service-observer.js';
import type { ServiceDocument } from '../registry/service.js';
import type { InstanceSource } from '../upstream/instance-source.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { PlannedCheck } from './check-plan.js';
import type { LifecycleAccess } from './health-ports.js';
import type { ProbeTarget } from './probe.js';
import type { UsageWatch } from './usage-watch.js';

/** What of a service there is to point a probe at. Reads only. */
export class ProbeTargets {
  constructor(
    private readonly lifecycle: LifecycleAccess,
    private readonly usage: Pick<UsageWatch, 'usedWithin'>,
  ) {}

  /** `announced`: its server said that its tools are others now. `null` while it cannot be called: what stands in the way is told by the lifecycle, not by a probe. */
  targetOf(doc: ServiceDocument, { config }: PlannedCheck, announced: boolean): ProbeTarget | null {
    const { lifecycle } = this;
    const present = lifecycle.sourceFor(doc.service_id, doc.revision);
    const looksElsewhere = config.kind === 'dependency' || config.kind === 'security';
    const { serving, blocked } = lifecycle.availabilityOf(doc.service_id);
    if ((present === null || !serving) && !looksElsewhere) return null;
    const { state, proof } = lifecycle.statusOf(doc.service_id);
    return {
      service_id: doc.service_id,
      revision: doc.revision,
      config: doc.effective,
      proof,
      source: present ?? NO_SOURCE,
      multiplexed: this.isMultiplexed(doc),
      awake: this.isSpawned(doc) ? this.isAwake(doc) : this.isRunning(doc.service_id),
      instances: lifecycle
        .instances(doc.service_id)
        .filter(({ state: its, revision }) => its === 'ready' && revision === doc.revision),
      // While it is updated the endpoint is that of the revision before, with its policy.
      endpoint: state === 'active' ? `/mcp/${doc.spec.name}` : null,
      lists: present !== null && (serving || blocked === true) && mustList(doc, announced),
    };
  }

  isMultiplexed(doc: ServiceDocument): boolean {
    return poolPlan(runnableOf(doc)).kind === 'shared';
  }

  /** Spawned, and nothing of it is used or about to be. */
  isIdle(doc: ServiceDocument): boolean {
    return this.isSpawned(doc) && !this.isAwake(doc);
  }

  /** Spawned, and nothing of it runs. */
  isAsleep(doc: ServiceDocument): boolean {
    return this.isSpawned(doc) && !this.isRunning(doc.service_id);
  }

  private isSpawned(doc: ServiceDocument): boolean {
    return doc.effective.runtime.command !== null;
  }

  private isRunning(id: string): boolean {
    return this.lifecycle.instances(id).some(({ state }) => state === 'ready');
  }

  /** Whether something of it runs that is used, or young enough to be about to. */
  private isAwake(doc: ServiceDocument): boolean {
    const running = this.lifecycle
      .instances(doc.service_id)
      .filter(({ state }) => state === 'ready');
    if (running.length === 0) return false;
    const { idle_stop_ms } = doc.effective.runtime;
    const isYoung = running.some(({ uptime_s }) => uptime_s * 1_000 < idle_stop_ms);
    return isYoung || this.usage.usedWithin(doc.service_id, idle_stop_ms);
  }
}

/**
 * Where changed tools may not be served they are listed by the security check itself; elsewhere what the proof and the
 * functional check list will do, unless the server announced others.
 */
function mustList({ effective }: ServiceDocument, announced: boolean): boolean {
  const mode = pinningOf(effective);
  return mode === 'block' || (mode === 'warn' && announced);
}

const NO_SOURCE: InstanceSource = {
  acquire: () => Promise.reject(new UpstreamError('stopped', 'The service does not serve')),
};
