import { bundleJson, bundleYaml } from '../../../src/bundles/bundle-text.js';
import type { Bundle } from '../../../src/bundles/bundle.js';
import { exportBundle } from '../../../src/bundles/export-bundle.js';
import { ImportRunner } from '../../../src/bundles/import-runner.js';
import type { ImportReport } from '../../../src/bundles/import-outcome.js';
import type { ConflictPolicy, ImportPlan } from '../../../src/bundles/import-plan.js';
import { readImport } from '../../../src/bundles/import-source.js';
import { templateSide } from '../../../src/bundles/import-templates.js';
import type { TemplateService } from '../../../src/config/template.service.js';
import { SystemRandom } from '../../../src/kernel/random.js';
import { KeyedSerial } from '../../../src/kernel/serial.js';
import type { RegistryService } from '../../../src/registry/registry.service.js';
import type { ChangeContext } from '../../../src/registry/service.js';
import { parsedClaimsOf, type RouteDocument } from '../../../src/routes/route-claims.js';
import { judgeTogether } from '../../../src/routes/route-judgement.js';
import type { RecordStore } from '../../../src/storage/record-store.js';
import { configServices } from '../registry/config-fixture.js';
import { registryFixture } from '../registry/registry-fixture.js';

export const ADMIN: ChangeContext = {
  actor: 'root',
  source: 'api',
  requestId: null,
  reason: null,
  scopes: new Set(['admin']),
  services: null,
};

/** What bundles see of a gateway, over a store in memory; services settle at once, as if each were proven. */
export interface BundleGateway {
  readonly registry: RegistryService;
  readonly templates: TemplateService;
  readonly store: RecordStore;
  readonly runner: ImportRunner;
  bundle(): Bundle;
  json(): Promise<string>;
  yaml(): Promise<string>;
  plan(body: unknown, conflict?: ConflictPolicy, prune?: boolean): Promise<ImportPlan>;
  /** Plans and applies the plan. */
  import(body: unknown, conflict?: ConflictPolicy, prune?: boolean): Promise<ImportReport>;
  apply(body: unknown, plan: ImportPlan): Promise<ImportReport>;
}

export async function bundleGateway(secrets: readonly string[] = []): Promise<BundleGateway> {
  const { registry, store } = await registryFixture();
  const { templates, configs } = await configServices(store);
  const random = new SystemRandom();
  const serial = new KeyedSerial();
  const extraRoutesOf = (id: string) =>
    store.list<RouteDocument>('route').filter(({ doc }) => doc.service_id === id);
  const runner = new ImportRunner({
    registry,
    templates: templateSide(templates, configs),
    routes: {
      extraRoutesOf,
      isRoute: (id) => store.get('route', id) !== undefined,
      checkTogether: (changed) => {
        const apart = new Set(changed.map((one) => one.service_id));
        const staying = registry.list().filter((one) => !apart.has(one.service_id));
        return judgeTogether(changed, staying.flatMap(parsedClaimsOf));
      },
      exclusively: (task) => serial.run('claims', task),
      publish: () => Promise.resolve(),
    },
    lifecycle: {
      settled: (id) => {
        const state = registry.find(id)?.desired === 'active' ? 'active' : 'inactive';
        return Promise.resolve({ done: true, state, failure: null, promoted: true });
      },
    },
    missingSecret: (text) => Promise.resolve(secrets.includes(text) ? null : text),
    uuid: () => random.uuid(),
    timestamp: () => '2026-01-01T00:00:00.000Z',
  });
  const bundle = (): Bundle =>
    exportBundle({
      services: registry.list().filter((one) => one.desired !== 'archived'),
      extraRoutesOf: (id) => extraRoutesOf(id).map(({ doc }) => doc),
      templates: templates.list().filter((one) => !one.built_in),
      findTemplate: (template_id, revision) =>
        templates.isBuiltIn(template_id) ? undefined : templates.find({ template_id, revision }),
    });
  const apply = (body: unknown, plan: ImportPlan): Promise<ImportReport> => {
    const { conflict, prune, plan_hash: planHash } = plan;
    return runner.run(readImport(body), { conflict, prune, planHash, wait_ms: 0 }, ADMIN);
  };
  const plan: BundleGateway['plan'] = async (body, conflict = 'fail', prune = false) =>
    (await runner.planner.plan(readImport(body), { conflict, prune }, ADMIN)).plan;
  return {
    registry,
    templates,
    store,
    runner,
    bundle,
    json: () => bundleJson(bundle()),
    yaml: () => bundleYaml(bundle()),
    plan,
    apply,
    import: async (body, conflict, prune) => apply(body, await plan(body, conflict, prune)),
  };
}
