import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { configProblems } from '../config/config.errors.js';
import type { TemplateService } from '../config/template.service.js';
import type { Clock } from '../kernel/clock.js';
import type { FieldError } from '../kernel/problem.js';
import { KeyedSerial } from '../kernel/serial.js';
import { metaOf } from '../registry/service-changes.js';
import type { ChangeContext } from '../registry/service.js';
import { requireWrite } from './change-access.js';
import { registrationProblems } from './registration.errors.js';
import {
  affectedServices,
  previewMove,
  type AffectedService,
  type AffectedSources,
  type PreviewedService,
} from './template-affected.js';
import { maySeeName, requireExecScope } from './template-access.js';
import type { RolloutRequest } from './template-rollout-body.js';
import type { TemplateRolloutRunner } from './template-rollout-runner.js';
import type { TemplateRolloutStore } from './template-rollout-store.js';
import {
  MAX_ROLLOUT_SERVICES,
  ROLLOUT_SCHEMA_VERSION,
  type ServiceMove,
  type TemplateRollout,
} from './template-rollout.js';

export interface RolloutParts {
  readonly templates: TemplateService;
  readonly registry: AffectedSources['registry'];
  readonly rollouts: TemplateRolloutStore;
  readonly runner: TemplateRolloutRunner;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** What a rollout would do; nothing was begun. */
export interface RolloutPlan {
  readonly reference: string;
  readonly services: readonly PreviewedService[];
}

/** Brings revisions of templates to the services that extend them. What was under way when the gateway ended goes on. */
@Injectable()
export class TemplateRolloutsService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly serial = new KeyedSerial();

  constructor(private readonly parts: RolloutParts) {}

  onApplicationBootstrap(): void {
    for (const { rollout_id } of this.parts.rollouts.running()) this.parts.runner.start(rollout_id);
  }

  /** Before the instances are ended: an update that this cuts short is not held against its service. */
  onModuleDestroy(): void {
    this.parts.runner.stop();
  }

  /** Newest first, each with the services that the caller sees. */
  list(ctx: ChangeContext, templateId?: string): readonly TemplateRollout[] {
    return this.parts.rollouts
      .list()
      .filter(({ template_id }) => templateId === undefined || template_id === templateId)
      .map((rollout) => seenBy(ctx, rollout));
  }

  /** Throws `registration.rollout-unknown`. */
  get(id: string, ctx: ChangeContext): TemplateRollout {
    return seenBy(ctx, this.require(id));
  }

  /** The services that use a template, and what would become of each with its newest revision. */
  async affected(templateId: string, ctx: ChangeContext): Promise<readonly PreviewedService[]> {
    const { templates } = this.parts;
    const { template_id, reference } = templates.get(templateId);
    return this.previews(affectedServices(this.parts, template_id, ctx), reference);
  }

  /** What `start` would do; throws as it does. */
  async plan(
    templateId: string,
    request: RolloutRequest,
    ctx: ChangeContext,
  ): Promise<RolloutPlan> {
    requireWrite(ctx);
    const reference = this.target(templateId, request.revision);
    const services = await this.previews(this.selected(templateId, request, ctx), reference);
    const [running] = services.filter(({ needs_exec }) => needs_exec);
    if (running !== undefined) {
      requireExecScope(ctx, `changing what the service "${running.name}" runs`);
    }
    return { reference, services };
  }

  /**
   * Begins a rollout. Throws `registration.rollout-running`, `registration.rollout-refused`, `config.template-not-found`,
   * `config.template-unknown`, and what access is refused with.
   */
  async start(
    templateId: string,
    request: RolloutRequest,
    ctx: ChangeContext,
  ): Promise<TemplateRollout> {
    const plan = await this.plan(templateId, request, ctx);
    return this.serial.run(templateId, async () => {
      const other = this.parts.rollouts
        .running()
        .find(({ template_id }) => template_id === templateId);
      if (other !== undefined) throw alreadyRunning(other);
      const rollout = this.rolloutOf(templateId, request, plan, ctx);
      await this.parts.rollouts.add(rollout, metaOf(ctx, 'template.rollout', templateId));
      this.parts.runner.start(rollout.rollout_id);
      return rollout;
    });
  }

  /** No further batch is begun; services that are being moved come to their end. Throws `registration.rollout-ended`. */
  async cancel(id: string, ctx: ChangeContext): Promise<TemplateRollout> {
    requireWrite(ctx);
    const rollout = this.require(id);
    requireAllSeen(ctx, rollout);
    const changed = await this.parts.rollouts.change(
      id,
      (present) => {
        if (present.state !== 'running') throw hasEnded(present);
        const updated_at = this.parts.clock.timestamp();
        return present.cancel_requested ? null : { ...present, cancel_requested: true, updated_at };
      },
      metaOf(ctx, 'template.rollout.cancel', id),
    );
    this.parts.runner.hurry(id);
    return changed ?? rollout;
  }

