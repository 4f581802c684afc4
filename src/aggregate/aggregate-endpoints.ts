import { authProblems } from '../auth/auth.errors.js';
import { hasScope, type Principal } from '../auth/principal.js';
import { DEFAULT_FLOW, type Endpoint, type RouteMatch } from '../gateway/endpoint.js';
import { EndpointLoad } from '../gateway/endpoint-load.js';
import type { RootEndpoints } from '../gateway/root-endpoints.js';
import type { RouteTableHolder } from '../gateway/route-table.js';
import type { CancelTimer } from '../kernel/clock.js';
import { canonicalJson } from '../kernel/json.js';
import { ProblemError } from '../kernel/problem.js';
import type { InstanceSource } from '../upstream/instance-source.js';
import { AggregateUpstream } from './aggregate.upstream.js';
import type { DoorParts } from './member-door.js';
import { Outages } from './outages.js';
import { Roster } from './roster.js';
import { parseSelection, selectionKey, type Selection } from './selection.js';
import { SourceLists } from './source-lists.js';
import { ToolIndex } from './tool-index.js';

const NAME = 'aggregate';
/** Selections without a client that are kept for the next one. */
const MAX_UNUSED = 256;
const MIN_BODY_BYTES = 4 * 1_048_576;
const MAX_SESSIONS = 10_000;
/** Members have limits of their own. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;
/** A session with a member that its client did not use for this long is ended, and its child with it. */
const MEMBER_IDLE_MS = 1_800_000;
const SWEEP_MS = 60_000;

interface Kept {
  readonly upstream: AggregateUpstream;
  endpoint: Endpoint;
  tableVersion: number;
}

export interface EndpointsParts extends DoorParts {
  readonly routes: RouteTableHolder;
}

/**
 * The endpoints of `/mcp`: one for each caller and selection. The source of one stays the same for as long as a client
 * uses it, so that sessions stay where they are.
 */
export class AggregateEndpoints implements RootEndpoints {
  private readonly kept = new Map<string, Kept>();
  private readonly principalKeys = new WeakMap<Principal, string>();
  private readonly lists: SourceLists;
  private readonly outages: Outages;
  private readonly index = new ToolIndex();
  private readonly stopFollowing: () => void;
  private cancelSweep: CancelTimer | null = null;
  private cancelOutage: CancelTimer | null = null;

  constructor(private readonly parts: EndpointsParts) {
    this.lists = new SourceLists(parts.clock);
    this.outages = new Outages(parts.clock);
    this.lists.onChange((source, kind) => {
      for (const { upstream } of this.kept.values()) upstream.sourceChanged(source, kind);
    });
    this.stopFollowing = parts.routes.onSwap(() => {
      this.follow();
    });
    this.outages.follow(parts.routes.current);
  }

  match(path: string, query: string, principal: Principal): RouteMatch | ProblemError {
    if (!hasScope(principal, 'invoke')) {
      return authProblems['scope-missing']('The scope "invoke" is needed');
    }
    const selection = parseSelection(query);
    if (selection instanceof ProblemError) return selection;
    const kept = this.keptFor(principal, selection);
    // A service that a connected client named may go: the client goes on with the others.
    const fault = kept.upstream.inUse ? null : kept.upstream.roster.fault();
    if (fault !== null) return fault;
    const rest = path === '/mcp' || path === '/mcp/' ? '' : path.slice('/mcp'.length);
    return { endpoint: this.endpointOf(kept), rest };
  }

  async close(): Promise<void> {
    this.stopFollowing();
    this.cancelSweep?.();
    this.cancelOutage?.();
    for (const { upstream } of this.kept.values()) await upstream.stop();
    this.kept.clear();
    this.lists.close();
  }

  private keptFor(principal: Principal, selection: Selection): Kept {
    const chosen = selectionKey(selection);
    const key = `${this.keyOf(principal)}\n${chosen}`;
    let kept = this.kept.get(key);
    if (kept === undefined) {
      kept = this.make(principal, selection, chosen);
      this.dropUnused();
      this.cancelSweep ??= this.parts.clock.schedule(SWEEP_MS, this.sweep);
    } else {
      this.kept.delete(key);
    }
    this.kept.set(key, kept);
    return kept;
  }

  private make(principal: Principal, selection: Selection, chosen: string): Kept {
    const { parts, lists, outages, index } = this;
    const roster = new Roster(parts.routes, parts.dispatcher, principal, selection);
    const all = { ...parts, lists, outages, index };
    const upstream = new AggregateUpstream(all, roster, principal, selection.search);
    const lease = { instanceId: NAME, upstream, release: () => undefined };
    const source: InstanceSource = { acquire: () => Promise.resolve(lease) };
    const serviceId = chosen === '' ? NAME : `${NAME}:${chosen}`;
    return { upstream, endpoint: assemble(serviceId, source), tableVersion: -1 };
  }

  /** The largest body that some member takes is taken here; each member's own limit is held at its door. */
  private endpointOf(kept: Kept): Endpoint {
    const { version } = this.parts.routes.current;
    if (kept.tableVersion === version) return kept.endpoint;
    kept.tableVersion = version;
    let maxBodyBytes = MIN_BODY_BYTES;
    for (const member of kept.upstream.roster.all) {
      maxBodyBytes = Math.max(maxBodyBytes, member.maxBodyBytes);
    }
    if (maxBodyBytes !== kept.endpoint.maxBodyBytes) {
      kept.endpoint = { ...kept.endpoint, maxBodyBytes };
    }
    return kept.endpoint;
  }

  /** What of a caller decides over its members; a key that was given other services is another caller. */
  private keyOf(principal: Principal): string {
    let key = this.principalKeys.get(principal);
    if (key === undefined) {
      const { id, kind, scopes, services } = principal;
      key = canonicalJson({ id, kind, scopes: [...scopes].sort(), services });
      this.principalKeys.set(principal, key);
    }
    return key;
  }

  private dropUnused(): void {
    if (this.kept.size < MAX_UNUSED) return;
    for (const [key, { upstream }] of this.kept) {
      if (upstream.inUse) continue;
      this.kept.delete(key);
      return;
    }
  }

  private follow(): void {
    const table = this.parts.routes.current;
    this.outages.follow(table);
    this.lists.follow(table);
    this.index.retain((serviceId) => table.ofService(serviceId) !== null);
    this.showChanges();
  }

  private showChanges(): void {
    for (const { upstream } of this.kept.values()) upstream.follow();
    this.cancelOutage?.();
    const nextMs = this.outages.nextEndMs;
    this.cancelOutage =
      nextMs === null
        ? null
        : this.parts.clock.schedule(nextMs, () => {
            this.showChanges();
          });
  }

  private readonly sweep = (): void => {
    const before = this.parts.clock.monotonicMs() - MEMBER_IDLE_MS;
    for (const { upstream } of this.kept.values()) upstream.endIdle(before);
    this.cancelSweep = this.parts.clock.schedule(SWEEP_MS, this.sweep);
  };
}

function assemble(serviceId: string, source: InstanceSource): Endpoint {
  return {
    serviceId,
    serviceName: NAME,
    revision: 1,
    unavailable: null,
    transport: 'stdio',
    isolation: 'shared',
    source,
    policy: null,
    guarded: null,
    maxBodyBytes: MIN_BODY_BYTES,
    callTimeoutMs: NO_TIMEOUT_MS,
    maxInFlight: null,
    flow: DEFAULT_FLOW,
    maxSessions: MAX_SESSIONS,
    tools: [],
    load: new EndpointLoad(),
    aggregate: true,
  };
}
