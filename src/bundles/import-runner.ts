import { ProblemError } from '../kernel/problem.js';
import type { BatchResult } from '../registry/batch-change.js';
import type { ChangeContext } from '../registry/service.js';
import { bundlesProblems } from './bundles.errors.js';
import {
  countOutcomes,
  importedService,
  type ImportedService,
  type ImportReport,
} from './import-outcome.js';
import type { ImportOptions, ImportPlan, PlanItem } from './import-plan.js';
import { ImportPlanner, type PlannedImport } from './import-planner.js';
import type { ImportPorts } from './import-ports.js';
import type { ImportSource } from './import-source.js';

/**
 * Applies an import that was planned before, as one commit, and waits for what comes of it. Invariant: between the plan that
 * is compared and its commit no other path is claimed, and the commit itself checks the version of every record it changes.
 */
export class ImportRunner {
  readonly planner: ImportPlanner;

  constructor(private readonly ports: ImportPorts) {
    this.planner = new ImportPlanner(ports);
  }

  /** Throws `bundles.plan-stale`, or `bundles.import-refused` naming the items that are refused. */
  async run(
    source: ImportSource,
    options: ImportOptions & { readonly planHash: string; readonly wait_ms: number },
    ctx: ChangeContext,
  ): Promise<ImportReport> {
    const { planned, result } = await this.ports.routes.exclusively(async () => {
      const planned = await this.planner.plan(source, options, ctx);
      requireSame(planned.plan, options.planHash);
      requireApplicable(planned.plan);
      return { planned, result: await this.commit(planned, ctx, 'bundle.import') };
    });
    await this.ports.routes.publish(result.services.map(({ service_id }) => service_id));
    const services = await this.settle(planned, result, options.wait_ms);
    const { plan } = planned;
    return {
      plan_hash: plan.plan_hash,
      store_revision: result.revision,
      summary: countOutcomes(services),
      templates: plan.items
        .filter(({ kind, action }) => kind === 'template' && action !== 'no-op')
        .map(({ name, action, renamed_to }) => ({ name, action, renamed_to })),
      services,
      warnings: plan.warnings,
    };
  }

  /** One commit. What moved since the plan was made is a plan that does not hold any more. */
  async commit(planned: PlannedImport, ctx: ChangeContext, verb: string): Promise<BatchResult> {
    const { changes, records, plan } = planned;
    try {
      return await this.ports.registry.applyBatch(changes, ctx, {
        verb,
        subject: `plan ${plan.plan_hash.slice(0, 12)}`,
        extra: records,
      });
    } catch (error) {
      const codes = ['registry.batch-refused', 'storage.version-conflict'];
      if (!(error instanceof ProblemError) || !codes.includes(error.code)) throw error;
      const { errors } = error.details;
      const more = errors === undefined ? {} : { errors };
      throw bundlesProblems['plan-stale']({ detail: error.message, ...more, cause: error });
    }
  }

  private settle(
    planned: PlannedImport,
    result: BatchResult,
    waitMs: number,
  ): Promise<ImportedService[]> {
    return Promise.all(
      result.services.map(async (service, index) => {
        const item = planned.plan.items[planned.itemOfChange[index] ?? -1];
        const change = planned.changes[index];
        if (item === undefined || change === undefined) throw new Error('A change has no item.');
        const desired = change.desired ?? 'active';
        const wanted = desired === 'active' || desired === 'archived' ? desired : 'stored';
        const revision = wanted === 'active' ? service.revision : null;
        const settled = await this.ports.lifecycle.settled(service.service_id, revision, waitMs);
        return importedService(item, service, wanted, settled);
      }),
    );
  }
}

function requireSame({ plan_hash }: ImportPlan, given: string): void {
  if (plan_hash === given) return;
  throw bundlesProblems['plan-stale']({ detail: 'It would be another plan now.' });
}

const MAX_TOLD = 100;

function requireApplicable({ items }: ImportPlan): void {
  const refused = items.filter(({ action }: PlanItem) => action === 'conflict');
  const [first] = refused;
  if (first === undefined) return;
  const told = refused.slice(0, MAX_TOLD);
  throw bundlesProblems['import-refused']({
    detail: `${String(refused.length)} of ${String(items.length)} items are refused; the first is "${first.name}": ${first.problem?.detail ?? first.reason}`,
    errors: told.flatMap(({ problem }) => problem?.errors ?? []),
    extra: {
      items: told.map(({ kind, name, service_id, problem }) => ({
        kind,
        name,
        service_id,
        problem,
      })),
    },
  });
}
