import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readYaml } from '../../../src/bundles/bundle-text.js';
import { bundleGateway } from './bundle-fixture.js';
import { generatedBundle } from './generated-bundle.js';

/** By hand: `BUNDLE_RUNS=5000 npm run jest -- --selectProjects contract -- bundle-round`. */
const RUNS = Number(process.env['BUNDLE_RUNS'] ?? 500);

describe('export, import, export', () => {
  it(`gives the same bytes as JSON and as YAML, for ${String(RUNS)} generated registries`, async () => {
    let services = 0;
    await fc.assert(
      fc.asyncProperty(generatedBundle, fc.boolean(), async (generated, viaYaml) => {
        const first = await bundleGateway();
        const made = await first.import(generated);
        services += made.services.length;
        const json = await first.json();
        const yaml = await first.yaml();
        expect(json).not.toContain('2026-01-01');
        const second = await bundleGateway();
        await second.import(viaYaml ? yaml : JSON.parse(json));
        expect(await second.json()).toBe(json);
        expect(await second.yaml()).toBe(yaml);
        const again = await second.plan(viaYaml ? JSON.parse(json) : yaml);
        expect(again.summary['no-op']).toBe(again.items.length);
      }),
      { numRuns: RUNS, seed: 20260101 },
    );
    expect(services).toBeGreaterThan(RUNS);
  }, 900_000);

  it('says the same in both formats', async () => {
    await fc.assert(
      fc.asyncProperty(generatedBundle, async (generated) => {
        const gateway = await bundleGateway();
        await gateway.import(generated);
        const reading = readYaml(await gateway.yaml());
        expect('value' in reading ? reading.value : reading).toEqual(
          JSON.parse(await gateway.json()),
        );
      }),
      { numRuns: 100, seed: 7 },
    );
  }, 60_000);
});
