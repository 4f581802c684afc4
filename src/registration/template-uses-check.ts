import { configProblems } from '../config/config.errors.js';
import { parseTemplateReference } from '../config/template.js';
import type { TemplateService } from '../config/template.service.js';
import type { ProblemError } from '../kernel/problem.js';
import type { ServiceDocument } from '../registry/service.js';
import type { RecordStore } from '../storage/record-store.js';
import type { TemplateRollout } from './template-rollout.js';

export interface UseSources {
  readonly templates: Pick<TemplateService, 'dependentsOf' | 'goesThrough'>;
  readonly registry: {
    list(): readonly ServiceDocument[];
    candidateOf(id: string): { readonly spec: { readonly extends: string | null } } | undefined;
  };
  readonly store: Pick<RecordStore, 'list'>;
}

/**
 * `config.template-in-use` naming the services, templates and rollouts under way that use any revision of a template, or
 * `null`. Histories do not count: what they name is kept.
 */
export function usesOf(sources: UseSources, id: string): ProblemError | null {
  const { templates, registry, store } = sources;
  const uses = (reference: string | null | undefined): reference is string =>
    typeof reference === 'string' &&
    (parseTemplateReference(reference)?.template_id === id || templates.goesThrough(reference, id));
  const services = registry.list().flatMap(({ service_id, spec }) => {
    const references = [spec.extends, registry.candidateOf(service_id)?.spec.extends].filter(uses);
    const [reference] = references;
    return reference === undefined ? [] : [{ service_id, name: spec.name, extends: reference }];
  });
  const dependents = templates.dependentsOf(id);
  const rollouts = store
    .list<TemplateRollout>('template_rollout')
    .filter(({ doc }) => doc.state === 'running' && doc.template_id === id)
    .map(({ id: rolloutId }) => rolloutId);
  if (services.length + dependents.length + rollouts.length === 0) return null;
  const named = [
    ...services.map(({ name }) => `the service "${name}"`),
    ...dependents.map((one) => `the template ${one}`),
    ...rollouts.map((one) => `the rollout ${one}`),
  ];
  const more = named.length > 5 ? ` and ${named.length - 5} more` : '';
  return configProblems['template-in-use']({
    detail: `"${id}" is used by ${named.slice(0, 5).join(', ')}${more}.`,
    extra: { template_id: id, services, templates: dependents, rollouts },
  });
}
