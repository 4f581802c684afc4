import type { CommitMeta, RecordChange } from '../storage/record-store.js';
import type { PreparedSpec } from './prepared-spec.js';
import { redactedDiff } from './redacted-diff.js';
import { revisionId } from './service.repository.js';
import type {
  ArchiveDocument,
  ChangeContext,
  DesiredState,
  RevisionDocument,
  ServiceDocument,
  ServiceSpec,
} from './service.js';

/** Form of services, revisions and archived services; a change of it needs a step in `storage/migrations`. */
export const REGISTRY_SCHEMA_VERSION = '1.1';

/** Documents of the registry as each change leaves them, and the audit entries. Pure: time and ids are given. */
export interface RevisionFacts {
  readonly service_id: string;
  readonly revision: number;
  readonly at: string;
  readonly actor: string;
  readonly reason: string | null;
  readonly outcome: RevisionDocument['outcome'];
  /** Stored when it is true. */
  readonly allow_breaking?: boolean;
}

export function newRevision(prepared: PreparedSpec, facts: RevisionFacts): RevisionDocument {
  return {
    schema_version: REGISTRY_SCHEMA_VERSION,
    service_id: facts.service_id,
    revision: facts.revision,
    spec: prepared.spec,
    effective: prepared.effective,
    command_file: prepared.command_file,
    created_at: facts.at,
    actor: facts.actor,
    reason: facts.reason,
    outcome: facts.outcome,
    pinned: false,
    tools: null,
    ...(facts.allow_breaking === true ? { allow_breaking: true } : {}),
  };
}

export function newService(revision: RevisionDocument, desired: DesiredState): ServiceDocument {
  return {
    schema_version: REGISTRY_SCHEMA_VERSION,
    service_id: revision.service_id,
    spec: revision.spec,
    effective: revision.effective,
    command_file: revision.command_file,
    revision: revision.revision,
    candidate: null,
    desired,
    generation: 1,
    former_names: [],
    created_at: revision.created_at,
    updated_at: revision.created_at,
  };
}

/** The service with `revision` as its current one. A name that it gives up becomes a former one. */
export function withCurrent(
  service: ServiceDocument,
  revision: RevisionDocument,
  at: string,
): ServiceDocument {
  const name = revision.spec.name;
  const former = [...service.former_names, service.spec.name].filter((one) => one !== name);
  return {
    ...service,
    spec: revision.spec,
    effective: revision.effective,
    command_file: revision.command_file,
    revision: revision.revision,
    candidate: null,
    generation: service.generation + 1,
    former_names: [...new Set(former)],
    updated_at: at,
  };
}

export function withDesired(
  service: ServiceDocument,
  desired: DesiredState,
  at: string,
): ServiceDocument {
  return {
    ...service,
    desired,
    candidate: null,
    generation: service.generation + 1,
    updated_at: at,
  };
}

export function withoutFormerName(
  service: ServiceDocument,
  name: string,
  at: string,
): ServiceDocument {
  return {
    ...service,
    former_names: service.former_names.filter((former) => former !== name),
    generation: service.generation + 1,
    updated_at: at,
  };
}

export function archiveOf(
  service: ServiceDocument,
  ctx: ChangeContext,
  at: string,
): ArchiveDocument {
  return {
    schema_version: REGISTRY_SCHEMA_VERSION,
    service: { ...service, candidate: null, desired: 'archived' },
    deleted_at: at,
    actor: ctx.actor,
    reason: ctx.reason,
  };
}

/** `expect` is the version the record must have; `null` = it must not exist. */
export function putService(doc: ServiceDocument, expect: number | null): RecordChange {
  return { kind: 'service', id: doc.service_id, op: 'put', doc, expect };
}

export function putRevision(doc: RevisionDocument, expect?: number | null): RecordChange {
  const id = revisionId(doc.service_id, doc.revision);
  return { kind: 'revision', id, op: 'put', doc, ...(expect === undefined ? {} : { expect }) };
}

/** The audit entry of a change of `subject`. Secrets in the specs are redacted. */
export function metaOf(
  ctx: ChangeContext,
  verb: string,
  subject: string,
  specs?: { readonly from: ServiceSpec | null; readonly to: ServiceSpec | null },
): CommitMeta {
  return {
    actor: ctx.actor,
    source: ctx.source,
    verb,
    subject,
    ...(ctx.reason === null ? {} : { reason: ctx.reason }),
    ...(ctx.requestId === null ? {} : { request_id: ctx.requestId }),
    ...(specs === undefined ? {} : { diff: redactedDiff(specs.from, specs.to) }),
  };
}

/** What a change of what is wanted of a service is in its audit entry. */
export function desiredDiff(from: DesiredState, value: DesiredState): readonly object[] {
  return [{ op: 'replace', path: '/desired', from, value }];
}

/** In whose name the gateway acts of its own accord. */
export function systemContext(source: 'reconciler' | 'boot', reason: string | null): ChangeContext {
  return {
    actor: 'system',
    source,
    requestId: null,
    reason,
    scopes: new Set(),
    services: null,
  };
}
