import { pinningOf } from '../config/tool-pinning-mode.js';
import type {
  ExternalResource,
  HealthCheckConfig,
  ServiceConfig,
} from '../config/service-config.js';

/** A check that is run again and again. */
export interface PlannedCheck {
  /** Unique within the service and stable as long as the list of checks is. */
  readonly key: string;
  /** As shown to people. */
  readonly label: string;
  readonly config: HealthCheckConfig;
}

/** A tool that nobody named is not executed more often than this. */
const DERIVED_INTERVAL_MS = 300_000;
/** An upstream is started for the sake of a check no more often than this. */
const IDLE_INTERVAL_MS = 900_000;
const UNHEALTHY_INTERVAL_MS = 5_000;
/** What keeps callers away is looked at this often, so that they are let in again soon after it has ended. */
const BLOCKED_INTERVAL_MS = 60_000;

/** The checks of a configuration that are switched on, in its order. */
export function plannedChecks(config: ServiceConfig): readonly PlannedCheck[] {
  return config.monitoring.checks.flatMap((check, at) => {
    if (!isWanted(check, config)) return [];
    const key = check.name ?? `${check.kind}-${String(at)}`;
    return [{ key, label: check.name ?? labelOf(check), config: check }];
  });
}

/** Pinning has a switch of its own, so the check that carries it out runs for it alone, too. */
function isWanted({ kind, enabled }: HealthCheckConfig, config: ServiceConfig): boolean {
  if (kind === 'dependency') return enabled && needsOthers(config);
  if (kind === 'security') return enabled || pinningOf(config) !== 'off';
  return enabled;
}

function needsOthers({ integration }: ServiceConfig): boolean {
  return integration.dependencies.length > 0 || externalsOf(integration).length > 0;
}

/** The resources outside that a service needs. */
export function externalsOf({
  external,
}: ServiceConfig['integration']): readonly ExternalResource[] {
  return external ?? [];
}

/** Milliseconds until the check runs again. */
export function intervalOf(
  { config }: PlannedCheck,
  circumstances: {
    readonly idle: boolean;
    readonly failing: boolean;
    /** A finding of it keeps callers away. */
    readonly blocking?: boolean;
  },
): number {
  const { kind, interval_ms, tool } = config;
  if (kind === 'performance' || kind === 'dependency') return interval_ms;
  if (kind === 'security') {
    if (circumstances.blocking !== true) return interval_ms;
    return Math.min(interval_ms, circumstances.idle ? IDLE_INTERVAL_MS : BLOCKED_INTERVAL_MS);
  }
  if (kind === 'basic') {
    return circumstances.failing ? Math.min(interval_ms, UNHEALTHY_INTERVAL_MS) : interval_ms;
  }
  // Of what fails it is soon to be known whether it still does, be it by a start.
  if (circumstances.failing) return interval_ms;
  const own = tool === null ? Math.max(interval_ms, DERIVED_INTERVAL_MS) : interval_ms;
  return circumstances.idle ? Math.max(own, IDLE_INTERVAL_MS) : own;
}

function labelOf({ kind, tool }: HealthCheckConfig): string {
  return kind === 'functional' ? `functional ${tool ?? '(chosen tool)'}` : kind;
}
