// HOT PATH
import type { Endpoint, RouteTable } from '../gateway/endpoint.js';
import type { CancelTimer, Clock } from '../kernel/clock.js';
import type { InstanceSource, Lease, LeaseRequest } from '../upstream/instance-source.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { canBeAsked, legacyClientOf } from './legacy-client.js';
import { Line, sharesChild, type LineOwner } from './line.js';
import { LineGroup } from './line-group.js';
import type { Asker } from './stateless-request.js';

export interface LineLimits {
  /** Lines of all services together; those of one are bounded by its `max_sessions`. */
  readonly maxLines: number;
  /** Lines of one client at once, for calls that each need one to themselves. */
  readonly maxParallel: number;
  readonly idleMs: number;
}

export const LINE_LIMITS: LineLimits = { maxLines: 5_000, maxParallel: 16, idleMs: 60_000 };

const SWEEP_MS = 15_000;
/** The place of a line that was closed for another one is waited for this long. */
const ROOM_WAIT_MS = 3_000;
const ROOM_RETRY_MS = 50;
const REQUEST: LeaseRequest = { purpose: 'session' };

/** Who asks where, as far as choosing a line goes. */
export interface LineClaim {
  readonly endpoint: Endpoint;
  readonly principalId: string;
  readonly asker: Asker;
  /** Whether the upstream may ask this call's client for something. */
  readonly askable: boolean;
  readonly hops: number;
}

