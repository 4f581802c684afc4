import type { Upstream } from './upstream.js';

/** A right to use one instance. Released exactly once; `release` is idempotent. */
export interface Lease {
  readonly instanceId: string;
  readonly upstream: Upstream;
  release(): void;
}

export interface LeaseRequest {
  /**
   * `session`: for a client's session of any length; not multiplexed, it gets an upstream nobody has opened.
   * `call`: for one call of ours (REST, probe, listing); not multiplexed, the instance ends with the lease.
   */
  readonly purpose: 'session' | 'call';
  readonly signal?: AbortSignal;
  /** A look by the gateway at a service that is blocked, which nothing but such looks may reach. */
  readonly inspects?: true;
}

/**
 * Where the data plane gets instances of one revision from. `upstream/` declares it, `lifecycle/instance-pool` implements
 * it (caps, warm, idle stop, lazy start), routes puts it into the endpoint.
 */
export interface InstanceSource {
  /**
   * Starts an instance when none is free; the first use after boot waits for start and proof. Rejects with an
   * `UpstreamError`: `capacity` (with `retryAfterS`), `retired`, `start-failed` and its precise siblings.
   */
  acquire(request: LeaseRequest): Promise<Lease>;
}
