/** What we publish besides the process defaults (`process_*`, `nodejs_*`), with the meaning; pinned to the reference. */
export const METRIC_NAMES = {
  switchyard_calls_total: 'Calls through the gateway by service, and by how they ended (outcome)',
  switchyard_call_duration_seconds:
    'Seconds from when a call went on its way to the end of its answer, by service',
  switchyard_calls_in_flight: 'Calls under way, by service',
  switchyard_calls_queued: 'Calls that wait for their turn, by service',
  switchyard_calls_waiting: 'Calls that wait for their turn',
  switchyard_circuits_open: 'Services that are not called for a while, as they kept failing',
  switchyard_circuit_state:
    '1 for each service with a circuit that is not closed, by state (open, half-open)',
  switchyard_sessions: 'Open sessions of clients',
  switchyard_services: 'Services by state',
  switchyard_services_by_health:
    'Services by level of health (healthy, degraded, unhealthy, unknown)',
  switchyard_service_health: '1 for the level of health that each service has now',
  switchyard_service_info:
    '1 for each service that has labels of its own (monitoring.metrics.labels), each with label_ in front',
  switchyard_crash_looping: '1 for each service that is in a crash loop',
  switchyard_instances: 'Live instances of upstreams, remote connections included',
  switchyard_service_instances: 'Live instances by service and state',
  switchyard_service_memory_bytes: 'Resident memory of all instances of a service',
  switchyard_service_cpu_seconds_total:
    'Seconds of CPU that the instances of a service have used, read every 15 s',
  switchyard_instance_failures_total: 'Instances that ended unasked, by service',
  switchyard_instance_ejections_total:
    'Instances that were not picked for a while, as their calls kept failing, by service',
  switchyard_probes_total:
    'Health checks that were run, by kind and result (pass, fail, unknown, skipped)',
  switchyard_probe_duration_seconds: 'Seconds that a health check took, by kind',
  switchyard_probe_lateness_seconds: 'Seconds from the moment a health check was due to its start',
  switchyard_probes_planned: 'Health checks that are run again and again',
  switchyard_probes_running: 'Health checks under way',
  switchyard_store_commit_seconds: 'Seconds until a change was durable',
  switchyard_audit_attempts_lost:
    'Denied, failed and other recorded requests that the disk did not take, since the start',
  switchyard_route_table_version: 'Version of the route table that serves',
  switchyard_alerts_firing: 'Alerts that fire, by severity',
  switchyard_alert_deliveries_total:
    'Attempts to deliver alerts, by what came of them (delivered, failed, dead)',
} as const;

export type MetricName = keyof typeof METRIC_NAMES;

/** Name and help of a series, for the constructors. */
export function named<N extends MetricName>(name: N): { name: N; help: string } {
  return { name, help: METRIC_NAMES[name] };
}
