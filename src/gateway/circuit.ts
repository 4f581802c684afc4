import type { UpstreamError } from '../upstream/upstream.errors.js';
import { circuitChannel, type CircuitMessage } from './channels.js';
import type { Endpoint } from './endpoint.js';
import { speaksOf } from './wire-error.js';

/** The longest a circuit stays open at a time, unless it is longer from the first. */
const MAX_OPEN_MS = 300_000;

/** Whether a request only opens a conversation, in whichever era. */
export function isGreeting(method: string): boolean {
  return method === 'initialize' || method === 'server/discover';
}

/**
 * Keeps calls from an upstream that does not answer. After `flow.circuitFailures` transport failures in a row the circuit
 * of the endpoint's source opens for `flow.circuitOpenMs`; then one call is let through, and what becomes of it closes the
 * circuit or opens it for twice as long as before. Calls that fail together count once: they fail of one cause.
 *
 * `ping` passes an open circuit, and neither opens nor closes one: an upstream may answer it while its tools hang. Opening
 * a conversation (`initialize`, `server/discover`) fails like a call; that it succeeds closes an open circuit, but forgives
 * no failures of calls before that.
 */
export function noteSuccess(endpoint: Endpoint, method: string): void {
  const { load } = endpoint;
  if (load.failures === 0 || method === 'ping') return;
  if (isGreeting(method) && load.openUntilMs === 0) return;
  closeCircuit(endpoint);
}

/** Answers whether the circuit opened by it. `startedMs` is when the call began. */
export function noteFailure(
  endpoint: Endpoint,
  method: string,
  error: UpstreamError,
  startedMs: number,
  nowMs: number,
): boolean {
  const { load, flow } = endpoint;
  switch (speaksOf(error)) {
    case 'life':
      noteSuccess(endpoint, method);
      return false;
    case 'nothing':
      noteNothing(endpoint, nowMs);
      return false;
    case 'failure':
      break;
  }
  if (flow.circuitFailures === 0) noteNothing(endpoint, nowMs);
  if (flow.circuitFailures === 0 || method === 'ping' || startedMs <= load.lastFailureMs) {
    return false;
  }
  load.failures += 1;
  load.lastFailureMs = nowMs;
  if (load.openUntilMs === 0 ? load.failures < flow.circuitFailures : !load.trial) return false;
  load.trial = false;
  load.openings += 1;
  const openMs = openMsOf(flow.circuitOpenMs, load.openings);
  load.openUntilMs = nowMs + openMs;
  tell(endpoint, 'open', error.code, openMs);
  return true;
}

function openMsOf(firstMs: number, openings: number): number {
  return Math.min(firstMs * 2 ** (openings - 1), Math.max(firstMs, MAX_OPEN_MS));
}

/** A call ended in a way that says nothing of the upstream: another one may try. */
export function noteNothing({ load }: Endpoint, nowMs: number): void {
  if (!load.trial) return;
  load.trial = false;
  load.openUntilMs = nowMs;
}

/** Milliseconds for which a call has to keep away; 0 = it may go, if it begins the trial where the circuit is open. */
export function keepAwayMs({ load }: Endpoint, method: string, nowMs: number): number {
  return method === 'ping' || load.openUntilMs === 0 ? 0 : Math.max(0, load.openUntilMs - nowMs);
}

/** To be called for the call that goes although the circuit is open. Another one may try when nothing comes of it. */
export function beginTrial(endpoint: Endpoint, nowMs: number): void {
  endpoint.load.trial = true;
  endpoint.load.openUntilMs = nowMs + endpoint.flow.circuitOpenMs;
  tell(endpoint, 'half-open', null, 0);
}

/** Forgets the failures; tells it where the circuit was open. */
export function closeCircuit(endpoint: Endpoint): void {
  const { load } = endpoint;
  const wasOpen = load.openUntilMs !== 0;
  load.failures = load.openings = load.openUntilMs = 0;
  load.trial = false;
  if (wasOpen) tell(endpoint, 'closed', null, 0);
}

function tell(
  endpoint: Endpoint,
  state: CircuitMessage['state'],
  reason: string | null,
  openMs: number,
): void {
  if (!circuitChannel.hasSubscribers) return;
  const message: CircuitMessage = {
    service_id: endpoint.serviceId,
    service: endpoint.serviceName,
    revision: endpoint.revision,
    state,
    failures: endpoint.load.failures,
    reason,
    open_ms: openMs,
  };
  circuitChannel.publish(message);
}
