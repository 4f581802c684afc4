import type { EgressPolicy, OwnListener } from '../kernel/egress.js';
import { matchesPattern } from '../auth/principal.js';
import type { Settings } from '../settings/settings.js';

/** What the settings allow a configuration to say. */
export interface ConfigPolicy {
  readonly egress: EgressPolicy;
  readonly ownListeners: readonly OwnListener[];
  /** Patterns of the names that `${env:NAME}` may read. */
  readonly secretEnv: readonly string[];
  /** Directories under which `${file:/path}` may read. */
  readonly secretDirs: readonly string[];
  /** Dangerous variables that may be set all the same. */
  readonly envAllow: readonly string[];
}

export function policyOf(settings: Settings): ConfigPolicy {
  return {
    egress: settings.egress,
    ownListeners: [{ address: settings.host, port: settings.port }],
    secretEnv: settings.secretEnv,
    secretDirs: settings.secretDirs,
    envAllow: settings.envAllow,
  };
}

export function maySecretEnv(policy: Pick<ConfigPolicy, 'secretEnv'>, name: string): boolean {
  return policy.secretEnv.some((pattern) => matchesPattern(pattern, name));
}

/** Whether `path`, absolute and without `.` and `..`, lies under one of `directories`. */
export function isUnder(directories: readonly string[], path: string): boolean {
  return directories.some((directory) => {
    const base = directory.endsWith('/') ? directory : `${directory}/`;
    return path.startsWith(base) && path.length > base.length;
  });
}
