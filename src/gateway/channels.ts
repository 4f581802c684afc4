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
  readonly method: string;
  readonly tool: string | null;
  readonly outcome: CallOutcome;
  /** `UpstreamError` code or refusal reason; `null` where the upstream answered. */
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

/** Metrics leave the hot path here only; publishers ask `hasSubscribers` first. */
export const callChannel = channel('switchyard:call');
export const sessionChannel = channel('switchyard:session');
