import type { Clock } from '../kernel/clock.js';
import type { Logger } from '../kernel/logger.js';
import type { ChildParts } from './child-process.js';
import type { Egress } from './connector.js';
import { EraMemory } from './era.js';
import { EraProbes } from './era-probe.js';
import { GroupSampler } from './group-sampler.js';
import { HttpUpstream } from './http.upstream.js';
import { ProcProcessTable, type ProcessTable } from './process-table.js';
import { SpawnedHttpUpstream } from './spawned-http.upstream.js';
import type { Spawner } from './spawner.js';
import { SseUpstream } from './sse.upstream.js';
import { StdioUpstream } from './stdio.upstream.js';
import { StraySweep } from './stray-sweep.js';
import { UpstreamError } from './upstream.errors.js';
import type { Upstream } from './upstream.js';
import type { UpstreamSpec } from './upstream-spec.js';
import type { Watchdog } from './watchdog.js';

export interface UpstreamFactoryParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly spawner: Spawner;
  readonly watchdog: Pick<Watchdog, 'add' | 'remove' | 'run'>;
  readonly egress: Egress;
  /** Default: `/proc`. */
  readonly processes?: ProcessTable;
}

/** Makes upstreams. They are the caller's to start and to stop. */
export class UpstreamFactory {
  private readonly children: ChildParts;
  private readonly eras: EraMemory;
  private readonly probes: EraProbes;

  constructor(private readonly parts: UpstreamFactoryParts) {
    const { clock, logger, spawner, watchdog, processes = new ProcProcessTable() } = parts;
    const sampler = new GroupSampler(clock, processes);
    const strays = new StraySweep(clock, spawner, processes);
    this.eras = new EraMemory(clock);
    this.children = { clock, logger, spawner, watchdog, processes, sampler, strays };
    this.probes = new EraProbes(this.children, this.eras);
  }

  /** Throws `bad-url`, or `spawn-failed` for a spec that names neither a command nor a URL. Starts nothing. */
  create(spec: UpstreamSpec): Upstream {
    const { clock, egress } = this.parts;
    const { command, remote, transport } = spec;
    if (command !== null) {
      return transport === 'stdio'
        ? new StdioUpstream(this.children, spec, command, this.eras, this.probes)
        : new SpawnedHttpUpstream(this.children, spec, command);
    }
    if (remote === null || transport === 'stdio') {
      throw new UpstreamError('spawn-failed', 'There is no command to start');
    }
    return transport === 'sse'
      ? new SseUpstream(clock, spec, remote, egress)
      : new HttpUpstream(clock, spec, remote, egress);
  }
}
