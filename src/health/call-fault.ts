/** Requests that are work. Others open conversations, say that somebody is there, or last as long as their client does. */
const WORK: ReadonlySet<string> = new Set([
  'tools/call',
  'tools/list',
  'resources/read',
  'resources/list',
  'resources/templates/list',
  'prompts/get',
  'prompts/list',
  'completion/complete',
]);

/**
 * JSON-RPC codes that say that the request was wrong, or wants something of its client first: no request (-32600), no such
 * method (-32601), wrong parameters or no such tool (-32602), no such resource (-32002), a page to be visited (-32042).
 */
const CALLERS_CODES: ReadonlySet<string> = new Set([
  '-32600',
  '-32601',
  '-32602',
  '-32002',
  '-32042',
]);

/**
 * How a call ended, by whose affair that is. `transport`: no answer of the service; `tool`: a tool said `isError`; `rpc`:
 * a JSON-RPC error of the service. `caller`: its request was wrong; `cancelled`: its caller gave it up; `refused`: it never
 * passed our door. The last three say nothing of the service.
 */
export type CallEnd = 'ok' | 'transport' | 'tool' | 'rpc' | 'caller' | 'cancelled' | 'refused';

/** Whether the method is work whose time and outcome tell how a service does. */
export function isWork(method: unknown): method is string {
  return typeof method === 'string' && WORK.has(method);
}

/**
 * Reads one message of `switchyard:call`; `null`: no outcome that is known. A JSON-RPC error without a code that can be
 * read counts against the service for tools only: elsewhere it is mostly the caller's mistake.
 */
export function callEnd(method: string, outcome: unknown, reason: unknown): CallEnd | null {
  switch (outcome) {
    case 'ok':
    case 'cancelled':
    case 'refused':
      return outcome;
    case 'tool_error':
      return 'tool';
    case 'rpc_error': {
      const isCallers = typeof reason === 'string' && CALLERS_CODES.has(reason);
      return isCallers || method !== 'tools/call' ? 'caller' : 'rpc';
    }
    case 'failed':
    case 'timeout':
      return 'transport';
    default:
      return null;
  }
}
