import { describe, expect, it } from '@jest/globals';
import { settingsWith } from '../../test/contract/registry/config-fixture.js';
import type { JsonObject } from '../kernel/json.js';
import { policyOf } from './config-policy.js';
import { templateBodyFaults, templateContentOf } from './template-rules.js';
import { TEMPLATE_BODY_SCHEMA } from './template.schema.js';

const policy = policyOf(settingsWith());
const faults = (input: unknown): [string, string][] =>
  templateBodyFaults(input, policy).map(({ problem, pointer }) => [problem, pointer]);

describe('templateBodyFaults', () => {
  it('finds nothing wrong with a template that says all it can, or only its id', () => {
    expect(faults({ template_id: 'team' })).toEqual([]);
    expect(
      faults({
        template_id: 'team',
        title: 'Team',
        description: '',
        extends: 'function_service@1',
        config: { runtime: { env: { A_TOKEN: '${env:SWITCHYARD_SECRET_A}' } } },
        overlays: { prod: { runtime: { warm: 1 } }, dev: null },
      }),
    ).toEqual([]);
  });

  it.each<[string, unknown, [string, string][]]>([
    ['no object', 1, [['invalid', '']]],
    ['no id', {}, [['invalid', '/template_id']]],
    ['an id with a revision', { template_id: 'a@1' }, [['invalid', '/template_id']]],
    ['an unknown member', { template_id: 'a', colour: 1 }, [['invalid', '/colour']]],
    [
      'a dangerous name',
      JSON.parse('{"template_id":"a","__proto__":{}}'),
      [['invalid', '/__proto__']],
    ],
    ['a configuration that is none', { template_id: 'a', config: [] }, [['invalid', '/config']]],
    [
      'a layer too deep to be measured',
      JSON.parse(
        `{"template_id":"a","config":{"extensions":{"x":${'['.repeat(9000)}${']'.repeat(9000)}}}}`,
      ),
      [['invalid', `/config/extensions/x${'/0'.repeat(30)}`]],
    ],
    [
      'an overlay too deep to be measured',
      JSON.parse(
        `{"template_id":"a","overlays":{"prod":{"x":${'['.repeat(9000)}${']'.repeat(9000)}}}}`,
      ),
      [['invalid', `/overlays/prod/x${'/0'.repeat(29)}`]],
    ],
    ['overlays that are none', { template_id: 'a', overlays: 1 }, [['invalid', '/overlays']]],
    [
      'overlays in the configuration',
      { template_id: 'a', config: { overlays: {} } },
      [['invalid', '/config/overlays']],
    ],
    [
      'an unknown field that begins like them',
      { template_id: 'a', config: { overlaysX: 1 } },
      [['invalid', '/config/overlaysX']],
    ],
    [
      'a field of an overlay',
      { template_id: 'a', overlays: { dev: { runtime: { warm: -1 } } } },
      [['invalid', '/overlays/dev/runtime/warm']],
    ],
    [
      'a name of an environment',
      { template_id: 'a', overlays: { 'a b': {} } },
      [['invalid', '/overlays/a b']],
    ],
    [
      'secrets and variables in layer and overlay',
      {
        template_id: 'a',
        config: { runtime: { env: { LD_PRELOAD: 'x' } } },
        overlays: { dev: { network: { headers: { Authorization: 'Bearer abc' } } } },
      },
      [
        ['dangerous-env', '/config/runtime/env/LD_PRELOAD'],
        ['literal-secret', '/overlays/dev/network/headers/Authorization'],
      ],
    ],
    [
      'what is too large with its overlays',
      {
        template_id: 'a',
        config: { extensions: { a: 'x'.repeat(200_000) } },
        overlays: { dev: { extensions: { a: 'x'.repeat(100_000) } } },
      },
      [['too-large', '/config']],
    ],
  ])('finds %s', (_what, input, expected) => {
    expect(faults(input)).toEqual(expected);
  });

  it('ignores what the gateway reports, so that a template that was read can be sent back', () => {
    const reported = {
      schema_version: '1.0',
      revision: 3,
      reference: 'a@3',
      built_in: false,
      created_at: 'x',
      actor: 'x',
      outcome: 'updated',
      affected: [],
      links: {},
      warnings: [],
    };
    expect(faults({ template_id: 'a', ...reported })).toEqual([]);
  });
});

describe('templateContentOf', () => {
  it('fills in what is left out, and keeps no overlay that says nothing', () => {
    expect(templateContentOf({ template_id: 'a', overlays: { dev: null, prod: {} } })).toEqual({
      template_id: 'a',
      title: 'a',
      description: '',
      extends: null,
      config: {},
      overlays: { prod: {} },
    });
  });
});

describe('TEMPLATE_BODY_SCHEMA', () => {
  it('shows the five categories as its configuration, and the overlays beside it', () => {
    const { config, overlays } = TEMPLATE_BODY_SCHEMA['properties'] as Record<string, JsonObject>;
    const categories = Object.keys(config?.['properties'] ?? {});
    expect(categories).toEqual(
      expect.arrayContaining(['runtime', 'network', 'security', 'integration', 'monitoring']),
    );
    expect(categories).not.toContain('overlays');
    expect(overlays?.['type']).toBe('object');
  });
});
