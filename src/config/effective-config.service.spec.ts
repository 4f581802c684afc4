import { describe, expect, it } from '@jest/globals';
import { configServices } from '../../test/contract/registry/config-fixture.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { JsonObject } from '../kernel/json.js';
import type { SettingsValues } from '../settings/settings.js';
import { MemoryStore } from '../storage/memory.store.js';
import type { ConfigSubject, EffectiveConfigService } from './effective-config.service.js';
import type { TemplateService } from './template.service.js';

async function services(
  values: Partial<SettingsValues> = {},
  ...templates: JsonObject[]
): Promise<{ templates: TemplateService; configs: EffectiveConfigService }> {
  const store = new MemoryStore(new ManualClock());
  await store.open();
  for (const doc of templates) {
    const id = String(doc['template_id']);
    const change = { kind: 'template' as const, id, op: 'put' as const, doc };
    await store.commit([change], { actor: 'a', source: 'api', verb: 'v' });
  }
  return configServices(store, values);
}

const subject = (config: JsonObject, more: Partial<ConfigSubject> = {}): ConfigSubject => ({
  type: 'executable',
  hosting_mode: 'stdio',
  extends: null,
  config,
  ...more,
});
const TEAM: JsonObject = {
  schema_version: '1.0',
  template_id: 'team',
  revision: 4,
  title: 'Team',
  description: '',
  extends: 'function_service',
  config: { runtime: { warm: 1, env: { REGION: 'eu', DEBUG: '1' } } },
  overlays: { prod: { runtime: { warm: 3, max_in_flight: 7 } } },
};

describe('EffectiveConfigService', () => {
  it('merges defaults, template and service, pins the template and the command', async () => {
    const { configs } = await services();
    const resolved = await configs.resolve(subject({ runtime: { command: 'npx' } }));
    expect(resolved.extends).toBe('executable_service@1');
    expect(resolved.command_file).toBe('/usr/lib/bin/npx-cli.js');
    expect(resolved.effective.runtime).toMatchObject({ command: 'npx', isolation: 'session' });
    expect(resolved.provenance).toMatchObject({
      '/runtime/command': 'service',
      '/runtime/isolation': 'template:executable_service@1',
      '/runtime/warm': 'defaults',
    });
  });

  it('puts the overlays of its environment above the service, in the order of the layers', async () => {
    const { configs } = await services({ environment: 'prod' }, TEAM);
    const config = {
      runtime: { command: 'node', warm: 2, env: { DEBUG: null } },
      overlays: { prod: { runtime: { max_in_flight: 9 } }, dev: { runtime: { warm: 8 } } },
    };
    const { effective, provenance, ...rest } = await configs.resolve(
      subject(config, { extends: 'team' }),
    );
    expect(rest.extends).toBe('team@4');
    expect(effective.runtime).toMatchObject({
      isolation: 'shared',
      warm: 3,
      max_in_flight: 9,
      env: { REGION: 'eu' },
    });
    expect(provenance).toMatchObject({
      '/runtime/warm': 'overlay:prod:template:team@4',
      '/runtime/max_in_flight': 'overlay:prod:service',
      '/runtime/isolation': 'template:function_service@1',
      '/runtime/env/REGION': 'template:team@4',
    });
  });

  it('leaves overlays of other environments out', async () => {
    const { configs } = await services({ environment: 'constructor' }, TEAM);
    const resolved = await configs.resolve(
      subject({ runtime: { command: 'node' } }, { extends: 'team' }),
    );
    expect(resolved.effective.runtime.warm).toBe(1);
  });

  it.each<[Partial<ConfigSubject>, JsonObject, string]>([
    [{ type: 'function' }, { runtime: { command: 'node' } }, 'function_service@1'],
    [{}, { runtime: { command: 'node' } }, 'executable_service@1'],
    [{ hosting_mode: 'sse' }, { network: { url: 'http://h/sse' } }, 'remote_sse_service@1'],
    [
      { hosting_mode: 'streamable_http' },
      { network: { url: 'http://h/mcp' } },
      'remote_http_service@1',
    ],
    [{ hosting_mode: 'sse' }, { runtime: { command: 'node' } }, 'executable_service@1'],
  ])('extends by type and hosting %j', async (more, config, template) => {
    const { configs } = await services();
    expect((await configs.resolve(subject(config, more))).extends).toBe(template);
  });

  it('shares a command that listens, and says why', async () => {
    const { configs } = await services();
    const listening = subject(
      { runtime: { command: 'node' } },
      { hosting_mode: 'streamable_http' },
    );
    const { effective, provenance } = await configs.resolve(listening);
    expect(effective.runtime.isolation).toBe('shared');
    expect(provenance['/runtime/isolation']).toBe('hosting_mode');
  });

  it.each<[string, ConfigSubject, string, number]>([
    ['a form fault', subject({ runtime: { x: 1 } }), 'config.invalid', 422],
    [
      'a literal secret',
      subject({ runtime: { command: 'npx', env: { A_TOKEN: 'x' } } }),
      'config.literal-secret',
      422,
    ],
    [
      'a dangerous variable',
      subject({ runtime: { command: 'npx', env: { PATH: '/x' } } }),
      'config.dangerous-env',
      422,
    ],
    [
      'a command that is not allowed',
      subject({ runtime: { command: 'bash' } }),
      'config.command-not-allowed',
      422,
    ],
    ['a stdio service without a command', subject({}), 'config.hosting-mismatch', 422],
    ['an unknown template', subject({}, { extends: 'none' }), 'config.template-unknown', 422],
    [
      'another revision of a template',
      subject({}, { extends: 'function_service@2' }),
      'config.template-unknown',
      422,
    ],
    [
      'a document that is too large',
      subject({ extensions: { a: 'x'.repeat(300_000) } }),
      'config.too-large',
      413,
    ],
  ])('refuses %s with its own problem', async (_what, refused, code, status) => {
    const { configs } = await services();
    await expect(configs.resolve(refused)).rejects.toMatchObject({ code, status });
  });

  it('reports faults of several kinds as one problem that lists all', async () => {
    const { configs } = await services();
    const env = { A_TOKEN: 'x', LD_PRELOAD: 'y' };
    await expect(
      configs.resolve(subject({ runtime: { command: 'npx', env } })),
    ).rejects.toMatchObject({
      code: 'config.invalid',
      details: {
        errors: [
          expect.objectContaining({ pointer: '/config/runtime/env/A_TOKEN' }),
          expect.objectContaining({ pointer: '/config/runtime/env/LD_PRELOAD' }),
        ],
      },
    });
  });

  it('reports the command together with what else is wrong with the merged document', async () => {
    const { configs } = await services();
    const config = { runtime: { command: 'bash', replicas: 20 }, network: { url: 'http://h/' } };
    await expect(configs.resolve(subject(config))).rejects.toMatchObject({
      details: {
        errors: [
          expect.objectContaining({ pointer: '/config/network/url' }),
          expect.objectContaining({ pointer: '/config/runtime/replicas' }),
          expect.objectContaining({ pointer: '/config/runtime/command' }),
        ],
      },
    });
  });

  it('says nothing about the forbidden command of another environment', async () => {
    const { configs } = await services({ environment: 'prod' });
    const config = {
      runtime: { command: 'node' },
      overlays: { dev: { runtime: { command: 'bash' } } },
    };
    await expect(configs.resolve(subject(config))).resolves.toMatchObject({
      command_file: '/usr/bin/node',
    });
  });
});

