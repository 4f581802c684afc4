import { parseTemplateReference } from '../config/template.js';
import type { TemplateService } from '../config/template.service.js';
import { ProblemError } from '../kernel/problem.js';
import type {
  DesiredState,
  ChangeContext,
  ServiceDocument,
  ServiceSpec,
} from '../registry/service.js';
import { redactedDiff } from '../registry/redacted-diff.js';
import { setsExecution } from './change-access.js';
import type { PreparedService } from './control-plane.js';
import { maySeeName } from './template-access.js';
import { failureOf, type MoveFailure } from './template-rollout.js';

/** A service that uses a template, and what would become of it with another revision. */
export interface AffectedService {
  readonly service_id: string;
  readonly name: string;
  readonly desired: DesiredState;
  /** What the service pins: a revision of the template, or one of another template that stands on it. */
  readonly pinned: string;
  /** The template by which it is reached, when it does not extend it itself: a rollout does not move it. */
  readonly via: string | null;
}

export interface PreviewedService extends AffectedService {
  /** Whether its effective configuration would be another; `null` when it would not be moved, or could not. */
  readonly would_change: boolean | null;
  /** What of its effective configuration would change, secrets redacted. */
  readonly diff: readonly object[];
  /** Why it could not be moved. */
  readonly problem: MoveFailure | null;
  /** Whether to move it needs the scope `exec`. */
  readonly needs_exec: boolean;
}

export interface AffectedSources {
  readonly templates: Pick<TemplateService, 'goesThrough'>;
  readonly registry: {
    list(): readonly ServiceDocument[];
    find(idOrName: string): ServiceDocument | undefined;
    prepare(spec: ServiceSpec): Promise<PreparedService>;
  };
}

/** The services that the caller sees and whose templates go through any revision of `templateId`, by name. */
export function affectedServices(
  { templates, registry }: AffectedSources,
  templateId: string,
  ctx: Pick<ChangeContext, 'services'>,
): AffectedService[] {
  return registry
    .list()
    .filter(({ spec }) => maySeeName(ctx, spec.name))
    .flatMap((service): AffectedService[] => {
      const { service_id, spec, desired } = service;
      const pinned = spec.extends ?? '';
      const isDirect = isRevisionOf(pinned, templateId);
      if (!isDirect && !templates.goesThrough(pinned, templateId)) return [];
      const via = isDirect ? null : pinned;
      return [{ service_id, name: spec.name, desired, pinned, via }];
    })
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

export function isRevisionOf(reference: string, templateId: string): boolean {
  return parseTemplateReference(reference)?.template_id === templateId;
}

/** What would become of an affected service if it extended `target`. Starts and stores nothing. */
export async function previewMove(
  { registry }: AffectedSources,
  affected: AffectedService,
  target: string,
): Promise<PreviewedService> {
  const still = { ...affected, would_change: null, diff: [], problem: null, needs_exec: false };
  const service = registry.find(affected.service_id);
  if (affected.via !== null || service === undefined) return still;
  try {
    const prepared = await registry.prepare({ ...service.spec, extends: target });
    const diff = redactedDiff(
      { config: service.effective, command_file: service.command_file },
      { config: prepared.effective, command_file: prepared.command_file },
    );
    const needs_exec = setsExecution(prepared, service);
    return { ...still, would_change: diff.length > 0, diff, needs_exec };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { ...still, problem: failureOf(error) };
  }
}
