// HOT PATH
import { authProblems } from '../auth/auth.errors.js';
import { hasScope, maySeeService, type Principal } from '../auth/principal.js';
import type { AdmittedRequest } from '../auth/request-principal.js';
import type { JsonObject } from '../kernel/json.js';
import type { ProblemError } from '../kernel/problem.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import type { CallFacts, CallLedger } from './call.js';
import type { TurnListener, WaitTerms } from './call-queue.js';
import { callChannel, denialChannel, type DenialMessage } from './channels.js';
import { isGreeting } from './circuit.js';
import type { CompiledHandler, Endpoint, RouteTable } from './endpoint.js';
import { FlowControl, reasonOf } from './flow-control.js';
import { gatewayProblems } from './gateway.errors.js';
import type { OwnConversations } from './own-conversations.js';
import type { RateWindows } from './rate-windows.js';
import { callToolOnce, type ToolOutcome } from './tool-call.js';
import { toolDoorOf, withoutRefusedTools } from './tool-door.js';
import { limitedError, problemOfRefusal, unavailableError } from './wire-error.js';

const DRAIN_RETRY_S = 5;

/** What is answered for a call that may go, but not before its turn. */
export const WAIT = 'wait';
export type Verdict = RpcError | typeof WAIT | null;

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
  readonly flow: FlowControl;

  constructor(
    readonly ledger: CallLedger,
    private readonly rates: RateWindows,
    private readonly own: OwnConversations,
  ) {
    this.flow = new FlowControl(ledger.clock, ({ endpoint, call, sinceMs }, outcome, reason) => {
      if (!callChannel.hasSubscribers) return;
      ledger.publish(endpoint, call, outcome, reason, sinceMs);
    });
    ledger.onCircuitOpened((endpoint) => {
      this.flow.refuseWaiting(endpoint);
    });
  }

  get isDraining(): boolean {
    return this.draining;
  }

  /** From now on every call is refused, those that wait included. */
  startDraining(): void {
    this.draining = true;
    this.flow.refuseEverybody(({ endpoint }) => drainingError(endpoint.serviceName));
  }

  /** Closes what calls outside sessions have left open. */
  closeOwn(): void {
    this.own.stop();
  }

  /** After a swap: calls that wait move along, and what was kept of services that no route names any more is let go. */
  follow(next: RouteTable, before: RouteTable): void {
    this.flow.follow(next, before);
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

  /**
   * Whether this request may go to the upstream: `null` = now, `WAIT` = after `wait`. `tool` is the called tool's name, if
   * readable. What may go has to be counted by the ledger at once, be it as a call or as an opening.
   */
  admit(
    endpoint: Endpoint,
    principal: Principal,
    method: string,
    tool: string | null,
    requestId?: string,
  ): Verdict {
    const verdict = this.judge(endpoint, principal, method, tool);
    if (verdict !== null && verdict !== WAIT) {
      this.tell(verdict, endpoint, method, tool);
      if (verdict.code === RPC.denied && denialChannel.hasSubscribers) {
        denialChannel.publish(toolDenial(endpoint, principal, tool, requestId));
      }
    }
    return verdict;
  }

  /** The same for what cannot wait: a refusal where it would have to. */
  admitCall(
    endpoint: Endpoint,
    principal: Principal,
    method: string,
    tool: string | null,
  ): RpcError | null {
    const verdict = this.admit(endpoint, principal, method, tool);
    if (verdict !== WAIT) return verdict;
    const refusal = this.flow.fullError(endpoint);
    this.tell(refusal, endpoint, method, tool);
    return refusal;
  }

  /**
   * For a call that was told to `WAIT`: `go` is called once, with a refusal or when it may go, and then has to count the
   * call before it returns. The endpoint it is given is the one to call: after a swap it may be another one.
   */
  wait(
    endpoint: Endpoint,
    principal: Principal,
    call: CallFacts,
    go: TurnListener,
    terms?: WaitTerms,
  ): void {
    this.flow.wait(endpoint, principal.id, call, go, terms);
  }

  /**
   * The same for callers that can wait: `go` is called exactly once, at once unless the call has to wait for its turn.
   * Off the fastest path, as it costs a closure. `terms` say how the caller leaves the queue.
   */
  whenAdmitted(
    endpoint: Endpoint,
    principal: Principal,
    call: CallFacts,
    go: TurnListener,
    terms?: WaitTerms,
  ): void {
    const { method, tool, request_id } = call;
    const verdict = this.admit(endpoint, principal, method, tool, request_id);
    if (verdict === WAIT) this.wait(endpoint, principal, call, go, terms);
    else go(verdict, endpoint);
  }

  /** The client cancelled a request of its session `owner`. Answers whether it was still waiting; then it is answered. */
  cancelWaiting({ load }: Endpoint, owner: object, id: string): boolean {
    return load.waiting > 0 && this.flow.cancel(load, owner, id);
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
    const target = await this.countedFor(endpoint, principal, tool, options);
    return callToolOnce(this.ledger, this.own, target, tool, args, options);
  }

  /** The endpoint to call, once it is this call's turn; the call is counted there already. */
  private countedFor(
    endpoint: Endpoint,
    principal: Principal,
    tool: string,
    { signal, http }: ToolCallOptions,
  ): Promise<Endpoint> {
    const request: AdmittedRequest | undefined = http?.request;
    const call = { method: 'tools/call', tool, request_id: request?.request_id };
    return new Promise((resolve, reject) => {
      const go: TurnListener = (refusal, target) => {
        if (refusal !== null) {
          reject(problemOfRefusal(refusal));
          return;
        }
        this.ledger.begin(target);
        resolve(target);
      };
      this.whenAdmitted(endpoint, principal, call, go, { signal });
    });
  }

  private tell(refusal: RpcError, endpoint: Endpoint, method: string, tool: string | null): void {
    if (!callChannel.hasSubscribers) return;
    const reason = reasonOf(refusal);
    this.ledger.publish(endpoint, { method, tool }, 'refused', reason, this.ledger.nowMs());
  }

  private judge(
    endpoint: Endpoint,
    principal: Principal,
    method: string,
    tool: string | null,
  ): Verdict {
    const service = endpoint.serviceName;
    if (this.draining) return drainingError(service);
    if (endpoint.unavailable !== null) return unavailableError(service, endpoint.unavailable);
    const { policy, maxInFlight, load } = endpoint;
    if (load.openUntilMs > 0) {
      const refusal = this.flow.keptAway(endpoint, method);
      if (refusal !== null) return refusal;
    }
    if (policy !== null) {
      if (method === 'tools/call') {
        const reason = toolDoorOf(endpoint)?.refusalOf(tool) ?? null;
        if (reason !== null) return deniedError(service, tool, reason);
      }
      if (policy.rateLimit !== null && method !== 'ping') {
        const wait = this.rates.take(endpoint.serviceId, principal.id, policy.rateLimit);
        if (wait > 0) return limitedError('Too many calls', service, 'rate-limit', wait, 429);
      }
    }
    if (maxInFlight !== null && (load.inFlight >= maxInFlight || load.waiting > 0)) {
      if (waitsItsTurn(method)) return WAIT;
    }
    if (load.openUntilMs > 0) this.flow.tries(endpoint, method);
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

function toolDenial(
  { serviceId }: Endpoint,
  { id }: Principal,
  tool: string | null,
  requestId: string | undefined,
): DenialMessage {
  const { code, status } = gatewayProblems['tool-denied']();
  const request_id = requestId ?? null;
  const what = { method: null, route: 'tools/call', subject: serviceId, tool };
  return { actor: id, ...what, code, status, request_id };
}

/** A full service still answers whether it lives, and greets: sessions and starts have limits of their own. */
function waitsItsTurn(method: string): boolean {
  return method !== 'ping' && !isGreeting(method);
}
