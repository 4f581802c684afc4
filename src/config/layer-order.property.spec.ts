import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { configServices } from '../../test/contract/registry/config-fixture.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import {
  referenceMerge,
  referenceProvenance,
  type ReferenceLayer,
} from '../../test/support/merge-reference.js';
import type { JsonObject } from '../kernel/json.js';
import { MemoryStore } from '../storage/memory.store.js';
import { DEFAULT_CONFIG } from './defaults.js';
import type { TemplateDocument } from './template.js';

const RUNS = 400;
const OVERLAID = 'prod';

const names = fc.constantFrom('A', 'B', 'C');
const own = fc.dictionary(names, fc.option(fc.constantFrom<string | string[]>('x', 'y', ['z'])), {
  maxKeys: 3,
});
const layer: fc.Arbitrary<JsonObject> = fc.record(
  {
    runtime: fc.record(
      { warm: fc.option(fc.nat(3)), env: fc.dictionary(names, fc.constantFrom('x', 'y')) },
      { requiredKeys: [] },
    ),
    extensions: fc.record({ owner: fc.option(own) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;
const overlays = fc.record({ prod: layer, dev: layer }, { requiredKeys: [] });
const member = fc.record({ config: layer, overlays });

async function chainOf(members: readonly { config: JsonObject; overlays: JsonObject }[]) {
  const store = new MemoryStore(new ManualClock());
  await store.open();
  const templates = members.map((one, index): TemplateDocument => {
    const below = index === 0 ? null : `t${index - 1}@1`;
    const [schema_version, template_id, revision] = ['1.0', `t${index}`, 1];
    const rest = { title: template_id, description: '', extends: below };
    return { schema_version, template_id, revision, ...rest, ...one } as TemplateDocument;
  });
  for (const doc of templates) {
    const change = { kind: 'template' as const, id: doc.template_id, op: 'put' as const, doc };
    await store.commit([change], { actor: 'a', source: 'api', verb: 'v' });
  }
  return store;
}

/** Plain layers from the root of the chain to the service, then the overlays of the environment in the same order. */
function layersOf(
  members: readonly { config: JsonObject; overlays: JsonObject }[],
  service: { config: JsonObject; overlays: JsonObject },
): ReferenceLayer[] {
  const all = [
    ...members.map((one, index) => ({ ...one, name: `template:t${index}@1` })),
    { ...service, name: 'service' },
  ];
  return [
    ...all.map(({ name, config }) => ({ name, fragment: config })),
    ...all.flatMap(({ name, overlays: by }) =>
      Object.hasOwn(by, OVERLAID)
        ? [{ name: `overlay:${OVERLAID}:${name}`, fragment: by[OVERLAID] as JsonObject }]
        : [],
    ),
  ];
}

describe('the layers of a service', () => {
  it('are the chain, the service, then the overlays of this environment, each named in the provenance', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(member, { minLength: 1, maxLength: 5 }),
        member,
        async (members, service) => {
          const store = await chainOf(members);
          const { configs } = await configServices(store, { environment: OVERLAID });
          const { config } = service;
          const runtime = { ...(config['runtime'] as JsonObject | undefined), command: 'node' };
          const written = { config: { ...config, runtime }, overlays: service.overlays };
          const resolved = await configs.resolve({
            type: 'executable',
            hosting_mode: 'stdio',
            extends: `t${members.length - 1}`,
            config: { ...written.config, overlays: written.overlays },
          });
          const layers = layersOf(members, written);
          const said = referenceMerge(layers);
          expect(resolved.effective.extensions).toEqual(said['extensions'] ?? {});
          expect(resolved.effective.runtime).toMatchObject(said['runtime'] as JsonObject);
          const defaults = DEFAULT_CONFIG as unknown as JsonObject;
          const expected = referenceProvenance(defaults, layers);
          for (const [at, name] of Object.entries(expected)) {
            if (!at.startsWith('/monitoring'))
              expect([at, resolved.provenance[at]]).toEqual([at, name]);
          }
        },
      ),
      { numRuns: RUNS, seed: 5 },
    );
  }, 60_000);
});
