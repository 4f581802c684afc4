import type { ConfigFault } from './config.errors.js';
import type { ServiceConfig } from './service-config.js';

/** What a configuration belongs to; a service spec has this shape. */
export interface HostingFacts {
  readonly type: 'function' | 'executable';
  readonly hosting_mode: 'stdio' | 'sse' | 'streamable_http';
}

/** Whether the service is a command of ours that listens on a loopback port. */
export function isListeningCommand(facts: HostingFacts, config: ServiceConfig): boolean {
  return facts.hosting_mode !== 'stdio' && config.runtime.command !== null;
}

/** Rules between fields of an effective configuration, whichever layers they came from. Pointers start with `base`. */
export function effectiveFaults(
  facts: HostingFacts,
  config: ServiceConfig,
  base: string,
): ConfigFault[] {
  return [...hostingFaults(facts, config, base), ...boundFaults(config, base)];
}

function hostingFaults(facts: HostingFacts, config: ServiceConfig, base: string): ConfigFault[] {
  const { command } = config.runtime;
  const { url } = config.network;
  const faults: ConfigFault[] = [];
  const mismatch = (pointer: string, detail: string): void => {
    faults.push({ problem: 'hosting-mismatch', pointer: `${base}${pointer}`, detail });
  };
  if (facts.hosting_mode === 'stdio') {
    if (command === null) mismatch('/runtime/command', 'is required by hosting mode stdio.');
    if (url !== null) mismatch('/network/url', 'does not go with hosting mode stdio.');
  } else if (command === null && url === null) {
    const detail = `is required by hosting mode ${facts.hosting_mode}, unless runtime.command starts the server.`;
    mismatch('/network/url', detail);
  } else if (command !== null && url !== null) {
    mismatch('/network/url', 'excludes runtime.command: the server is either started or remote.');
  }
  return faults;
}

function boundFaults(config: ServiceConfig, base: string): ConfigFault[] {
  const { runtime, network, security, monitoring } = config;
  const faults: ConfigFault[] = [];
  const invalid = (pointer: string, detail: string): void => {
    faults.push({ problem: 'invalid', pointer: `${base}${pointer}`, detail });
  };
  for (const name of ['replicas', 'warm'] as const) {
    if (runtime[name] <= runtime.max_instances) continue;
    invalid(`/runtime/${name}`, `must be at most max_instances (${runtime.max_instances}).`);
  }
  if (runtime.restart.first_ms > runtime.restart.cap_ms) {
    invalid('/runtime/restart/first_ms', `must be at most cap_ms (${runtime.restart.cap_ms}).`);
  }
  if ((network.tls.cert === null) !== (network.tls.key === null)) {
    const missing = network.tls.cert === null ? 'cert' : 'key';
    invalid(`/network/tls/${missing}`, 'is required: cert and key go together.');
  }
  const isJudged = monitoring.checks.some(({ kind, enabled }) => kind === 'performance' && enabled);
  if (runtime.limits.cpu_percent !== null && !isJudged) {
    invalid('/runtime/limits/cpu_percent', 'needs the performance check, which is switched off.');
  }
  if (security.rate_limit !== null && typeof security.rate_limit.requests !== 'number') {
    invalid('/security/rate_limit/requests', 'is required.');
  }
  return faults;
}
