import type { DependencyGraph } from './dependency-graph.js';
import type { PreparedSpec } from './prepared-spec.js';
import { registryProblems } from './registry.errors.js';
import { DesiredStateChanged, RevisionDiscarded, ServiceCreated } from './registry.events.js';
import {
  desiredDiff,
  metaOf,
  newRevision,
  newService,
  putRevision,
  putService,
  withDesired,
  withoutFormerName,
} from './service-changes.js';
import {
  giveUpCandidate,
  orStale,
  requireLive,
  rewriteIfFaulty,
  type WriteParts,
} from './write-parts.js';
import type { ChangeContext, DesiredState, ServiceDocument } from './service.js';

export interface CreateOptions {
  /** Chosen by the client; a fresh one when absent. A lower-case UUID. */
  readonly service_id?: string | null;
  /** Stored without being started. */
  readonly draft?: boolean;
  /** Reason shown with revision 1, in place of the reason of the change. */
  readonly revisionReason?: string | null;
}

/** Writes services, and what is wanted of them: each change is one commit, told to others once it is durable. */
export class ServiceWriter {
  constructor(private readonly parts: WriteParts) {}

  async create(
    prepared: PreparedSpec,
    ctx: ChangeContext,
    how: CreateOptions,
  ): Promise<ServiceDocument> {
    const { repository, rules, locks, events, random, clock } = this.parts;
    const id = how.service_id?.toLowerCase() ?? random.uuid();
    return locks.onSpec(id, prepared, async () => {
      rules.requireFreeId(id);
      rules.requireUnclaimed(id, prepared.spec);
      rules.requireAcyclic(id, prepared);
      const revision = newRevision(prepared, {
        service_id: id,
        revision: 1,
        at: clock.timestamp(),
        actor: ctx.actor,
        reason: how.revisionReason ?? ctx.reason,
        outcome: 'current',
      });
      const service = newService(revision, how.draft === true ? 'draft' : 'active');
      await repository.commit(
        [putService(service, null), putRevision(revision, null)],
        metaOf(ctx, 'service.create', id, { from: null, to: prepared.spec }),
      );
      events.publish(new ServiceCreated(id, prepared.spec.name, 1));
      return requireLive(this.parts, id).doc;
    });
  }

  async setDesired(
    id: string,
    desired: DesiredState,
    ctx: ChangeContext,
    how: { readonly ifMatch?: string | number; readonly graph: (() => DependencyGraph) | null },
  ): Promise<ServiceDocument> {
    const { repository, rules, locks, events, clock } = this.parts;
    return locks.onService(id, async () => {
      const { doc: service, version } = requireLive(this.parts, id);
      rules.requireFresh(service, how.ifMatch);
      if (service.desired === desired) return service;
      refuseDesired(service, desired);
      if (how.graph !== null) rules.requireUnneeded(id, how.graph());
      const given = await giveUpCandidate(this.parts, service);
      const reason = `the service is to be ${desired}`;
      const next = withDesired(service, desired, clock.timestamp());
      const commit = repository.commit([putService(next, version), ...given.changes], {
        ...metaOf(ctx, `service.${DESIRED_VERBS[desired]}`, id),
        diff: desiredDiff(service.desired, desired),
        ...(desired === 'archived' || desired === 'inactive' ? { frees_space: true } : {}),
      });
      await orStale(this.parts, id, how.ifMatch, commit);
      if (given.revision !== null)
        events.publish(new RevisionDiscarded(id, given.revision, reason));
      events.publish(new DesiredStateChanged(id, desired));
      return requireLive(this.parts, id).doc;
    });
  }

  /** The former name is nobody's again. One that the service does not have is fine. */
  async dropFormerName(
    id: string,
    name: string,
    ctx: ChangeContext,
    ifMatch: string | number | undefined,
  ): Promise<ServiceDocument> {
    const { repository, rules, locks, clock } = this.parts;
    return locks.onService(id, async () => {
      const { doc: service, version } = requireLive(this.parts, id);
      rules.requireFresh(service, ifMatch);
      if (!service.former_names.includes(name)) return service;
      const next = withoutFormerName(service, name, clock.timestamp());
      const meta = {
        ...metaOf({ ...ctx, reason: ctx.reason ?? name }, 'service.drop-alias', id),
        diff: [{ op: 'remove', path: '/former_names', from: name }],
      };
      await orStale(this.parts, id, ifMatch, repository.commit([putService(next, version)], meta));
      return requireLive(this.parts, id).doc;
    });
  }

  /** Ends a fault of the file of a service; see `rewriteIfFaulty`. */
  async rewrite(id: string, ctx: ChangeContext): Promise<boolean> {
    return this.parts.locks.onService(id, () => rewriteIfFaulty(this.parts, id, ctx));
  }
}

const DESIRED_VERBS: Readonly<Record<DesiredState, string>> = {
  draft: 'draft',
  active: 'activate',
  inactive: 'deactivate',
  archived: 'delete',
};

/** Throws `registry.desired-refused`. */
export function refuseDesired(service: ServiceDocument, desired: DesiredState): void {
  const isRefused = desired === 'draft' || (desired === 'inactive' && service.desired === 'draft');
  if (!isRefused) return;
  throw registryProblems['desired-refused']({
    detail: `"${service.spec.name}" is to be ${service.desired} and cannot be made ${desired}.`,
    extra: { service_id: service.service_id, desired: service.desired },
  });
}
