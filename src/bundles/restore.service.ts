import { Injectable } from '@nestjs/common';
import { configProblems } from '../config/config.errors.js';
import type { EffectiveConfigService } from '../config/effective-config.service.js';
import type { TemplateDocument } from '../config/template.js';
import type { FileSystem } from '../kernel/file-system.js';
import { equalJson } from '../kernel/json.js';
import { ProblemError, type FieldError } from '../kernel/problem.js';
import type { Random } from '../kernel/random.js';
import type { PreparedSpec } from '../registry/prepared-spec.js';
import type { RegistryService } from '../registry/registry.service.js';
import type { ChangeContext, ServiceDocument } from '../registry/service.js';
import type { RoutesService } from '../routes/routes.service.js';
import type { RecordStore } from '../storage/record-store.js';
import { isOutOfSpace, storageProblems } from '../storage/storage.errors.js';
import type { BackupManifest, LostRecord } from './backup-document.js';
import type { BackupShelf } from './backup-shelf.js';
import { refusingFaults, type BackupsService } from './backups.service.js';
import { bundlesProblems } from './bundles.errors.js';
import { outcomesOf, type RestoredService, type Waiting } from './restore-outcome.js';
import {
  isAsWanted,
  planHistory,
  planServices,
  targetsOf,
  type PresentState,
  type RestoreItem,
  type RestorePlan,
} from './restore-plan.js';
import { planRecords, planTemplates, takenTemplates } from './restore-records.js';
import { routeConflicts } from './restore-routes.js';
import { unpackBackup, type UnpackedBackup } from './restore-scratch.js';
import { assembleSet, pointerOf, type RestoreSet } from './restore-set.js';

export interface RestoreOptions {
  readonly dryRun: boolean;
  /** What the backup does not have stays as it is; else it is archived or removed. */
  readonly keepOthers: boolean;
  /** Services and templates that do not fit here are left out; else they refuse the whole. */
  readonly skipInvalid: boolean;
  readonly waitMs: number;
}

export interface RestoreConflict {
  readonly name: string;
  readonly code: string;
  readonly detail: string;
}

export interface RestoreResult {
  readonly outcome: 'planned' | 'unchanged' | 'restored' | 'pending' | 'incomplete';
  readonly manifest: BackupManifest;
  /** The store revision after it. */
  readonly revision: number;
  readonly items: readonly RestoreItem[];
  /** What a restore would be refused with; only of a dry run. */
  readonly conflicts: readonly RestoreConflict[];
  readonly services: readonly RestoredService[];
  readonly lost: readonly LostRecord[];
  /** Revisions of the history that were too many for one commit: the oldest. */
  readonly historyLeftOut: number;
}

export interface RestoreParts {
  readonly backups: BackupsService;
  readonly shelf: BackupShelf;
  readonly fileSystem: FileSystem;
  readonly random: Random;
  readonly store: RecordStore;
  readonly registry: RegistryService;
  readonly configs: Pick<EffectiveConfigService, 'templateFaultsOf'>;
  readonly routes: Pick<RoutesService, 'exclusively' | 'publish' | 'refuse'>;
  readonly lifecycle: Waiting;
}

interface Draft extends RestorePlan {
  readonly set: RestoreSet;
  readonly unpacked: UnpackedBackup;
  readonly prepared: ReadonlyMap<string, PreparedSpec>;
  readonly historyLeftOut: number;
}

/**
 * Brings the registry to what a backup says, as one ordinary commit: the journal, the audit and the change feed go on from
 * where they are. Invariant: nothing is changed before the whole backup was checked.
 */
@Injectable()
export class RestoreService {
  constructor(private readonly parts: RestoreParts) {}

  /**
   * Throws `bundles.backup-unknown`, `-backup-damaged`, `-backup-newer`, `-backup-busy`, `-restore-refused`,
   * `registry.batch-refused` and the conflicts of routes.
   */
  async restore(
    backupId: string,
    ctx: ChangeContext,
    options: RestoreOptions,
  ): Promise<RestoreResult> {
    const { backups, lifecycle, routes } = this.parts;
    const stage = await backups.exclusively('a restore', async () => {
      const unpacked = await this.unpack(backupId);
      return routes.exclusively(async () => {
        const draft = await this.draft(unpacked, options);
        if (options.dryRun) return this.planned(draft, options);
        return this.commit(backupId, draft, ctx, options);
      });
    });
    if ('outcome' in stage) return stage;
    await routes.publish();
    const services = await outcomesOf(
      stage.draft.changes,
      stage.batch.services,
      lifecycle,
      options.waitMs,
    );
    const outcome = outcomeOf(stage.draft, services);
    return { ...resultOf(stage.draft, stage.batch.revision), outcome, services };
  }

