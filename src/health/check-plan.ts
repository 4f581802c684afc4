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

/** The checks of a configuration that are switched on, in its order. */
export function plannedChecks(config: ServiceConfig): readonly PlannedCheck[] {
  return config.monitoring.checks.flatMap((check, at) => {
    if (!check.enabled || (check.kind === 'dependency' && !needsOthers(config))) return [];
    const key = check.name ?? `${check.kind}-${String(at)}`;
    return [{ key, label: check.name ?? labelOf(check), config: check }];
  });
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
  circumstances: { readonly idle: boolean; readonly failing: boolean },
): number {
  const { kind, interval_ms, tool } = config;
  if (kind === 'performance' || kind === 'dependency' || kind === 'security') return interval_ms;
  if (kind === 'basic') {
    return circumstances.failing ? Math.min(interval_ms, UNHEALTHY_INTERVAL_MS) : interval_ms;
  }
  const own = tool === null ? Math.max(interval_ms, DERIVED_INTERVAL_MS) : interval_ms;
  return circumstances.idle ? Math.max(own, IDLE_INTERVAL_MS) : own;
}

function labelOf({ kind, tool }: HealthCheckConfig): string {
  return kind === 'functional' ? `functional ${tool ?? '(chosen tool)'}` : kind;
}
