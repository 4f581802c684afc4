import type { DesiredState } from '../registry/service.js';
import type { HealthRecord, ServiceStatusDocument } from './service-status.js';

export const STATUS_SCHEMA_VERSION = '1';

export const NOT_YET_PROVEN: HealthRecord = {
  level: 'unknown',
  summary: 'Not proven since the gateway started',
  reason: 'NotYetProven',
  action: null,
  checked_at: null,
};

/** The status of a service that has none stored: one that was restored rests, every other is new. */
export function initialStatus(
  serviceId: string,
  desired: DesiredState | undefined,
  at: string,
): ServiceStatusDocument {
  return {
    schema_version: STATUS_SCHEMA_VERSION,
    service_id: serviceId,
    state: desired === 'inactive' ? 'inactive' : 'draft',
    conditions: [],
    tools: [],
    server: null,
    proof: null,
    health: NOT_YET_PROVEN,
    stable_revision: null,
    last_failure: null,
    changed_at: at,
  };
}

/** What is not served has no health to speak of. */
export const NOT_ACTIVE: HealthRecord = {
  level: 'unknown',
  summary: 'Not active',
  reason: 'Inactive',
  action: null,
  checked_at: null,
};
