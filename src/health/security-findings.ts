import type { ServiceConfig } from '../config/service-config.js';
import { classifyAddress } from '../kernel/egress.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.js';
import { probeFailure, type ProbeFailure } from './probe-failure.js';

/** What a service is and says, as far as its safety goes. */
export interface SecurityFacts {
  readonly network: Pick<ServiceConfig['network'], 'url' | 'tls'>;
  readonly tools: readonly JsonObject[];
  readonly instructions: string | null;
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

/** Everything that warns, the weightiest first. Pure. */
export function securityFindings({ network, tools, instructions }: SecurityFacts): ProbeFailure[] {
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
