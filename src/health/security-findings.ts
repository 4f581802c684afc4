import { isLiteralEnv, isLiteralHeader } from '../config/literal-secret.js';
import type { ServiceConfig } from '../config/service-config.js';
import { classifyAddress } from '../kernel/egress.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.js';
import type { CertificateFacts } from './certificate-reader.js';
import type { DoorFacts } from './endpoint-door.js';
import { blocking, probeFailure, type ProbeFailure } from './probe-failure.js';

/** What a service is and says, as far as its safety goes. */
export interface SecurityFacts {
  readonly network: Pick<ServiceConfig['network'], 'url' | 'tls' | 'headers'>;
  readonly env: ServiceConfig['runtime']['env'];
  readonly tools: readonly JsonObject[];
  readonly instructions: string | null;
  /** What the tools are compared with what was approved; `null`: nothing against them. */
  readonly pins: ProbeFailure | null;
  /** `null`: the endpoint was not asked. */
  readonly door: DoorFacts | null;
  /** Of a remote upstream; `null`: there is none, or it could not be read. */
  readonly certificate: CertificateFacts | null;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Names that are resolved within an installation only (RFC 6761, 6762, 8375, 9476, and the habit of containers). */
const INNER_NAMES = ['localhost', 'local', 'internal', 'lan', 'home.arpa', 'cluster.local'];

/**
 * Phrases by which a text instructs the model that reads it, in lower case with single spaces. Exact ones alone: each was
 * chosen so that an honest description does not need it.
 */
const INSTRUCTING_PHRASES = [
  'ignore previous instructions',
  'ignore all previous instructions',
  'ignore the previous instructions',
  'ignore any previous instructions',
  'ignore your previous instructions',
  'disregard previous instructions',
  'disregard all previous instructions',
  'forget your previous instructions',
  'do not tell the user',
  "don't tell the user",
  'do not inform the user',
  'do not mention this to the user',
  "don't mention this to the user",
  'without telling the user',
  'without informing the user',
  'hide this from the user',
] as const;

/** Characters that nobody sees and a model reads: the block of tags (Unicode 15, 23.9). */
const INVISIBLE = /[\u{E0000}-\u{E007F}]/u;
const MAX_DEPTH = 16;

/** An expiry within this is told ahead of time. */
const EXPIRY_NOTICE_MS = 14 * 86_400_000;

/** Everything there is to say, what blocks first, each group with the weightiest first. Pure. */
export function securityFindings(facts: SecurityFacts): ProbeFailure[] {
  const { pins } = facts;
  const findings = [
    ...doorFindings(facts.door),
    ...secretFindings(facts),
    ...certificateFindings(facts),
    ...(pins === null ? [] : [pins]),
    ...wayFindings(facts),
    ...textFindings(facts),
  ];
  const blocks = findings.filter((one) => one.blocks === true);
  return [...blocks, ...findings.filter((one) => one.blocks !== true)];
}

function doorFindings(door: DoorFacts | null): ProbeFailure[] {
  const findings: ProbeFailure[] = [];
  if (door?.admitsAnonymous === true) {
    const message = 'The endpoint let a request without credentials in, which it must refuse';
    findings.push(blocking(probeFailure('unauthenticated-accepted', message)));
  }
  if (door?.admitsForeign === true) {
    const message = 'The endpoint let a request of a page of another site in';
    findings.push(blocking(probeFailure('foreign-origin-accepted', message)));
  }
  return findings;
}

/** Names the place alone, never the value. */
function secretFindings({ env, network }: SecurityFacts): ProbeFailure[] {
  const places = [
    ...literalsOf(env, isLiteralEnv, 'runtime.env'),
    ...literalsOf(network.headers, isLiteralHeader, 'network.headers'),
  ];
  return places.map((place) =>
    blocking(probeFailure('literal-secret', `${place} holds a secret that is written out`)),
  );
}

function literalsOf(
  values: Readonly<Record<string, string>>,
  isLiteral: (name: string, value: string) => boolean,
  place: string,
): string[] {
  const literal = Object.entries(values).filter(([name, value]) => isLiteral(name, value));
  return literal.map(([name]) => `${place}.${name}`);
}

function certificateFindings({ certificate, network, nowMs }: SecurityFacts): ProbeFailure[] {
  if (certificate === null) return [];
  const { host, issuer, validToMs, fault } = certificate;
  const until = new Date(validToMs).toISOString();
  const named = `The certificate of ${host}, issued by ${issuer},`;
  const isVerified = network.tls.reject_unauthorized;
  if (nowMs >= validToMs) {
    const expired = probeFailure('certificate-expired', `${named} expired at ${until}`);
    return [isVerified ? blocking(expired) : { ...expired, definite: true }];
  }
  if (isVerified && fault !== null) {
    return [blocking(probeFailure('certificate-invalid', `${named} is not trusted: ${fault}`))];
  }
  if (validToMs - nowMs > EXPIRY_NOTICE_MS) return [];
  return [finding('certificate-expiring', `${named} expires at ${until}`)];
}

function wayFindings({ network }: SecurityFacts): ProbeFailure[] {
  const findings: ProbeFailure[] = [];
  if (network.url !== null && URL.canParse(network.url)) {
    const { protocol, hostname } = new URL(network.url);
    if (protocol === 'https:' && !network.tls.reject_unauthorized) {
      findings.push(finding('tls-unverified', `The certificate of ${hostname} is not verified`));
    }
    if (protocol === 'http:' && isRemote(hostname)) {
      findings.push(finding('plain-http', `Calls to ${hostname} are not encrypted`));
    }
  }
  return findings;
}

function textFindings({ tools, instructions }: SecurityFacts): ProbeFailure[] {
  const findings: ProbeFailure[] = [];
  for (const tool of tools) {
    const found = instructionIn(tool, 0);
    if (found === null) continue;
    const name = typeof tool.name === 'string' ? tool.name : '';
    findings.push(finding('suspicious-text', `The tool "${name}" ${found}`));
  }
  const said = instructions === null ? null : instructionIn(instructions, 0);
  if (said !== null)
    findings.push(finding('suspicious-text', `What the server says of itself ${said}`));
  return findings;
}

function finding(name: Parameters<typeof probeFailure>[0], message: string): ProbeFailure {
  return { ...probeFailure(name, message), definite: true };
}

/** Whether what is sent to the host may be expected to leave the installation. */
function isRemote(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  const kind = classifyAddress(host);
  if (kind !== 'invalid') return kind === 'public';
  if (!host.includes('.')) return false;
  return !INNER_NAMES.some((name) => host === name || host.endsWith(`.${name}`));
}

/** In words, the first text within a value that instructs its reader; `null` when there is none. */
function instructionIn(value: JsonValue, depth: number): string | null {
  if (typeof value === 'string') return judgeText(value);
  if (depth > MAX_DEPTH) return null;
  const members = Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];
  for (const member of members) {
    const found = instructionIn(member, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

function judgeText(text: string): string | null {
  if (INVISIBLE.test(text)) return 'has invisible characters in its text';
  const plain = text.toLowerCase().replaceAll('’', "'").replace(/\s+/g, ' ');
  const phrase = INSTRUCTING_PHRASES.find((one) => plain.includes(one));
  return phrase === undefined ? null : `instructs its reader: "${phrase}"`;
}