  private require(id: string): TemplateRollout {
    const rollout = this.parts.rollouts.get(id);
    if (rollout !== undefined) return rollout;
    throw registrationProblems['rollout-unknown'](`There is no rollout "${id.slice(0, 80)}".`);
  }

  /** What the services are to extend. */
  private target(templateId: string, revision: number | null): string {
    const { templates } = this.parts;
    const newest = templates.get(templateId);
    if (newest.template_id !== templateId) throw configProblems['template-not-found']();
    if (revision === null || revision === newest.revision) return newest.reference;
    const wanted = templates.revisions(templateId).find((one) => one.revision === revision);
    if (wanted !== undefined) return wanted.reference;
    throw configProblems['template-unknown']({
      detail: `Revision ${revision} of "${templateId}" is not kept.`,
      errors: [{ pointer: '/revision', detail: 'is not kept.' }],
    });
  }

  /** The services to move. Throws one problem with every name that cannot be. */
  private selected(
    templateId: string,
    { services: names }: RolloutRequest,
    ctx: ChangeContext,
  ): readonly AffectedService[] {
    const all = affectedServices(this.parts, templateId, ctx);
    const direct = all.filter(({ via }) => via === null);
    if (names === null) {
      if (direct.length <= MAX_ROLLOUT_SERVICES) return direct;
      const detail = `${direct.length} services extend it; name at most ${MAX_ROLLOUT_SERVICES} at once.`;
      throw registrationProblems['rollout-refused']({
        detail,
        errors: [{ pointer: '/services', detail }],
      });
    }
    const errors: FieldError[] = [];
    const found = new Map<string, AffectedService>();
    names.forEach((name, index) => {
      const service = all.find((one) => one.service_id === name || one.name === name);
      const detail = faultOf(service, templateId);
      if (service === undefined || detail !== null) {
        errors.push({ pointer: `/services/${index}`, detail: detail ?? 'is not known.' });
      } else found.set(service.service_id, service);
    });
    if (errors.length === 0) return [...found.values()];
    const detail = `${errors.length} of ${names.length} services cannot be moved.`;
    throw registrationProblems['rollout-refused']({ detail, errors });
  }

  private async previews(
    services: readonly AffectedService[],
    reference: string,
  ): Promise<readonly PreviewedService[]> {
    const previews: PreviewedService[] = [];
    for (const one of services) previews.push(await previewMove(this.parts, one, reference));
    return previews;
  }

  private rolloutOf(
    template_id: string,
    request: RolloutRequest,
    { reference, services }: RolloutPlan,
    ctx: ChangeContext,
  ): TemplateRollout {
    const at = this.parts.clock.timestamp();
    const { batch, pause_ms, on_failure, allow_breaking } = request;
    return {
      schema_version: ROLLOUT_SCHEMA_VERSION,
      rollout_id: this.parts.newId(),
      template_id,
      reference,
      state: 'running',
      cancel_requested: false,
      batch,
      pause_ms,
      on_failure,
      allow_breaking,
      services: services.map(pendingMove),
      created_at: at,
      updated_at: at,
      finished_at: null,
      actor: ctx.actor,
      authority: { source: ctx.source, scopes: [...ctx.scopes], services: ctx.services },
    };
  }
}

function pendingMove({ service_id, name, pinned }: AffectedService): ServiceMove {
  const rest = { revision: null, note: null, problem: null } as const;
  return { service_id, name, from: pinned, state: 'pending', ...rest };
}

function faultOf(service: AffectedService | undefined, templateId: string): string | null {
  if (service === undefined) return `is no service that extends "${templateId}".`;
  if (service.via === null) return null;
  return `extends ${service.via}, which stands on "${templateId}"; roll that template out.`;
}

function alreadyRunning({ rollout_id, template_id }: TemplateRollout): Error {
  const location = `/api/v1/template-rollouts/${rollout_id}`;
  return registrationProblems['rollout-running']({
    detail: `The rollout ${rollout_id} of "${template_id}" is under way.`,
    extra: { rollout_id, location },
  });
}

function hasEnded({ rollout_id, state }: TemplateRollout): Error {
  return registrationProblems['rollout-ended']({
    detail: `The rollout ${rollout_id} is ${state}.`,
    extra: { rollout_id, state },
  });
}

function seenBy(ctx: ChangeContext, rollout: TemplateRollout): TemplateRollout {
  const services = rollout.services.filter(({ name }) => maySeeName(ctx, name));
  return { ...rollout, services };
}

/** A rollout reaches further than credentials that are for some of its services. */
function requireAllSeen(ctx: ChangeContext, rollout: TemplateRollout): void {
  const hidden = rollout.services.filter(({ name }) => !maySeeName(ctx, name));
  if (hidden.length === 0) return;
  throw registrationProblems['rollout-unknown'](`There is no rollout "${rollout.rollout_id}".`);
}