  private async unpack(backupId: string): Promise<UnpackedBackup> {
    const { backups, shelf, random, fileSystem } = this.parts;
    const files = await backups.read(backupId);
    const scratch = await shelf.makeScratch(random.bytes(4).toString('hex'));
    try {
      return await refusingFaults(backupId, () => unpackBackup(fileSystem, scratch, files));
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
      const detail = 'There is no room to unpack the backup; nothing was changed.';
      throw storageProblems['disk-full']({ detail, cause: error });
    } finally {
      await shelf.removeTree(scratch).catch(() => undefined);
    }
  }

  private async draft(unpacked: UnpackedBackup, options: RestoreOptions): Promise<Draft> {
    const present = this.present();
    const faults: FieldError[] = [];
    const whole = assembleSet(unpacked.records, faults);
    if (faults.length > 0) throw refused(faults);
    const unfit = new Map<string, string>();
    const { set, skipped } = await this.withoutUnfitTemplates(whole, faults);
    const prepared = await this.prepareAll(set, present, unfit, faults);
    if (faults.length > 0 && !options.skipInvalid) throw refused(faults);
    const scope = { keepOthers: options.keepOthers, unfit };
    const services = planServices(set, present, prepared, scope);
    const templates = planTemplates(set, present, scope);
    const records = planRecords(set, present, scope);
    const history = planHistory(set, present, services.changes);
    return {
      set,
      unpacked,
      prepared,
      items: [services.items, [...templates.items, ...skipped], records.items].flatMap((some) =>
        byName<RestoreItem>(some),
      ),
      changes: services.changes,
      extra: [...templates.extra, ...records.extra, ...history.extra],
      historyLeftOut: history.leftOut,
    };
  }

  private present(): PresentState {
    const { registry, store } = this.parts;
    const archived = new Set(store.ids('archive').map(({ id }) => id));
    return {
      services: registry.list(),
      isArchived: (id) => archived.has(id),
      hasHistory: (id) => store.ids('revision', `${id}/`).length > 0,
      get: (kind, id) => store.get(kind, id),
      list: (kind) => store.list(kind),
    };
  }

  /** Templates are judged as a write of them is: by their form, and by the policies of this gateway. */
  private async withoutUnfitTemplates(
    set: RestoreSet,
    faults: FieldError[],
  ): Promise<{ set: RestoreSet; skipped: RestoreItem[] }> {
    const skipped: RestoreItem[] = [];
    const isFit = async (
      kind: 'template' | 'template_revision',
      id: string,
      doc: TemplateDocument,
    ): Promise<boolean> => {
      const found = await this.parts.configs.templateFaultsOf(doc);
      const base = pointerOf({ kind, id });
      for (const { pointer, detail } of found) faults.push({ pointer: base + pointer, detail });
      const [first] = found;
      if (first === undefined) return true;
      const detail = `${first.pointer} ${first.detail}`;
      skipped.push({ kind: 'template', id, name: id, action: 'skip', detail });
      return false;
    };
    const templates = new Map<string, TemplateDocument>();
    for (const [id, doc] of set.templates) {
      if (await isFit('template', id, doc)) templates.set(id, doc);
    }
    const templateRevisions: TemplateDocument[] = [];
    for (const doc of set.templateRevisions) {
      const id = `${doc.template_id}/${doc.revision}`;
      if (await isFit('template_revision', id, doc)) templateRevisions.push(doc);
    }
    return { set: { ...set, templates, templateRevisions }, skipped };
  }

