import { pageGrant } from '../auth/page-grant.js';
import type { CorsConfig, SecurityConfig, ServiceConfig } from '../config/service-config.js';
import type {
  CompiledHandler,
  Endpoint,
  EndpointProfile,
  FlowLimits,
  Unavailability,
} from '../gateway/endpoint.js';
import { EndpointLoad } from '../gateway/endpoint-load.js';
import { equalJson, type JsonObject } from '../kernel/json.js';
import type { HostingMode } from '../registry/service.js';
import type { InstanceSource } from '../upstream/instance-source.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { endpointPolicy } from './endpoint-policy.js';

/** What one endpoint is made of: one revision of one service, and how it may be called now. */
export interface EndpointBlueprint {
  readonly serviceId: string;
  readonly serviceName: string;
  readonly revision: number;
  readonly hostingMode: HostingMode;
  readonly effective: ServiceConfig;
  /** Of the service as it is now, older revisions included: what is closed today stays open under no other path. */
  readonly security: SecurityConfig;
  /** Likewise. */
  readonly cors: CorsConfig;
  /** `null` where lifecycle keeps no instances of the revision. */
  readonly source: InstanceSource | null;
  readonly unavailable: Unavailability | null;
  readonly tools: readonly JsonObject[];
  readonly guarded: CompiledHandler | null;
  readonly profile?: EndpointProfile;
}

/** Stands where a revision has no instances: nothing can be acquired from it. */
export const NO_INSTANCES: InstanceSource = Object.freeze({
  acquire: () => Promise.reject(new UpstreamError('retired', 'The revision has no instances')),
});

const NOT_RUNNING: Unavailability = Object.freeze({
  state: 'inactive',
  reason: 'RevisionNotRunning',
  message: 'The revision has no instances',
  retry_after_s: 5,
});

/**
 * The endpoint of a blueprint. One of `former` is answered when nothing differs, so that identity means "the same
 * endpoint" and sessions stay where they are; the counter of calls lives as long as the instances behind it.
 */
export function endpointOf(blueprint: EndpointBlueprint, former: readonly Endpoint[]): Endpoint {
  const next = assemble(blueprint, former);
  return former.find((endpoint) => isSameEndpoint(endpoint, next)) ?? next;
}

function assemble(blueprint: EndpointBlueprint, former: readonly Endpoint[]): Endpoint {
  const { effective, hostingMode } = blueprint;
  const source = blueprint.source ?? NO_INSTANCES;
  const unavailable = blueprint.unavailable ?? (blueprint.source === null ? NOT_RUNNING : null);
  const sibling = former.find((endpoint) => endpoint.source === source);
  return {
    serviceId: blueprint.serviceId,
    serviceName: blueprint.serviceName,
    revision: blueprint.revision,
    unavailable,
    transport: hostingMode,
    // Only a stdio child can belong to one session: the other transports serve many conversations each.
    isolation: hostingMode === 'stdio' ? effective.runtime.isolation : 'shared',
    source,
    policy: endpointPolicy(blueprint.security),
    guarded: blueprint.guarded,
    maxBodyBytes: effective.network.max_body_bytes,
    callTimeoutMs: effective.runtime.call_timeout_ms,
    maxInFlight: effective.runtime.exclusive ? 1 : effective.runtime.max_in_flight,
    flow: flowOf(effective),
    maxSessions: effective.network.max_sessions,
    tools: blueprint.tools,
    load: sibling?.load ?? new EndpointLoad(),
    profile: blueprint.profile,
    pages: pageGrant(blueprint.cors),
  };
}

function flowOf({ runtime, network }: ServiceConfig): FlowLimits {
  return Object.freeze({
    queueSize: runtime.queue.size,
    queueTimeoutMs: runtime.queue.timeout_ms,
    streamTimeoutMs: runtime.stream_timeout_ms,
    circuitFailures: network.circuit.failures,
    circuitOpenMs: network.circuit.open_ms,
  });
}

function isSameEndpoint(left: Endpoint, right: Endpoint): boolean {
  return (
    left.serviceName === right.serviceName &&
    left.revision === right.revision &&
    left.source === right.source &&
    left.guarded === right.guarded &&
    left.transport === right.transport &&
    left.isolation === right.isolation &&
    left.maxBodyBytes === right.maxBodyBytes &&
    left.callTimeoutMs === right.callTimeoutMs &&
    left.maxInFlight === right.maxInFlight &&
    left.maxSessions === right.maxSessions &&
    isSame(left.unavailable, right.unavailable) &&
    isSame(left.policy, right.policy) &&
    isSame(left.flow, right.flow) &&
    isSame(left.tools, right.tools) &&
    isSame(left.profile, right.profile) &&
    isSame(left.pages ?? null, right.pages ?? null)
  );
}

function isSame(left: unknown, right: unknown): boolean {
  return left === right || equalJson(left, right);
}
