import type { Logger } from '../kernel/logger.js';
import { ProblemError } from '../kernel/problem.js';
import { internalProblem } from '../observability/http.errors.js';
import type { ChangeContext, RevisionDocument, ServiceDocument } from '../registry/service.js';
import { registrationProblems } from './registration.errors.js';
import type { RegistrationResult } from './registration-result.js';
import { isRevisionOf } from './template-affected.js';
import {
  failureOf,
  reasonOf,
  type MoveResult,
  type ServiceMove,
  type TemplateRollout,
} from './template-rollout.js';
import type { UpdateOptions } from './update-service.js';

export interface MoveSources {
  readonly registration: {
    update(
      id: string,
      input: unknown,
      ctx: ChangeContext,
      options: UpdateOptions,
    ): Promise<RegistrationResult>;
  };
  readonly registry: {
    find(id: string): ServiceDocument | undefined;
    candidateOf(id: string): Pick<RevisionDocument, 'revision' | 'reason'> | undefined;
    revision(id: string, revision: number): Promise<RevisionDocument>;
  };
  readonly lifecycle: {
    settled(
      id: string,
      revision: number | null,
      timeoutMs: number,
      signal?: AbortSignal,
    ): Promise<unknown>;
  };
  readonly logger: Logger;
}

/** How long one service may take to be proven, and how long the change of somebody else is waited for. */
export const MOVE_WAIT_MS = 300_000;
/** Tries against others who change the same service. */
const MAX_TRIES = 5;
/** Refusals after which the service is looked at again: somebody else was faster. */
const OVERTAKEN: ReadonlySet<string> = new Set(['registry.etag-stale', 'registration.superseded']);

/**
 * Moves one service to the revision of its template that a rollout is for, by the way of any update: start, prove, swap,
 * drain. The service is taken as it is at that moment; a change of somebody else that is under way is let through first.
 * May be repeated after a crash: what was done already is recognised by its reason in the history.
 */
export class TemplateMove {
  constructor(private readonly sources: MoveSources) {}

  async run(rollout: TemplateRollout, move: ServiceMove, signal: AbortSignal): Promise<MoveResult> {
    for (let tries = 1; tries <= MAX_TRIES && !signal.aborted; tries += 1) {
      const service = this.sources.registry.find(move.service_id);
      const settled = await this.withoutUpdate(rollout, service);
      if (settled !== null) return settled;
      if (await this.letOthersThrough(rollout, move.service_id, signal)) continue;
      const result = await this.update(rollout, move.service_id);
      if (result !== null) return result;
    }
    return failed(registrationProblems.superseded('The service kept being changed by others.'));
  }

  /** What is known without an update; `null` when it needs one. */
  private async withoutUpdate(
    { template_id, reference, rollout_id }: TemplateRollout,
    service: ServiceDocument | undefined,
  ): Promise<MoveResult | null> {
    if (service === undefined || service.desired === 'archived') {
      return { state: 'skipped', note: 'the service was deleted meanwhile' };
    }
    const { spec, service_id, revision } = service;
    if (!isRevisionOf(spec.extends ?? '', template_id)) {
      return { state: 'skipped', note: `the service extends ${spec.extends ?? 'nothing'} now` };
    }
    if (spec.extends !== reference || service.candidate !== null) return null;
    const { reason } = await this.sources.registry.revision(service_id, revision);
    return { state: reason === reasonOf(rollout_id) ? 'updated' : 'unchanged', revision };
  }

  /** Answers whether a change that is not this rollout's was waited for. */
  private async letOthersThrough(
    { rollout_id }: TemplateRollout,
    id: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const candidate = this.sources.registry.candidateOf(id);
    if (candidate === undefined || candidate.reason === reasonOf(rollout_id)) return false;
    await this.sources.lifecycle.settled(id, candidate.revision, MOVE_WAIT_MS, signal);
    return true;
  }

  /** `null`: somebody else was faster. */
  private async update(rollout: TemplateRollout, id: string): Promise<MoveResult | null> {
    const options = {
      patch: true,
      ifMatch: null,
      wait_ms: MOVE_WAIT_MS,
      allow_breaking: rollout.allow_breaking,
    };
    try {
      const ctx = contextOf(rollout);
      const patch = { extends: rollout.reference };
      return resultOf(
        await this.sources.registration.update(id, patch, ctx, options),
        this.sources.registry.find(id)?.revision ?? null,
      );
    } catch (error) {
      if (!(error instanceof ProblemError)) {
        this.sources.logger.error({ service_id: id, err: error }, 'a template rollout failed');
        return failed(internalProblem(error));
      }
      return OVERTAKEN.has(error.code) ? null : failed(error);
    }
  }
}

/** In whose name a service is moved. Why no request id: one request starts many changes, and is told once. */
export function contextOf({ actor, authority, rollout_id }: TemplateRollout): ChangeContext {
  return {
    actor,
    source: authority.source,
    requestId: null,
    reason: reasonOf(rollout_id),
    scopes: new Set(authority.scopes),
    services: authority.services,
  };
}

function resultOf({ outcome }: RegistrationResult, revision: number | null): MoveResult {
  switch (outcome) {
    case 'unchanged':
      return { state: 'unchanged', revision };
    case 'stored':
      return { state: 'updated', revision, note: 'stored; the service is not active' };
    case 'pending':
      return failed(
        registrationProblems['rollout-overdue'](
          `The new revision was not proven within ${MOVE_WAIT_MS / 1000} seconds.`,
        ),
      );
    default:
      return { state: 'updated', revision };
  }
}

function failed(problem: ProblemError): MoveResult {
  return { state: 'failed', problem: failureOf(problem) };
}
