import type { HealthCheckConfig } from '../config/service-config.js';
import type { JsonObject } from '../kernel/json.js';
import type {
  CertificateFacts,
  CertificateReading,
  ReadCertificate,
} from './certificate-reader.js';
import type { DoorFacts, LookAtDoor } from './endpoint-door.js';
import type { LifecycleAccess } from './health-ports.js';
import { Probe, type ProbeFinding, type ProbeTarget } from './probe.js';
import type { ProbeFailure } from './probe-failure.js';
import { securityFindings } from './security-findings.js';
import { UnusableListing } from './tool-listing.js';
import type { ToolPinningDesk } from './tool-pinning.js';

/** What the security probe looks with. */
export interface SecurityEyes {
  readonly lifecycle: Pick<LifecycleAccess, 'statusOf'>;
  readonly pinning: Pick<ToolPinningDesk, 'finding' | 'unlisted'>;
  /** Whether every caller needs credentials, whatever the service says. */
  readonly demandsCredentials: boolean;
  readonly lookAtDoor: LookAtDoor;
  readonly readCertificate: ReadCertificate;
  /** The tools as listed now, scrubbed; rejects when they cannot be listed, with `UnusableListing` when that is no list. */
  readonly list: (target: ProbeTarget) => Promise<readonly JsonObject[]>;
  readonly nowMs: () => number;
}

interface Seen {
  /** A fault: what was listed can be compared with nothing. */
  readonly tools: readonly JsonObject[] | ProbeFailure | null;
  readonly certificate: CertificateReading;
  readonly door: DoorFacts | null;
}

/** Looks at how a service is reached, at what it says, and at what its endpoint lets in. Calls no tool. */
export class SecurityProbe extends Probe {
  constructor(private readonly eyes: SecurityEyes) {
    super();
  }

  override async run(target: ProbeTarget, check: HealthCheckConfig): Promise<ProbeFinding> {
    const { lifecycle, pinning } = this.eyes;
    const seen = await this.look(target, check.enabled);
    const status = lifecycle.statusOf(target.service_id);
    const listed = isListed(seen.tools) ? seen.tools : null;
    const tools = listed ?? status.tools;
    const pins =
      seen.tools === null || isListed(seen.tools)
        ? pinning.finding(target.service_id, listed)
        : pinning.unlisted(target.service_id, seen.tools);
    const { runtime, network } = target.config;
    const findings = check.enabled
      ? securityFindings({
          network,
          env: runtime.env,
          tools,
          instructions: status.server?.instructions ?? null,
          pins,
          door: seen.door,
          certificate: isRead(seen.certificate) ? seen.certificate : null,
          nowMs: this.eyes.nowMs(),
        })
      : [pins].filter((one) => one !== null);
    const [first = null] = findings;
    const looked = seenInWords(seen, tools.length, listed !== null);
    const told = findings.map(({ message }) => message).join('; ');
    return {
      failure: first,
      evidence: first === null ? looked : `${told}; ${looked}`,
      incomplete: check.enabled && (target.endpoint ?? null) !== null && isUnasked(seen.door),
      ...(listed === null ? {} : { tools: listed }),
    };
  }

  private async look(target: ProbeTarget, whole: boolean): Promise<Seen> {
    const { lookAtDoor, readCertificate, demandsCredentials } = this.eyes;
    const { config, endpoint = null } = target;
    const needs = demandsCredentials || config.security.authentication.required;
    const [tools, certificate, door] = await Promise.all([
      this.listNow(target),
      whole ? readCertificate(config.network, config.runtime.command) : null,
      whole && endpoint !== null ? lookAtDoor(endpoint, needs) : null,
    ]);
    return { tools, certificate, door };
  }

  /** A listing that fails says nothing of the tools: whether it lives is asked by the other checks. */
  private async listNow(target: ProbeTarget): Promise<Seen['tools']> {
    if (target.lists !== true) return null;
    return await this.eyes
      .list(target)
      .catch((error: unknown) => (error instanceof UnusableListing ? error.failure : null));
  }
}

function isListed(tools: Seen['tools']): tools is readonly JsonObject[] {
  return Array.isArray(tools);
}

function isRead(reading: CertificateReading): reading is CertificateFacts {
  return reading !== null && 'host' in reading;
}

function isUnasked(door: DoorFacts | null): boolean {
  return door === null || door.admitsForeign === null;
}

function seenInWords({ certificate, door }: Seen, count: number, areListed: boolean): string {
  const counted = count === 1 ? '1 tool' : `${String(count)} tools`;
  const said = [`${counted} ${areListed ? 'listed and ' : ''}looked at`];
  if (certificate !== null && isRead(certificate)) {
    const { host, subject, issuer, validFromMs, validToMs } = certificate;
    const [from, to] = [validFromMs, validToMs].map((ms) => new Date(ms).toISOString());
    said.push(
      `${host} presents "${subject}", issued by "${issuer}", valid from ${from ?? ''} to ${to ?? ''}`,
    );
  } else if (certificate !== null) {
    said.push(`the certificate could not be read: ${certificate.text}`);
  }
  if (door?.admitsAnonymous === false) said.push('a request without credentials is refused');
  if (door?.admitsForeign === false) said.push('a foreign Origin is refused');
  if (isUnasked(door)) said.push('the endpoint could not be asked');
  return said.join('; ');
}
