// HOT PATH
import { authProblems } from '../auth/auth.errors.js';
import { hasScope, maySeeService, type Principal } from '../auth/principal.js';
import type { JsonObject } from '../kernel/json.js';
import type { ProblemError } from '../kernel/problem.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type { CallFacts, CallLedger } from './call.js';
import { callChannel } from './channels.js';
import type { CompiledHandler, Endpoint, RouteTable } from './endpoint.js';
import { gatewayProblems } from './gateway.errors.js';
import type { OwnConversations } from './own-conversations.js';
import type { RateWindows } from './rate-windows.js';
import { callToolOnce, type ToolOutcome } from './tool-call.js';
import { toolDoorOf, withoutRefusedTools } from './tool-door.js';
import { problemOfRefusal, unavailableError } from './wire-error.js';

const DRAIN_RETRY_S = 5;
const BUSY_RETRY_S = 1;

export interface ToolCallOptions {
  readonly signal?: AbortSignal;
  /** Default: the endpoint's call timeout. */
  readonly timeoutMs?: number;
  /** What the endpoint's guard runs on. A guarded endpoint cannot be called without it. */
  readonly http?: { readonly request: GuardRequest; readonly response: GuardResponse };
}

type GuardRequest = Parameters<CompiledHandler>[0];
type GuardResponse = Parameters<CompiledHandler>[1];

/**
 * The one door to an upstream for callers, whatever way they come: who may use the endpoint (`admitCaller`), and
 * whether this call may go now (`admitCall`). Every way in asks both.
 */
export class Dispatcher {
  private draining = false;

  constructor(
    readonly ledger: CallLedger,
    private readonly rates: RateWindows,
    private readonly own: OwnConversations,
  ) {}

  get isDraining(): boolean {
    return this.draining;
  }

  /** From now on every call is refused. */
  startDraining(): void {
    this.draining = true;
  }

  /** Closes what calls outside sessions have left open. */
  closeOwn(): void {
    this.own.stop();
  }

  /** After a swap: what was kept of services that no route names any more is let go. */
  follow(next: RouteTable, before: RouteTable): void {
    for (const { serviceId, policy } of before.endpoints) {
      const limited = policy !== null && policy.rateLimit !== null;
      if (limited && next.ofService(serviceId) === null) this.rates.forget(serviceId);
    }
  }

  /** Whether the caller may use the endpoint at all; `null` = yes. */
  admitCaller(endpoint: Endpoint, principal: Principal): ProblemError | null {
    if (!maySeeService(principal, endpoint.serviceName)) return gatewayProblems['unknown-route']();
    if (!hasScope(principal, 'invoke')) {
      return authProblems['scope-missing']('The scope "invoke" is needed');
    }
    const { policy } = endpoint;
    if (policy === null) return null;
    if (policy.authenticationRequired && principal.kind === 'local') {
      return authProblems['credentials-missing']({
        detail: 'The service needs credentials',
        headers: { 'www-authenticate': 'Bearer realm="switchyard"' },
      });
    }
    const { allowedScopes } = policy;
    if (allowedScopes.length === 0 || allowedScopes.some((scope) => principal.scopes.has(scope))) {
      return null;
    }
    return authProblems['scope-missing'](
      `One of the scopes ${allowedScopes.join(', ')} is needed for this service`,
    );
  }

  /** Whether this request may go to the upstream now; `null` = yes. `tool` is the called tool's name, if readable. */
  admitCall(
    endpoint: Endpoint,
    principal: Principal,
    method: string,
    tool: string | null,
  ): RpcError | null {
    const refusal = this.judge(endpoint, principal, method, tool);
    if (refusal !== null && callChannel.hasSubscribers) {
      const { data } = refusal;
      const reason =
        typeof data === 'object' && data !== null && 'reason' in data ? data.reason : null;
      const word = typeof reason === 'string' ? reason : 'refused';
      this.ledger.publish(endpoint, method, tool, 'refused', word, this.ledger.nowMs());
    }
    return refusal;
  }

  /**
   * The same for callers that can wait: `go` is called exactly once, at once unless the call has to wait for its turn.
   * Off the fastest path, as it costs a closure.
   */
  whenAdmitted(
    endpoint: Endpoint,
    principal: Principal,
    call: CallFacts,
    go: (refusal: RpcError | null) => void,
  ): void {
    go(this.admitCall(endpoint, principal, call.method, call.tool));
  }

  /** A `tools/list` answer without the tools the endpoint's policy refuses; unchanged where it refuses none. */
  filterTools(endpoint: Endpoint, message: Buffer, id: Buffer): Buffer {
    const door = toolDoorOf(endpoint);
    return door === null ? message : withoutRefusedTools(door, message, id);
  }

  /** Calls one tool outside any client's session. Rejects with a `ProblemError` of `gateway.*` or `auth.*`. */
  async callTool(
    endpoint: Endpoint,
    principal: Principal,
    tool: string,
    args: JsonObject,
    options: ToolCallOptions = {},
  ): Promise<ToolOutcome> {
    const refused = this.admitCaller(endpoint, principal);
    if (refused !== null) throw refused;
    if (endpoint.guarded !== null) await runGuard(endpoint.guarded, options);
    const refusal = this.admitCall(endpoint, principal, 'tools/call', tool);
    if (refusal !== null) throw problemOfRefusal(refusal);
    return callToolOnce(this.ledger, this.own, endpoint, tool, args, options);
  }

  private judge(
    endpoint: Endpoint,
    principal: Principal,
    method: string,
    tool: string | null,
  ): RpcError | null {
    const service = endpoint.serviceName;
    if (this.draining) return drainingError(service);
    if (endpoint.unavailable !== null) return unavailableError(service, endpoint.unavailable);
    const { policy, maxInFlight } = endpoint;
    if (policy !== null) {
      if (method === 'tools/call') {
        const reason = toolDoorOf(endpoint)?.refusalOf(tool) ?? null;
        if (reason !== null) return deniedError(service, tool, reason);
      }
      if (policy.rateLimit !== null && method !== 'ping') {
        const wait = this.rates.take(endpoint.serviceId, principal.id, policy.rateLimit);
        if (wait > 0) return limitedError(service, 'rate-limit', wait, 429);
      }
    }
    if (maxInFlight !== null && endpoint.load.inFlight >= maxInFlight) {
      return limitedError(service, 'in-flight', BUSY_RETRY_S, 503);
    }
    return null;
  }
}

/** Why not skip the guard without a request: then the door beside would be open. */
async function runGuard(guard: CompiledHandler, options: ToolCallOptions): Promise<void> {
  if (options.http === undefined) {
    throw gatewayProblems.denied('The service has a guard, which needs the HTTP request');
  }
  const passed = await guard(options.http.request, options.http.response);
  if (!Boolean(passed)) throw gatewayProblems.denied("The service's guard refused the call");
}

export function drainingError(service: string): RpcError {
  return new RpcError(
    RPC.unavailable,
    'The gateway is shutting down',
    { service, state: 'draining', reason: 'draining', retry_after_s: DRAIN_RETRY_S },
    503,
  );
}

function deniedError(service: string, tool: string | null, reason: string): RpcError {
  return new RpcError(RPC.denied, `The tool ${JSON.stringify(tool)} may not be called here`, {
    service,
    tool,
    reason,
  });
}

function limitedError(service: string, reason: string, seconds: number, status: number): RpcError {
  const message = status === 429 ? 'Too many calls' : 'Too many calls are under way';
  return new RpcError(RPC.limited, message, { service, reason, retry_after_s: seconds }, status);
}
