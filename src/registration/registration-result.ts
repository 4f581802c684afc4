import type { ServiceConfig } from '../config/service-config.js';

/** What a write came to. `pending`: accepted, not finished within the wait (202). `planned`: a dry run. */
export type WriteOutcome =
  | 'created'
  | 'stored'
  | 'updated'
  | 'unchanged'
  | 'activated'
  | 'deactivated'
  | 'restarted'
  | 'restored'
  | 'reverted'
  | 'deleted'
  | 'valid'
  | 'planned'
  | 'pending';

export interface PlanConflict {
  /** Code of the problem that the change would be refused with. */
  readonly code: string;
  readonly detail: string;
  readonly [member: string]: unknown;
}

/** What a dry run says: nothing was changed. A plan with conflicts would be refused. */
export interface ChangePlan {
  readonly would:
    | 'create'
    | 'store'
    | 'update'
    | 'nothing'
    | 'delete'
    | 'restore'
    | 'revert'
    | 'activate'
    | 'deactivate'
    | 'restart'
    | 'refuse';
  /** The configuration it would run with; `null` for a command that sets none. */
  readonly effective: ServiceConfig | null;
  readonly conflicts: readonly PlanConflict[];
}

export interface RegistrationResult {
  readonly status: 200 | 201 | 202 | 204;
  readonly outcome: WriteOutcome;
  readonly service_id: string | null;
  /** The document as `GET /api/v1/services/{id}` answers it; `null` for a plan and for a deleted service. */
  readonly service: object | null;
  readonly warnings: readonly string[];
  readonly plan: ChangePlan | null;
  readonly etag: string | null;
  /** Path of the service, for 201 and 202. */
  readonly location: string | null;
}

/** The body of the answer: the document with `outcome` and `warnings`, or the plan. `undefined` for 204. */
export function resultBody(result: RegistrationResult): object | undefined {
  if (result.status === 204) return undefined;
  const { outcome, warnings } = result;
  if (result.plan !== null) return { outcome, ...result.plan, warnings };
  if (result.service === null) return { service_id: result.service_id, outcome, warnings };
  return { ...result.service, outcome, warnings };
}

/** The result with more warnings. */
export function withWarnings(
  result: RegistrationResult,
  warnings: readonly string[],
): RegistrationResult {
  if (warnings.length === 0) return result;
  return { ...result, warnings: [...result.warnings, ...warnings] };
}

/** The result of a dry run. */
export function planned(
  plan: ChangePlan,
  warnings: readonly string[],
  service_id: string | null = null,
): RegistrationResult {
  return {
    status: 200,
    outcome: 'planned',
    service_id,
    service: null,
    warnings,
    plan,
    etag: null,
    location: null,
  };
}