/** All lines. Their only maker; closes those that nobody has used for a minute, and those whose source is replaced. */
export class LineTable implements LineOwner {
  private readonly groups = new Map<InstanceSource, Map<string, LineGroup>>();
  private readonly all = new Map<Line, LineGroup>();
  private readonly opening = new Map<string, number>();
  private readonly services = new Map<string, number>();
  /** Sources whose upstreams speak the stateless protocol, as far as was seen: no call needs a line to itself there. */
  private readonly native = new WeakSet<InstanceSource>();
  private cancelSweep: CancelTimer | null = null;
  private closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly limits: LineLimits = LINE_LIMITS,
  ) {}

  get size(): number {
    return this.all.size;
  }

  /** The claim's group, made when there is none. */
  groupOf({ endpoint, principalId, asker, hops }: LineClaim): LineGroup {
    const { source } = endpoint;
    let ofSource = this.groups.get(source);
    if (ofSource === undefined) {
      ofSource = new Map();
      this.groups.set(source, ofSource);
    }
    const { clientInfo, capabilities } = asker;
    // With the hops, as a line passes on those that it was opened with: a loop would never end.
    const key = `${hops} ${principalId}\n${JSON.stringify(clientInfo)}${JSON.stringify(capabilities)}`;
    let group = ofSource.get(key);
    if (group === undefined) {
      group = new LineGroup(source, key);
      ofSource.set(key, group);
    }
    return group;
  }

  /** A line that is open, entered; `null` when one has to be opened. */
  ready(group: LineGroup, askable: boolean): Line | null {
    const line = group.pick(askable);
    line?.enter(takesLine(line, askable));
    return line;
  }

  /** Opens a line, or waits for the one that is being opened; entered. Rejects with an `UpstreamError`. */
  async connect(group: LineGroup, claim: LineClaim): Promise<Line> {
    const { endpoint, askable, asker } = claim;
    const exclusive = canBeAsked(asker.capabilities) && !sharesChild(endpoint);
    if (exclusive && askable && !this.native.has(endpoint.source)) {
      return await this.open(group, claim, true);
    }
    group.opening ??= this.open(group, claim, exclusive).finally(() => {
      group.opening = null;
    });
    const line = await group.opening;
    line.enter(false);
    return line;
  }

  changed(line: Line, message: Buffer, method: string): void {
    this.all.get(line)?.changed(line, message, method);
  }

  lineOver(line: Line, lost: boolean): void {
    const group = this.all.get(line);
    if (group === undefined) return;
    this.all.delete(line);
    this.count(this.services, line.endpoint.serviceId, -1);
    group.remove(line, lost);
    this.forgetIfEmpty(group);
  }

  /** After a swap: lines to sources that no route names any more take no further calls. */
  follow(next: RouteTable, before: RouteTable): void {
    const kept = new Set(next.endpoints.map(({ source }) => source));
    for (const { source } of before.endpoints) {
      if (kept.has(source)) continue;
      for (const group of [...(this.groups.get(source)?.values() ?? [])]) {
        for (const line of [...group.lines]) line.retire();
      }
    }
  }

  /** Closes them all, for shutdown; none is opened afterwards. */
  closeAll(): void {
    this.closed = true;
    this.cancelSweep?.();
    this.cancelSweep = null;
    for (const line of [...this.all.keys()]) line.close();
  }

  private async open(group: LineGroup, claim: LineClaim, exclusive: boolean): Promise<Line> {
    const { endpoint, askable, asker, hops } = claim;
    group.openings += 1;
    this.count(this.opening, endpoint.serviceId, 1);
    try {
      this.makeRoom(group, endpoint);
      const lease = await this.leaseFor(endpoint);
      const client = legacyClientOf(asker);
      const terms = { endpoint, exclusive, client, hops };
      const line = await Line.open(this, this.clock, lease, terms);
      return this.add(group, line, askable && exclusive);
    } finally {
      group.openings -= 1;
      this.count(this.opening, endpoint.serviceId, -1);
      this.forgetIfEmpty(group);
    }
  }

  /** With `takes` it is entered at once, before anybody else can. */
  private add(group: LineGroup, line: Line, takes: boolean): Line {
    if (this.closed) {
      line.close();
      throw new UpstreamError('stopped', 'The gateway is shutting down');
    }
    group.lines.push(line);
    this.all.set(line, group);
    this.count(this.services, line.endpoint.serviceId, 1);
    if (line.native) this.native.add(group.source);
    this.cancelSweep ??= this.clock.schedule(SWEEP_MS, this.sweep);
    if (takes) line.enter(takesLine(line, true));
    return line;
  }

  /** For one that is counted as being opened already. */
  private makeRoom(group: LineGroup, endpoint: Endpoint): void {
    const { serviceId, serviceName, maxSessions } = endpoint;
    if (group.lines.length + group.openings > this.limits.maxParallel) {
      const text = `A client may have ${this.limits.maxParallel} calls under way at "${serviceName}" that could ask for input`;
      throw new UpstreamError('capacity', text, { retryAfterS: 1 });
    }
    const opening = this.opening.get(serviceId) ?? 0;
    const own = (this.services.get(serviceId) ?? 0) + opening > maxSessions;
    if (!own && this.all.size < this.limits.maxLines) return;
    const victim = this.leastUsed((line) => !own || line.endpoint.serviceId === serviceId);
    if (victim === null) {
      const text = `Too many conversations with "${serviceName}" are open`;
      throw new UpstreamError('capacity', text, { retryAfterS: 1 });
    }
    victim.close();
  }

  /** An idle line gives way where no more upstreams may be started. */
  private async leaseFor({ source }: Endpoint): Promise<Lease> {
    let untilMs = 0;
    for (;;) {
      try {
        return await source.acquire(REQUEST);
      } catch (error) {
        if (!(error instanceof UpstreamError) || error.code !== 'capacity') throw error;
        const nowMs = this.clock.monotonicMs();
        if (untilMs === 0) {
          const victim = this.leastUsed((line) => line.endpoint.source === source);
          if (victim === null) throw error;
          victim.close();
          untilMs = nowMs + ROOM_WAIT_MS;
        } else if (nowMs >= untilMs) {
          throw error;
        }
      }
      await this.clock.sleep(ROOM_RETRY_MS);
    }
  }

  private leastUsed(fits: (line: Line) => boolean): Line | null {
    let oldest: Line | null = null;
    for (const line of this.all.keys()) {
      if (line.users > 0 || !fits(line)) continue;
      if (oldest === null || line.lastUsedMs < oldest.lastUsedMs) oldest = line;
    }
    return oldest;
  }

  private forgetIfEmpty(group: LineGroup): void {
    if (!group.isEmpty) return;
    const ofSource = this.groups.get(group.source);
    if (ofSource?.get(group.key) !== group) return;
    ofSource.delete(group.key);
    if (ofSource.size === 0) this.groups.delete(group.source);
  }

  private count(counts: Map<string, number>, serviceId: string, change: 1 | -1): void {
    const count = (counts.get(serviceId) ?? 0) + change;
    if (count === 0) counts.delete(serviceId);
    else counts.set(serviceId, count);
  }

  private readonly sweep = (): void => {
    this.cancelSweep = null;
    const before = this.clock.monotonicMs() - this.limits.idleMs;
    for (const line of [...this.all.keys()]) {
      if (line.users === 0 && line.lastUsedMs <= before) line.close();
    }
    if (this.all.size > 0) this.cancelSweep = this.clock.schedule(SWEEP_MS, this.sweep);
  };
}

/** Whether a call that can be asked has the line to itself. */
export function takesLine(line: Line, askable: boolean): boolean {
  return askable && line.exclusive && !line.native;
}