  /** Resolves what is to change against the templates of the backup, and by the policies of this gateway. */
  private async prepareAll(
    set: RestoreSet,
    present: PresentState,
    unfit: Map<string, string>,
    faults: FieldError[],
  ): Promise<Map<string, PreparedSpec>> {
    const prepared = new Map<string, PreparedSpec>();
    const targets = targetsOf(set, present.services);
    const pending = [...set.templates.values(), ...set.templateRevisions];
    for (const [id, wanted] of set.services) {
      const stored = targets.get(id)?.stored;
      if (stored !== undefined && isAsWanted(wanted, stored)) continue;
      try {
        prepared.set(id, await this.prepare(wanted, stored, pending));
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        unfit.set(id, `${error.code}: ${error.message}`);
        const base = `${pointerOf({ kind: 'service', id })}/spec`;
        const own = error.details.errors ?? [{ pointer: '', detail: error.message }];
        for (const { pointer, detail } of own) faults.push({ pointer: base + pointer, detail });
      }
    }
    return prepared;
  }

  private prepare(
    wanted: ServiceDocument,
    stored: ServiceDocument | undefined,
    pending: readonly TemplateDocument[],
  ): Promise<PreparedSpec> {
    const { registry } = this.parts;
    if (stored !== undefined && equalJson(stored.spec, wanted.spec)) {
      const { spec, effective, command_file } = stored;
      return Promise.resolve({ spec, effective, command_file, provenance: {} });
    }
    return registry.prepare(registry.validate(wanted.spec), pending);
  }

  private async planned(draft: Draft, options: RestoreOptions): Promise<RestoreResult> {
    const { registry, store } = this.parts;
    const faults = draft.changes.length === 0 ? [] : await registry.judgeBatch(draft.changes);
    const conflicts = byName(
      faults.map(({ name, problem }) => ({ name, code: problem.code, detail: problem.message })),
    );
    try {
      this.refuseOthers(draft, options);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      conflicts.push({ name: 'others', code: error.code, detail: error.message });
    }
    return { ...resultOf(draft, store.revision), outcome: 'planned', conflicts };
  }

  private async commit(
    backupId: string,
    draft: Draft,
    ctx: ChangeContext,
    options: RestoreOptions,
  ) {
    const { registry } = this.parts;
    this.refuseOthers(draft, options);
    const { store_revision, created_at } = draft.unpacked.manifest;
    const reason = ctx.reason ?? `revision ${store_revision} of ${created_at}`;
    const batch = await registry.applyBatch(
      draft.changes,
      { ...ctx, reason },
      { verb: 'backup.restore', subject: backupId, extra: draft.extra },
    );
    return { draft, batch };
  }

  /** What stays may not lose a path, nor stand on another template than before. */
  private refuseOthers(draft: Draft, { keepOthers }: RestoreOptions): void {
    if (!keepOthers) return;
    const { registry, routes, store } = this.parts;
    const taken = takenTemplates(draft.set, this.present());
    if (taken.length > 0) {
      const detail = `Other content has the number of ${taken.join(', ')} here.`;
      throw configProblems['template-revision-taken'](detail);
    }
    const present = registry.list();
    routes.refuse(routeConflicts(draft.set, draft.prepared, present, store.list('route')));
  }
}

function refused(faults: readonly FieldError[]): ProblemError {
  const [first] = faults;
  const detail = `${faults.length} faults; the first: ${first?.pointer ?? ''} ${first?.detail ?? ''}`;
  return bundlesProblems['restore-refused']({ detail, errors: faults.slice(0, 100) });
}

function resultOf(draft: Draft, revision: number): Omit<RestoreResult, 'outcome'> {
  const { unpacked, items, historyLeftOut } = draft;
  const { manifest, lost } = unpacked;
  return { manifest, revision, items, conflicts: [], services: [], lost, historyLeftOut };
}

function outcomeOf(draft: Draft, services: readonly RestoredService[]): RestoreResult['outcome'] {
  if (draft.changes.length === 0 && draft.extra.length === 0) return 'unchanged';
  if (services.some(({ outcome }) => outcome === 'pending')) return 'pending';
  return services.some(({ outcome }) => outcome === 'failed') ? 'incomplete' : 'restored';
}

/** A plan is read by people: the order of ids is nobody's. */
function byName<T extends { readonly name: string | null }>(items: readonly T[]): T[] {
  return [...items].sort((left, right) => ((left.name ?? '') < (right.name ?? '') ? -1 : 1));
}
