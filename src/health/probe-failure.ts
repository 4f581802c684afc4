import { failureOf } from '../lifecycle/failure-mapping.js';
import type { ActivationStage } from '../lifecycle/service-status.js';
import { UpstreamError, type UpstreamErrorCode } from '../upstream/upstream.errors.js';

/** Why a probe did not pass. `message` may hold text of the upstream and is scrubbed before it is kept. */
export interface ProbeFailure {
  /** `health.<name of PROBE_FAILURES>` or `upstream.<UpstreamErrorCode>`. */
  readonly code: string;
  readonly stage: ActivationStage;
  /** One CamelCase word. */
  readonly reason: string;
  readonly message: string;
  /** What to do next. */
  readonly action: string;
  /** Tells enough by itself: thresholds are skipped. */
  readonly definite: boolean;
  /** The credentials were refused; a restart cannot mend that. */
  readonly authentication: boolean;
  /** A finding of security for which no new call is let in. */
  readonly blocks?: true;
}

type Meaning = readonly [stage: ActivationStage, reason: string, action: string];

/** The closed list of what probes find by themselves; errors of the upstream keep their own codes. */
export const PROBE_FAILURES = {
  'list-failed': [
    'list',
    'ListFailed',
    'Make tools/list answer; the error of the server is in the message.',
  ],
  'tool-invalid': [
    'list',
    'ToolInvalid',
    'Give every tool a name and an inputSchema, as the protocol demands.',
  ],
  'tools-gone': [
    'list',
    'ToolsGone',
    'Find out why the server has no tools to list: it had some when it was proven.',
  ],
  'duplicate-tools': ['list', 'DuplicateTools', 'Give every tool a name of its own.'],
  'tool-unknown': [
    'prove',
    'ToolUnknown',
    'Correct the tool of the functional check: it must be one that the server lists.',
  ],
  'tool-error': [
    'prove',
    'ToolError',
    'Read what the tool answered; correct its environment, or the arguments of the check.',
  ],
  'call-refused': [
    'prove',
    'CallRefused',
    'Correct the arguments of the functional check so that they fit the tool.',
  ],
  'result-malformed': [
    'prove',
    'ResultMalformed',
    'Make the tool answer an object with an array "content", as the protocol demands.',
  ],
  'output-mismatch': [
    'prove',
    'OutputMismatch',
    'Make structuredContent fit the outputSchema of the tool, or correct the schema.',
  ],
  'assertion-failed': [
    'prove',
    'AssertionFailed',
    'Find out why the tool answers something else, or correct the assertions of the check.',
  ],
  'probe-timeout': [
    'prove',
    'ProbeTimeout',
    'Raise timeout_ms of the check, name a faster tool, or find out why the server is slow.',
  ],
  'ping-failed': [
    'prove',
    'PingFailed',
    'Look at the logs of the service: it runs, but answers no ping.',
  ],
  'dependency-missing': [
    'dependencies',
    'DependencyMissing',
    'Register the service that is needed, or correct integration.dependencies.',
  ],
  'dependency-unhealthy': [
    'dependencies',
    'DependencyUnhealthy',
    'Look at the health of the service that is needed; this one follows by itself.',
  ],
  'dependency-degraded': [
    'dependencies',
    'DependencyDegraded',
    'Look at the health of the service that is needed; this one follows by itself.',
  ],
  'external-unreachable': [
    'dependencies',
    'ExternalUnreachable',
    'Make the resource reachable from the gateway, or correct integration.external.',
  ],
  'external-required': [
    'dependencies',
    'ExternalRequired',
    'Make the resource reachable from the gateway, or correct integration.external; calls are refused until then.',
  ],
  'plain-http': [
    'prove',
    'PlainHttp',
    'Use https in network.url; until then whoever is on the way reads every call and its credentials.',
  ],
  'tls-unverified': [
    'prove',
    'TlsUnverified',
    'Name the issuer in network.tls.ca and let the certificate be verified (reject_unauthorized: true).',
  ],
  'suspicious-text': [
    'prove',
    'SuspiciousText',
    'Read the tool as it is listed; deny it by security.tools.deny, or switch the security check off when it is meant so.',
  ],
  'tools-changed': [
    'prove',
    'ToolDefinitionsChanged',
    'Read what changed with GET /api/v1/services/{id}/tool-pins, and approve it or put the former definitions back.',
  ],
  'unauthenticated-accepted': [
    'prove',
    'UnauthenticatedAccepted',
    'Look for what lets callers in without credentials (a proxy, an interceptor, the key file); calls are refused until then.',
  ],
  'foreign-origin-accepted': [
    'prove',
    'ForeignOriginAccepted',
    'Look for what rewrites the Origin header on the way to the gateway; calls are refused until pages of other sites are.',
  ],
  'literal-secret': [
    'prove',
    'LiteralSecret',
    'Replace the value by a reference such as ${env:NAME} or ${file:/path}, and change the secret: it was stored in clear.',
  ],
  'certificate-invalid': [
    'prove',
    'CertificateInvalid',
    'Have the server present a certificate that is valid for its name, or name its authority in network.tls.ca.',
  ],
  'certificate-expired': [
    'prove',
    'CertificateExpired',
    'Renew the certificate of the remote server; calls are let in again by themselves.',
  ],
  'certificate-expiring': [
    'prove',
    'CertificateExpiring',
    'Renew the certificate of the remote server before it expires: calls are refused from then on.',
  ],
  slow: [
    'prove',
    'Slow',
    'Find out why its calls take so long (GET /services/{id}/usage shows which), or raise max_p95_ms of the check.',
  ],
  'error-rate': [
    'prove',
    'ErrorRate',
    'Find out why its calls fail (GET /services/{id}/usage shows which), or raise max_error_rate of the check.',
  ],
  memory: [
    'prove',
    'MemoryHigh',
    'Look for a leak, restart the service, or raise max_memory_mb of the check.',
  ],
  cpu: [
    'prove',
    'CpuHigh',
    'Find out what keeps it busy, add replicas, or raise max_cpu_percent of the check.',
  ],
} as const satisfies Readonly<Record<string, Meaning>>;

