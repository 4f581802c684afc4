import { matchesPattern } from '../auth/principal.js';

const DANGEROUS = ['ld_*', 'dyld_*', 'node_options', 'python*', 'path', 'npm_config_*'] as const;

/**
 * Whether a variable changes what a command runs rather than what it does: loaders, interpreters, the search path. Case
 * does not matter. `allowed` are the patterns of SWITCHYARD_ENV_ALLOW.
 */
export function isDangerousEnv(name: string, allowed: readonly string[]): boolean {
  const lower = name.toLowerCase();
  if (!DANGEROUS.some((pattern) => matchesPattern(pattern, lower))) return false;
  return !allowed.some((pattern) => matchesPattern(pattern, name));
}
