import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../kernel/json.js';
import { MAX_DIFF_STEPS, redactedDiff } from './redacted-diff.js';
import { normaliseSpec } from './service-spec.js';
import type { ServiceSpec } from './service.js';

const specWith = (config: JsonObject): ServiceSpec => normaliseSpec({ name: 'a', config });

describe('redactedDiff', () => {
  it('shows that a variable changed, and never to what', () => {
    const from = specWith({ runtime: { env: { A: 'alpha', KEPT: 'kept' } } });
    const to = specWith({ runtime: { env: { A: 'beta', KEPT: 'kept' } } });
    expect(redactedDiff(from, to)).toEqual([
      { op: 'replace', path: '/config/runtime/env/A', from: '[redacted]', value: '[redacted]' },
    ]);
  });

  it('shows references, without what stands around them', () => {
    const to = specWith({ network: { headers: { authorization: 'Bearer ${env:A}' } } });
    const diff = JSON.stringify(redactedDiff(specWith({}), to));
    expect(diff).toContain('${env:A}');
    expect(diff).not.toContain('Bearer');
  });

  it.each<[string, JsonObject]>([
    ['variables', { runtime: { env: { A: 'hidden-text' } } }],
    ['headers', { network: { headers: { 'x-a': 'hidden-text' } } }],
    ['certificates', { network: { tls: { cert: 'hidden-text' } } }],
    ['overlays', { overlays: { prod: { runtime: { env: { A: 'hidden-text' } } } } }],
  ])('hides %s wherever the step begins', (_what, config) => {
    expect(JSON.stringify(redactedDiff(null, specWith(config)))).not.toContain('hidden-text');
    expect(JSON.stringify(redactedDiff(specWith(config), null))).not.toContain('hidden-text');
    expect(JSON.stringify(redactedDiff(specWith({}), specWith(config)))).not.toContain(
      'hidden-text',
    );
    expect(JSON.stringify(redactedDiff(specWith(config), specWith({})))).not.toContain(
      'hidden-text',
    );
  });

  it('shows the rest', () => {
    const to = specWith({ runtime: { args: ['-y', 'x'], warm: 2 } });
    expect(JSON.stringify(redactedDiff(null, to))).toContain('"args":["-y","x"]');
  });

  it('keeps audit entries short', () => {
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, n) => [`o${n}`, n]));
    const diff = redactedDiff(specWith({ extensions: {} }), specWith({ extensions: many }));
    expect(diff).toHaveLength(MAX_DIFF_STEPS + 1);
    expect(diff.at(-1)).toEqual({ op: 'omitted', steps: 50 });
    const long = redactedDiff(null, { ...specWith({}), description: 'x'.repeat(4000) });
    expect(JSON.stringify(long).length).toBeLessThan(1500);
  });
});