export type ProbeFailureName = keyof typeof PROBE_FAILURES;

/** The end of the upstream, or a refusal that no second try changes. */
const DEFINITE: ReadonlySet<UpstreamErrorCode> = new Set([
  'exited',
  'exited-early',
  'connect-refused',
  'unauthorized',
]);
/** Not the service's doing: our own limits, or nobody wants to know any more. */
const NOT_ITS_FAULT: ReadonlySet<UpstreamErrorCode> = new Set([
  'capacity',
  'retired',
  'stopped',
  'aborted',
  'crash-loop',
]);

export function probeFailure(name: ProbeFailureName, message: string): ProbeFailure {
  const [stage, reason, action] = PROBE_FAILURES[name];
  return {
    code: `health.${name}`,
    stage,
    reason,
    message,
    action,
    definite: false,
    authentication: false,
  };
}

/** The same finding as one that keeps callers away. */
export function blocking(failure: ProbeFailure): ProbeFailure {
  return { ...failure, definite: true, blocks: true };
}

/**
 * What an error means for the service it was met at; `null` when it says nothing about the service. `at` is where it was
 * met: an error code alone does not tell, as a process may end and a connection be refused at any stage.
 */
export function failureOfError(error: unknown, at?: ActivationStage): ProbeFailure | null {
  if (!(error instanceof UpstreamError) || NOT_ITS_FAULT.has(error.code)) return null;
  const { stage, code, reason, message, action } = failureOf(error);
  return {
    code,
    stage: at ?? stage,
    reason,
    message,
    action,
    definite: DEFINITE.has(error.code),
    authentication: error.code === 'unauthorized',
  };
}
