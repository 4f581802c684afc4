import type { ActivationFailure, ActivationStage } from './service-status.js';
import { UpstreamError, type UpstreamErrorCode } from '../upstream/upstream.errors.js';

/** A failure before it is dated and put on a revision. */
export type FailureFacts = Omit<ActivationFailure, 'revision' | 'at'>;

/** Stage, reason (one CamelCase word) and what to do next. */
type FailureMeaning = readonly [stage: ActivationStage, reason: string, action: string];

/**
 * What each error of an upstream means for whoever registered it. Exhaustive by its type. The stage is where the error is
 * met when a start meets it: `start` is about a process of ours; a remote server has none, and not to reach it is a failed
 * handshake. A prover, who knows where it was, says so instead.
 */
export const FAILURE_MEANINGS: Readonly<Record<UpstreamErrorCode, FailureMeaning>> = {
  'command-missing': [
    'start',
    'CommandMissing',
    'Install the command on the machine of the gateway, or correct runtime.command.',
  ],
  'command-denied': [
    'start',
    'CommandDenied',
    'Make the file executable for the user of the gateway, or name the command in SWITCHYARD_COMMANDS.',
  ],
  'spawn-failed': [
    'start',
    'SpawnFailed',
    'Check runtime.command, runtime.cwd and the process limits of the gateway.',
  ],
  'exited-early': [
    'start',
    'ExitedEarly',
    'Read the stderr lines, and run the command with the same arguments by hand.',
  ],
  'start-timeout': [
    'start',
    'StartTimeout',
    'Raise runtime.start_timeout_ms, or make the server start faster.',
  ],
  'port-not-opened': [
    'start',
    'PortNotOpened',
    'Make the server listen on 127.0.0.1 at the port in PORT (or ${port} in runtime.args).',
  ],
  'secret-missing': [
    'start',
    'SecretMissing',
    'Provide the secret that the reference names, and allow it in SWITCHYARD_SECRET_ENV or SWITCHYARD_SECRET_DIRS.',
  ],
  'bad-url': ['start', 'BadUrl', 'Correct network.url: it must be an http or https URL.'],
  'dns-failed': [
    'handshake',
    'DnsFailed',
    'Correct the host in network.url, or the name resolution of the gateway.',
  ],
  'connect-refused': [
    'handshake',
    'ConnectionRefused',
    'Start the remote server, or correct the host and port in network.url.',
  ],
  'connect-timeout': [
    'handshake',
    'ConnectTimeout',
    'Check that the gateway may reach the host, or raise network.connect_timeout_ms.',
  ],
  'tls-failed': [
    'handshake',
    'TlsFailed',
    'Renew the certificate of the remote server, or name its authority in network.tls.ca.',
  ],
  'egress-denied': [
    'handshake',
    'EgressDenied',
    'Use an address that SWITCHYARD_EGRESS allows; link-local, metadata and own addresses never are.',
  ],
  'hop-limit': [
    'handshake',
    'HopLimit',
    'Take the gateway out of the chain of upstreams: network.url leads back to it.',
  ],
  redirected: [
    'handshake',
    'Redirected',
    'Put the final address in network.url: redirects are not followed.',
  ],
  'handshake-timeout': [
    'handshake',
    'HandshakeTimeout',
    'Check that the server answers initialize, and raise runtime.start_timeout_ms if it is slow.',
  ],
  'handshake-refused': [
    'handshake',
    'HandshakeRefused',
    'Read the error of the server; it refused initialize.',
  ],
  'not-mcp': [
    'handshake',
    'NotMcp',
    'Point the service at an MCP server: for stdio it must write JSON-RPC alone to its standard output.',
  ],
  'protocol-version': [
    'handshake',
    'ProtocolVersion',
    'Update the server to a protocol version from 2024-11-05 to 2025-11-25.',
  ],
  unauthorized: [
    'handshake',
    'Unauthorized',
    'Correct the credentials in network.headers or runtime.env, then activate the service again.',
  ],
  'http-status': [
    'handshake',
    'HttpStatus',
    'Check network.url (path included): the server answered with an unexpected HTTP status.',
  ],
  exited: ['start', 'Exited', 'Read the stderr lines: the process ended by itself.'],
  disconnected: ['start', 'Disconnected', 'Check the remote server: it closed the connection.'],
  'line-too-long': [
    'list',
    'LineTooLong',
    'Raise runtime.limits.output_line_bytes, or make the server answer with less at once.',
  ],
  'not-json': [
    'handshake',
    'NotJson',
    'Make the server write log lines to stderr: its standard output must be JSON-RPC alone.',
  ],
  'memory-limit': [
    'start',
    'MemoryLimit',
    'Raise runtime.limits.memory_mb, or lower what the server uses.',
  ],
  'process-limit': [
    'start',
    'ProcessLimit',
    'Raise runtime.limits.processes, or lower how many processes the server starts.',
  ],
  'call-timeout': [
    'prove',
    'CallTimeout',
    'Raise the timeout of the check or runtime.call_timeout_ms, or make the tool faster.',
  ],
  'session-expired': ['prove', 'SessionExpired', 'Check why the server ends its sessions at once.'],
  'body-too-large': [
    'prove',
    'BodyTooLarge',
    'Raise network.max_body_bytes, or make the server answer with less.',
  ],
  'rpc-error': ['prove', 'RpcError', 'Read the error of the server; it refused the request.'],
  capacity: [
    'start',
    'Capacity',
    'Raise SWITCHYARD_MAX_INSTANCES or runtime.max_instances, or stop services that are not needed.',
  ],
  retired: [
    'start',
    'Retired',
    'Send the change again: a newer revision took the place of this one.',
  ],
  stopped: ['start', 'Stopped', 'Activate the service again: it was stopped meanwhile.'],
  aborted: ['start', 'Aborted', 'Send the change again: a newer command ended this activation.'],
  'crash-loop': [
    'start',
    'CrashLoopBackOff',
    'Read the stderr lines for why the server keeps ending; it is tried again by itself.',
  ],
};

