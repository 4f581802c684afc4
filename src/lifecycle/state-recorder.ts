import type { ServiceLogLevel } from '../config/service-config.js';
import type { Clock } from '../kernel/clock.js';
import type { EventBus } from '../kernel/event-bus.js';
import type { Logger } from '../kernel/logger.js';
import { withConditions, withoutConditions, type ConditionChange } from './conditions.js';
import { lifecycleProblems } from './lifecycle.errors.js';
import { ServiceStateChanged } from './lifecycle.events.js';
import type { FailureFacts } from './failure-mapping.js';
import { allowedMoves, mayMove } from './service-lifecycle.js';
import type { RuntimeTable } from './service-runtime.js';
import type { ActivationFailure, ConditionType, ServiceState } from './service-status.js';
import { conditionsOnEntering } from './state-conditions.js';
import type { StatusPatch, StatusRepository } from './status-repository.js';

export interface EntryDetails {
  /** Why it failed, for `error` and a rolled back update. */
  readonly failure?: ActivationFailure;
  readonly patch?: StatusPatch;
  readonly conditions?: readonly ConditionChange[];
}

/** Writes what became of a service: state, conditions, log line and event belong together. */
export class StateRecorder {
  constructor(
    private readonly statuses: StatusRepository,
    private readonly runtimes: RuntimeTable,
    private readonly bus: EventBus,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Throws `lifecycle.transition-refused` for a move that the table does not have. The same state again is fine. */
  async become(
    id: string,
    state: ServiceState,
    why: string,
    details: EntryDetails = {},
  ): Promise<void> {
    const at = this.clock.timestamp();
    const edit = conditionsOnEntering(state, why, details.failure ?? null);
    const { before, after } = await this.statuses.update(id, `status.${state}`, (status) => {
      if (status.state !== state && !mayMove(status.state, state)) {
        throw refused(id, status.state, state);
      }
      const kept = withoutConditions(status.conditions, edit.drop);
      const conditions = withConditions(kept, [...edit.set, ...(details.conditions ?? [])], at);
      const failure = details.failure === undefined ? {} : { last_failure: details.failure };
      return { ...details.patch, ...failure, state, conditions };
    });
    if (before.state === after.state) return;
    const line = `${before.state} -> ${after.state}: ${details.failure?.message ?? why}`;
    this.note(id, line, null, levelOf(after.state, details.failure !== undefined));
    this.bus.publish(
      new ServiceStateChanged(id, before.state, after.state, details.failure?.reason ?? why),
    );
  }

  /** Sets and drops conditions; no commit when nothing changes. */
  async mark(
    id: string,
    set: readonly ConditionChange[],
    drop: readonly ConditionType[] = [],
    patch: StatusPatch = {},
  ): Promise<void> {
    const at = this.clock.timestamp();
    await this.statuses.update(id, 'status.conditions', (status) => {
      const conditions = withConditions(withoutConditions(status.conditions, drop), set, at);
      if (conditions === status.conditions && Object.keys(patch).length === 0) return null;
      return { ...patch, conditions };
    });
  }

  /** Dates a failure and puts it on a revision. */
  dated(failure: FailureFacts, revision: number): ActivationFailure {
    return { ...failure, revision, at: this.clock.timestamp() };
  }

  /** A line for the service's own log and for ours, if the service wants such lines. */
  note(
    id: string,
    message: string,
    instanceId: string | null = null,
    level: ServiceLogLevel = 'info',
  ): void {
    const { log } = this.runtimes.of(id);
    if (!log.wants(level)) return;
    const at = this.clock.timestamp();
    log.append({ at, source: 'lifecycle', instance_id: instanceId, message });
    this.logger[level]({ service_id: id, instance_id: instanceId, detail: message }, 'lifecycle');
  }
}

/** An update that fails leaves what serves as it was: its author is told, and nobody need be woken. */
function levelOf(state: ServiceState, failed: boolean): ServiceLogLevel {
  if (state === 'error') return 'error';
  return failed ? 'warn' : 'info';
}

function refused(id: string, from: ServiceState, to: ServiceState): Error {
  const allowed = allowedMoves(from);
  return lifecycleProblems['transition-refused']({
    detail: `A service that is ${from} cannot become ${to}; it can become ${allowed.join(', ')}.`,
    extra: { service_id: id, state: from, allowed },
  });
}
