import type { LifecycleAccess } from './health-ports.js';
import { Probe, type ProbeFinding, type ProbeTarget } from './probe.js';
import { securityFindings } from './security-findings.js';

/** Looks at how a service is reached and at what it says. Calls nothing. */
export class SecurityProbe extends Probe {
  constructor(private readonly lifecycle: Pick<LifecycleAccess, 'statusOf'>) {
    super();
  }

  override run({ service_id, config }: ProbeTarget): Promise<ProbeFinding> {
    const { tools, server } = this.lifecycle.statusOf(service_id);
    const instructions = server?.instructions ?? null;
    const findings = securityFindings({ network: config.network, tools, instructions });
    const [first = null] = findings;
    const evidence =
      first === null
        ? `${String(tools.length)} tools and the way to them looked at`
        : findings.map(({ message }) => message).join('; ');
    return Promise.resolve({ failure: first, evidence });
  }
}