/** What an HTTP status alone does not say. */
const RATE_LIMITED: FailureMeaning = [
  'handshake',
  'RateLimited',
  'Call it less often (security.rate_limit, longer intervals of checks), or ask its owner for a higher limit; it is tried again by itself.',
];

/** The failure that an error amounts to. A fault of our own tells nothing of itself: its text is for the log. */
export function failureOf(error: unknown): FailureFacts {
  if (!(error instanceof UpstreamError)) return INTERNAL_FAILURE;
  const isLimited = error.code === 'http-status' && error.facts.httpStatus === 429;
  const [stage, reason, action] = isLimited ? RATE_LIMITED : FAILURE_MEANINGS[error.code];
  const stderr = error.facts.stderr ?? [];
  return { stage, code: `upstream.${error.code}`, reason, message: error.message, action, stderr };
}

/** Reason and action of an error's code; `null` for one that is none of an upstream. */
export function meaningOf(
  code: string,
): { readonly reason: string; readonly action: string } | null {
  if (!isUpstreamCode(code)) return null;
  const [, reason, action] = FAILURE_MEANINGS[code];
  return { reason, action };
}

/** The error of the upstream that a failure's code names; `null` when it names none. */
export function upstreamCodeOf(code: string): UpstreamErrorCode | null {
  const name = code.startsWith('upstream.') ? code.slice('upstream.'.length) : '';
  return isUpstreamCode(name) ? name : null;
}

function isUpstreamCode(name: string): name is UpstreamErrorCode {
  return Object.hasOwn(FAILURE_MEANINGS, name);
}

/** The end of an upstream while it was being proven. */
export function lossOf(error: UpstreamError): FailureFacts {
  return { ...failureOf(error), stage: 'prove' };
}

const INTERNAL_FAILURE: FailureFacts = {
  stage: 'start',
  code: 'lifecycle.internal',
  reason: 'InternalError',
  message: 'The gateway failed while it activated the service.',
  action: 'Look for the error in the log of the gateway, and activate the service again.',
  stderr: [],
};

export function proofTimeout(waitedMs: number): FailureFacts {
  return {
    stage: 'prove',
    code: 'lifecycle.proof-timeout',
    reason: 'ProofTimeout',
    message: `The running service was not proven within ${String(waitedMs)} ms.`,
    action: 'Name a faster tool in a functional check, or raise its timeout_ms.',
    stderr: [],
  };
}

export function startTimeout(waitedMs: number): FailureFacts {
  const [stage, reason, action] = FAILURE_MEANINGS['start-timeout'];
  const message = `The upstream did not start within ${String(waitedMs)} ms.`;
  return { stage, code: 'upstream.start-timeout', reason, message, action, stderr: [] };
}

export function mountTimeout(waitedMs: number): FailureFacts {
  return {
    stage: 'mount',
    code: 'lifecycle.mount-timeout',
    reason: 'MountTimeout',
    message: `No route table with the proven revision was published within ${String(waitedMs)} ms.`,
    action: 'Look for conflicting routes and for errors of the routes module in the log.',
    stderr: [],
  };
}

export function promotionRefused(detail: string): FailureFacts {
  return {
    stage: 'mount',
    code: 'lifecycle.promotion-refused',
    reason: 'PromotionRefused',
    message: `The proven revision could not be made the current one: ${detail}`,
    action: 'Read the service again, and send the change anew if it is still wanted.',
    stderr: [],
  };
}

export const STORAGE_CORRUPT = 'lifecycle.storage-corrupt';

/** The stored document of the service was damaged; nothing is started from it until somebody has looked. */
export function storageCorrupt(message: string): FailureFacts {
  return {
    stage: 'mount',
    code: STORAGE_CORRUPT,
    reason: 'StorageCorrupt',
    message,
    action: 'Read the service; if it is what is wanted, activate it, else write it anew.',
    stderr: [],
  };
}

/** The failures of a service have become a loop; `error` is the last of them. */
export function crashLoopFailure(error: UpstreamError): FailureFacts {
  const [stage, reason, action] = FAILURE_MEANINGS['crash-loop'];
  const message = `The upstream keeps failing: ${error.message}`;
  const stderr = error.facts.stderr ?? [];
  return { stage, code: 'upstream.crash-loop', reason, message, action, stderr };
}

export function dependencyFailure(message: string): FailureFacts {
  return {
    stage: 'dependencies',
    code: 'lifecycle.dependency-unmet',
    reason: 'DependencyUnmet',
    message,
    action: 'Activate the service that is needed, or correct integration.dependencies.',
    stderr: [],
  };
}

export function superseded(reason: string): FailureFacts {
  return {
    stage: 'start',
    code: 'lifecycle.superseded',
    reason: 'Superseded',
    message: `The activation was ended by a newer command: ${reason}.`,
    action: 'Look at the present state of the service, and send the change again if still wanted.',
    stderr: [],
  };
}
