import type { HealthCheckConfig, ServiceConfig } from '../config/service-config.js';
import type { JsonObject } from '../kernel/json.js';
import type { InstanceView } from '../lifecycle/instance.js';
import type { Proof } from '../lifecycle/service-status.js';
import type { InstanceSource } from '../upstream/instance-source.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { CallSample } from './call-window.js';
import type { OpenConversation, ProbeConversation } from './probe-conversation.js';
import type { ProbeFailure } from './probe-failure.js';

/** What a probe is pointed at: the revision of a service that serves now. */
export interface ProbeTarget {
  readonly service_id: string;
  readonly revision: number;
  readonly config: ServiceConfig;
  readonly source: InstanceSource;
  /** One upstream serves many conversations, so that a ping disturbs nobody. */
  readonly multiplexed: boolean;
  /** Whether an instance runs that callers used lately; none is kept alive for a probe. */
  readonly awake: boolean;
  /** The last proof. */
  readonly proof?: Proof | null;
  /** What runs of this revision. */
  readonly instances: readonly InstanceView[];
  /** Path of the endpoint that serves it now; `null`: there is none, or it is that of another revision. */
  readonly endpoint?: string | null;
  /** Whether the security check is to list its tools itself. */
  readonly lists?: boolean;
}

/** What one run of a probe found. */
export interface ProbeFinding {
  readonly failure: ProbeFailure | null;
  /** In words; the runner scrubs and cuts it. */
  readonly evidence: string;
  /** The tools as listed on the way, when they were. */
  readonly tools?: readonly JsonObject[];
  /** The call of a tool that was made, for the performance of the service. */
  readonly sample?: CallSample;
  /** Something of it could not be looked at yet: it is run again before its interval is over. */
  readonly incomplete?: boolean;
  /** There was nothing to judge, so that it neither passed nor failed. */
  readonly skipped?: boolean;
}

/** One kind of check. `run` rejects when it could not be carried out, which is not the service's fault. */
export abstract class Probe {
  abstract run(target: ProbeTarget, check: HealthCheckConfig): Promise<ProbeFinding>;
}

/** On top of the start timeout of an upstream, so that its own precise error comes first. */
const START_GRACE_MS = 1_000;

/** Leases an instance, converses, and gives it back whatever happens. */
export async function withConversation<T>(
  { source, config }: ProbeTarget,
  open: OpenConversation,
  schedule: (delayMs: number, callback: () => void) => () => void,
  use: (conversation: ProbeConversation) => Promise<T>,
  greetMs = config.runtime.start_timeout_ms,
): Promise<T> {
  const limitMs = config.runtime.start_timeout_ms + START_GRACE_MS;
  const controller = new AbortController();
  const cancel = schedule(limitMs, () => {
    controller.abort();
  });
  const lease = await source
    .acquire({ purpose: 'call', signal: controller.signal, inspects: true })
    .catch((error: unknown) => {
      if (!controller.signal.aborted) throw error;
      throw new UpstreamError('start-timeout', `No instance within ${String(limitMs)} ms`);
    })
    .finally(cancel);
  try {
    const conversation = await open(lease.upstream, greetMs);
    try {
      return await use(conversation);
    } finally {
      conversation.close();
    }
  } finally {
    lease.release();
  }
}
