import { channel } from 'node:diagnostics_channel';

/**
 * How a call ended. `tool_error`: the tool said so (`isError`); `rpc_error`: the upstream answered a JSON-RPC error;
 * `failed`, `timeout`: no answer; `refused`: it never passed our door; `cancelled`: the caller gave it up.
 */
export type CallOutcome =
  'ok' | 'tool_error' | 'rpc_error' | 'failed' | 'timeout' | 'refused' | 'cancelled';

/** One message of `switchyard:call`. */
export interface CallMessage {
  readonly service_id: string;
  readonly service: string;
  readonly revision: number;
  /** The instance that was called; `null` where the call never came to one. */
  readonly instance_id: string | null;
  readonly method: string;
  readonly tool: string | null;
  readonly outcome: CallOutcome;
  /**
   * `UpstreamError` code or refusal reason; of an `rpc_error` its JSON-RPC code in decimal, where it can be read;
   * `null` for any other answer.
   */
  readonly reason: string | null;
  readonly duration_ms: number;
}

/** One message of `switchyard:session`. */
export interface SessionMessage {
  readonly service_id: string;
  readonly service: string;
  readonly event: 'opened' | 'resumed' | 'moved' | 'closed';
  readonly client: 'streamable_http' | 'sse';
  /** Why it closed, else `null`. */
  readonly reason: string | null;
}

/** One message of `switchyard:circuit`: calls are kept from a service, one tries, or all may go again. */
export interface CircuitMessage {
  readonly service_id: string;
  readonly service: string;
  readonly revision: number;
  readonly state: 'open' | 'half-open' | 'closed';
  /** Transport failures in a row. */
  readonly failures: number;
  /** `UpstreamError` code of the failure that opened it, else `null`. */
  readonly reason: string | null;
  /** How long it stays open before one call tries. */
  readonly open_ms: number;
}

/**
 * One message of `switchyard:denial`: somebody was turned away for who asks or where from, or at the door of the
 * management API, before that had seen the request.
 */
export interface DenialMessage {
  /** Id of the principal; `null` = nobody that is known. */
  readonly actor: string | null;
  /** Of HTTP; `null` for a message within a session. */
  readonly method: string | null;
  /** What kind of thing was asked for; nothing of the caller's own is in it. */
  readonly route: string;
  /** Path of the request without its query, or id of the service. */
  readonly subject: string;
  readonly tool: string | null;
  readonly code: string;
  readonly status: number;
  readonly request_id: string | null;
}

/** Metrics leave the hot path here only; publishers ask `hasSubscribers` first. */
export const callChannel = channel('switchyard:call');
export const sessionChannel = channel('switchyard:session');
export const circuitChannel = channel('switchyard:circuit');
export const denialChannel = channel('switchyard:denial');
