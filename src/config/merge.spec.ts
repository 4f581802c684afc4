import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CHECK_KINDS, DEFAULT_CHECKS, DEFAULT_CONFIG } from './defaults.js';
import { mergeLayers } from './merge.js';
import type { ConfigFragment } from './service-config.js';

const merge = (...fragments: ConfigFragment[]): ReturnType<typeof mergeLayers> =>
  mergeLayers(fragments.map((fragment, index) => ({ name: `layer${index}`, fragment })));

describe('mergeLayers', () => {
  it('fills in from which severity on a webhook is told', () => {
    const webhooks = [{ url: 'https://a.example', secret: '${env:SWITCHYARD_SECRET_A}' }];
    const { effective } = merge({ integration: { webhooks } });
    expect(effective.integration.webhooks).toEqual([{ ...webhooks[0], min_severity: 'warning' }]);
  });

  it('answers the defaults, checks included, when no layer says anything', () => {
    const { effective, provenance } = merge();
    expect(effective).toEqual({
      ...DEFAULT_CONFIG,
      monitoring: {
        ...DEFAULT_CONFIG.monitoring,
        checks: Object.values(DEFAULT_CHECKS),
      },
    });
    expect(new Set(Object.values(provenance))).toEqual(new Set(['defaults']));
  });

  it('lets the higher layer win field by field, and names the layer of each value', () => {
    const { effective, provenance } = merge(
      { runtime: { max_in_flight: 10, warm: 1 } },
      { runtime: { warm: 2 } },
    );
    expect(effective.runtime).toMatchObject({ max_in_flight: 10, warm: 2, replicas: 1 });
    expect(provenance).toMatchObject({
      '/runtime/max_in_flight': 'layer0',
      '/runtime/warm': 'layer1',
      '/runtime/replicas': 'defaults',
    });
  });

  it('gives a deleted field its built-in default, and says so', () => {
    const { effective, provenance } = merge(
      { runtime: { max_in_flight: 10, env: { A: '1', B: '2' } }, network: { port: 99 } },
      { runtime: { max_in_flight: null, env: { A: null } }, network: null },
    );
    expect(effective.runtime.max_in_flight).toBe(64);
    expect(effective.runtime.env).toEqual({ B: '2' });
    expect(effective.network).toEqual(DEFAULT_CONFIG.network);
    expect(provenance['/runtime/max_in_flight']).toBe('defaults');
    expect(provenance['/runtime/env/B']).toBe('layer0');
    expect(provenance['/network/port']).toBe('defaults');
  });

  it('replaces lists whole', () => {
    const { effective, provenance } = merge(
      { runtime: { args: ['a', 'b'] } },
      { runtime: { args: ['c'] } },
    );
    expect(effective.runtime.args).toEqual(['c']);
    expect(provenance['/runtime/args']).toBe('layer1');
  });

  it('keeps extensions and the nulls in lists verbatim', () => {
    const { effective } = merge({ extensions: { a: { list: [null, { x: null }] } } });
    expect(effective.extensions).toEqual({ a: { list: [null, { x: null }] } });
  });

  it('does not read overlays', () => {
    const { effective } = merge({ overlays: { dev: { runtime: { warm: 9 } } } });
    expect(effective.runtime.warm).toBe(0);
    expect(effective).not.toHaveProperty('overlays');
  });

  it('completes the members of lists', () => {
    const { effective } = merge({
      network: { routes: [{ path: '/mcp/x' }] },
      integration: { dependencies: [{ service: 'b', tools: null }] },
      security: { rate_limit: { requests: 5 } },
    });
    expect(effective.network.routes).toEqual([{ path: '/mcp/x', priority: 0, version: null }]);
    expect(effective.integration.dependencies).toEqual([
      { service: 'b', version: null, tools: [], required: true },
    ]);
    expect(effective.security.rate_limit).toEqual({ requests: 5, window_ms: 60_000 });
  });

  it('gives a check the defaults of its kind and adds the kind that is not listed', () => {
    const { effective, provenance } = merge({
      monitoring: {
        checks: [{ kind: 'functional', tool: 'echo', timeout_ms: 50, pass_after: null }],
      },
    });
    expect(effective.monitoring.checks).toEqual([
      { ...DEFAULT_CHECKS.functional, tool: 'echo', arguments: {}, timeout_ms: 50 },
      ...Object.values(DEFAULT_CHECKS).filter(({ kind }) => kind !== 'functional'),
    ]);
    expect(provenance['/monitoring/checks']).toBe('layer0');
    expect(provenance['/monitoring/checks/1']).toBe('defaults');
  });

  it('keeps a check that is switched off', () => {
    const { effective } = merge({ monitoring: { checks: [{ kind: 'basic', enabled: false }] } });
    expect(effective.monitoring.checks.map(({ kind, enabled }) => [kind, enabled])).toEqual([
      ['basic', false],
      ...CHECK_KINDS.filter((kind) => kind !== 'basic').map((kind) => [kind, true]),
    ]);
  });

  it('answers a document that nobody can change, and changes no layer', () => {
    const fragment = { runtime: { args: ['a'] }, monitoring: { checks: [{ kind: 'basic' }] } };
    const before = JSON.stringify(fragment);
    const { effective } = merge(fragment);
    expect(Object.isFrozen(effective.runtime.args)).toBe(true);
    expect(JSON.stringify(fragment)).toBe(before);
    expect(Object.isFrozen(fragment.runtime.args)).toBe(false);
  });

  it('names a layer for every value, and only a layer that says it', () => {
    const env = fc.dictionary(fc.constantFrom('A', 'B', 'C'), fc.option(fc.string()));
    const layer = fc.record(
      { env, warm: fc.option(fc.nat(9)), args: fc.option(fc.array(fc.string())) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(layer, { maxLength: 4 }), (runtimes) => {
        const layers = runtimes.map((runtime, index) => ({
          name: String(index),
          fragment: { runtime },
        }));
        const { effective, provenance } = mergeLayers(layers);
        for (const [name, value] of Object.entries(effective.runtime.env)) {
          const by = provenance[`/runtime/env/${name}`];
          expect(runtimes[Number(by)]?.env?.[name]).toBe(value);
        }
        expect(provenance['/runtime/args']).toBeDefined();
        expect(provenance['/runtime/warm']).toBeDefined();
      }),
      { numRuns: 100, seed: 7 },
    );
  });
});
