import type { ServiceConfig } from '../config/service-config.js';
import type { HostingMode } from '../registry/service.js';
import type { RestartPolicy } from './restart-policy.js';

/** The revision that a pool runs: what of the documents is needed to start it. */
export interface RunnableRevision {
  readonly service_id: string;
  readonly name: string;
  readonly revision: number;
  readonly hosting_mode: HostingMode;
  readonly effective: ServiceConfig;
  readonly command_file: string | null;
}

/** How a pool deals in instances. Times are milliseconds. */
export interface PoolPlan {
  /** `shared`: few upstreams serve all callers. `own`: every lease has an upstream of its own. */
  readonly kind: 'shared' | 'own';
  /** Upstreams of a shared pool. */
  readonly replicas: number;
  /** Unused upstreams that an `own` pool keeps started. */
  readonly warm: number;
  /** Most upstreams at once; one on trial comes on top, so that a full service can still be updated. */
  readonly maxInstances: number;
  /** Whether each is a process of ours that counts against the global cap. */
  readonly spawns: boolean;
  /** `null`: never stopped for being idle (there is no process to save). */
  readonly idleStopMs: number | null;
  /** Whether the first upstream after none ran serves only once it is proven like the one before it. */
  readonly reproves: boolean;
  readonly startTimeoutMs: number;
  readonly restart: RestartPolicy;
}

export function poolPlan(revision: RunnableRevision): PoolPlan {
  const { runtime, security } = revision.effective;
  const spawns = runtime.command !== null;
  const own = spawns && revision.hosting_mode === 'stdio' && runtime.isolation === 'session';
  return {
    kind: own ? 'own' : 'shared',
    replicas: spawns ? Math.min(runtime.replicas, runtime.max_instances) : 1,
    warm: own ? Math.min(runtime.warm, runtime.max_instances) : 0,
    maxInstances: spawns ? runtime.max_instances : 1,
    spawns,
    idleStopMs: spawns ? runtime.idle_stop_ms : null,
    reproves: !own && security.tool_pinning === 'block',
    startTimeoutMs: runtime.start_timeout_ms,
    restart: runtime.restart,
  };
}