describe('TemplateService', () => {
  it('lists the newest revision of each template, saying which are built in', async () => {
    const { templates } = await services({}, TEAM);
    expect(templates.list().map((one) => [one.reference, one.built_in])).toEqual([
      ['executable_service@1', true],
      ['function_service@1', true],
      ['remote_http_service@1', true],
      ['remote_sse_service@1', true],
      ['team@4', false],
    ]);
  });

  it('pins references and gets templates by them', async () => {
    const { templates } = await services({}, TEAM);
    expect(templates.pin('team')).toBe('team@4');
    expect(templates.get('team@4').title).toBe('Team');
    expect(() => templates.get('team@3')).toThrow(expect.objectContaining({ status: 404 }));
    expect(() => templates.get('../x')).toThrow(expect.objectContaining({ status: 404 }));
  });

  it('pins what a template extends, also when it is named without a revision', async () => {
    const { templates } = await services({}, TEAM);
    const content = { template_id: 'mine', title: '', description: '', config: {}, overlays: {} };
    expect(templates.pinned({ ...content, extends: 'team' }).extends).toBe('team@4');
    expect(templates.pinned({ ...content, extends: null }).extends).toBeNull();
  });

  it('knows which templates stand on which', async () => {
    const child = { ...TEAM, template_id: 'child', revision: 1, extends: 'team@4' };
    const { templates } = await services({}, TEAM, child);
    expect(templates.dependentsOf('team')).toEqual(['child@1']);
    expect(templates.dependentsOf('function_service')).toEqual(['child@1', 'team@4']);
    expect(templates.goesThrough('child@1', 'team')).toBe(true);
    expect(templates.goesThrough('team@4', 'team')).toBe(false);
    expect(templates.goesThrough('nobody@1', 'team')).toBe(false);
  });
});

describe('EffectiveConfigService.templateFaultsOf', () => {
  it.each<[string, JsonObject, string[]]>([
    ['a command that is not allowed', { config: { runtime: { command: 'bash' } } }, ['/config']],
    ['one that is missing only', { config: { runtime: { command: 'npx' } } }, []],
    [
      'one of this environment',
      { overlays: { prod: { runtime: { command: 'bash' } } } },
      ['/overlays/prod'],
    ],
    ['one of another environment', { overlays: { dev: { runtime: { command: 'bash' } } } }, []],
  ])('judges %s', async (_what, body, places) => {
    const values = { environment: 'prod', processEnvironment: { PATH: '/none' } };
    const { configs } = await services(values);
    const faults = await configs.templateFaultsOf({ template_id: 'a', ...body });
    expect(faults.map(({ problem, pointer }) => [problem, pointer])).toEqual(
      places.map((place) => ['command-not-allowed', `${place}/runtime/command`]),
    );
  });
});
