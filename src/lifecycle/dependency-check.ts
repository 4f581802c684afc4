import semver from 'semver';
import type { ServiceDependency } from '../config/service-config.js';
import type { ServiceState } from './service-status.js';

/** What is seen of a service that others depend on. */
export interface DependencyTarget {
  readonly name: string;
  readonly version: string;
  readonly state: ServiceState;
  readonly toolNames: readonly string[];
}

export interface DependencyVerdict {
  /** Whether every required dependency is met. */
  readonly met: boolean;
  /** `AllMet`, `OptionalUnmet`, or the reason of the first required edge that is not. */
  readonly reason: string;
  readonly message: string;
}

const ALL_MET: DependencyVerdict = {
  met: true,
  reason: 'AllMet',
  message: 'Every dependency is met.',
};

/** Judges the edges in the order they were declared: the first required one that is unmet decides, then optional ones. */
export function checkDependencies(
  dependencies: readonly ServiceDependency[],
  targetOf: (nameOrId: string) => DependencyTarget | undefined,
): DependencyVerdict {
  let optional: DependencyVerdict | null = null;
  for (const dependency of dependencies) {
    const unmet = unmetEdge(dependency, targetOf(dependency.service));
    if (unmet === null) continue;
    if (dependency.required) return { met: false, ...unmet };
    optional ??= { met: true, reason: 'OptionalUnmet', message: unmet.message };
  }
  return optional ?? ALL_MET;
}

function unmetEdge(
  dependency: ServiceDependency,
  target: DependencyTarget | undefined,
): { reason: string; message: string } | null {
  const named = `The service "${dependency.service}" that this one needs`;
  if (target === undefined) {
    return { reason: 'DependencyMissing', message: `${named} is not registered.` };
  }
  if (dependency.version !== null && !semver.satisfies(target.version, dependency.version)) {
    return {
      reason: 'DependencyVersion',
      message: `${named} has version ${target.version}, which is not ${dependency.version}.`,
    };
  }
  if (target.state !== 'active' && target.state !== 'updating') {
    return { reason: 'DependencyNotActive', message: `${named} is ${target.state}.` };
  }
  const missing = dependency.tools.filter((tool) => !target.toolNames.includes(tool));
  if (missing.length > 0) {
    const tools = missing.map((tool) => `"${tool}"`).join(', ');
    return { reason: 'DependencyTool', message: `${named} does not offer ${tools}.` };
  }
  return null;
}
