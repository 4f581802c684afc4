import { describe, expect, it } from '@jest/globals';
import { bundleJson } from '../../../src/bundles/bundle-text.js';
import { readImport } from '../../../src/bundles/import-source.js';
import type { ConflictPolicy } from '../../../src/bundles/import-plan.js';
import type { JsonObject } from '../../../src/kernel/json.js';
import { ADMIN, bundleGateway, type BundleGateway } from './bundle-fixture.js';

const ID = '11111111-1111-4111-8111-111111111111';
const OTHER_ID = '22222222-2222-4222-8222-222222222222';
const SCRIPT = '33333333-3333-4333-8333-333333333333';

const serviceOf = (name: string, more: JsonObject = {}, spec: JsonObject = {}): JsonObject => ({
  spec: { name, config: { runtime: { command: 'npx' } }, ...spec },
  ...more,
});
const needing = (name: string, ...services: string[]): JsonObject => ({
  spec: {
    name,
    config: {
      runtime: { command: 'npx' },
      integration: { dependencies: services.map((service) => ({ service })) },
    },
  },
});
const bundleOf = (services: JsonObject[], templates: JsonObject[] = []): JsonObject => ({
  bundle_version: '1.0',
  services,
  templates,
});
const templateOf = (id: string, revision: number, more: JsonObject = {}): JsonObject => ({
  template_id: id,
  revision,
  extends: 'executable_service@1',
  ...more,
});

async function actionsOf(
  gateway: BundleGateway,
  body: unknown,
  conflict?: ConflictPolicy,
  prune?: boolean,
): Promise<string[]> {
  const { items } = await gateway.plan(body, conflict, prune);
  return items.map(({ name, action, problem }) =>
    [name, action, ...(problem === null ? [] : [problem.code])].join(' '),
  );
}

describe('the plan of an import', () => {
  it('creates what is not here, and is the same when asked again', async () => {
    const gateway = await bundleGateway();
    const body = bundleOf(
      [serviceOf('a', { service_id: ID }), serviceOf('b')],
      [templateOf('t', 1)],
    );
    expect(await actionsOf(gateway, body)).toEqual(['t@1 create', 'a create', 'b create']);
    const [first, second] = [await gateway.plan(body), await gateway.plan(body)];
    expect(first.plan_hash).toBe(second.plan_hash);
    expect(first).toMatchObject({ applicable: true, format: 'bundle', summary: { create: 3 } });
    expect(gateway.store.revision).toBe(0);
  });

  it.each<[ConflictPolicy, string, boolean]>([
    ['fail', 'a conflict bundles.item-exists', false],
    ['skip', 'a skip', true],
    ['overwrite', 'a update', true],
    ['rename', 'a rename', true],
  ])('with the policy %s does: %s', async (policy, action, applicable) => {
    const gateway = await bundleGateway();
    await gateway.import(bundleOf([serviceOf('a', { service_id: ID, desired: 'inactive' })]));
    const changed = bundleOf([
      serviceOf('a', { service_id: ID, desired: 'inactive' }, { title: 'new', script_id: SCRIPT }),
    ]);
    expect(await actionsOf(gateway, changed, policy)).toEqual([action]);
    const plan = await gateway.plan(changed, policy);
    expect(plan.applicable).toBe(applicable);
    expect(plan.items[0]?.diff).toContainEqual(
      expect.objectContaining({ path: '/title', value: 'new' }),
    );
    if (!applicable) return;
    await gateway.apply(changed, plan);
    const names = gateway.registry.list().map(({ spec }) => [spec.name, spec.title]);
    const expected = {
      skip: [['a', null]],
      overwrite: [['a', 'new']],
      rename: [
        ['a', null],
        ['a-2', 'new'],
      ],
    }[policy as 'skip'];
    expect(names.sort()).toEqual(expected);
    if (policy === 'rename') expect(gateway.registry.require('a-2').spec.script_id).toBeNull();
  });

  it('finds a service by its name when it is not known by its id', async () => {
    const gateway = await bundleGateway();
    await gateway.import(bundleOf([serviceOf('a', { service_id: ID })]));
    const elsewhere = bundleOf([serviceOf('a', { service_id: OTHER_ID })]);
    expect(await actionsOf(gateway, elsewhere)).toEqual(['a no-op']);
  });

  it('keeps a former name when a service is renamed by its id', async () => {
    const gateway = await bundleGateway();
    await gateway.import(bundleOf([serviceOf('a', { service_id: ID, desired: 'inactive' })]));
    await gateway.import(bundleOf([serviceOf('b', { service_id: ID })]), 'overwrite');
    expect(gateway.registry.require(ID)).toMatchObject({
      spec: { name: 'b' },
      former_names: ['a'],
      desired: 'inactive',
    });
  });

  it('brings a deleted service back', async () => {
    const gateway = await bundleGateway();
    const body = bundleOf([serviceOf('a', { service_id: ID })]);
    await gateway.import(body);
    await gateway.registry.setDesired(ID, 'archived', ADMIN);
    expect(await actionsOf(gateway, body)).toEqual(['a conflict bundles.item-exists']);
    await gateway.registry.archive(ID);
    expect((await gateway.plan(body)).items[0]?.reason).toContain('comes back');
    await gateway.import(body);
    expect(gateway.registry.require('a')).toMatchObject({ service_id: ID, revision: 2 });
  });

  it('archives with prune what the bundle does not have, unless somebody needs it', async () => {
    const gateway = await bundleGateway();
    await gateway.import(bundleOf([serviceOf('a'), serviceOf('b'), needing('c', 'b')]));
    const rest = bundleOf([serviceOf('a')]);
    expect(await actionsOf(gateway, rest)).toEqual(['a no-op']);
    expect((await actionsOf(gateway, rest, 'fail', true)).sort()).toEqual([
      'a no-op',
      'b delete',
      'c delete',
    ]);
    const needy = bundleOf([needing('c', 'b')]);
    expect((await actionsOf(gateway, needy, 'fail', true)).sort()).toEqual([
      'a delete',
      'b conflict registry.has-dependents',
      'c no-op',
    ]);
    const report = await gateway.import(rest, 'fail', true);
    expect(report.services).toHaveLength(2);
    expect(gateway.registry.require('b').desired).toBe('archived');
  });

  it('refuses everything that the single writes refuse, item by item, with pointers into the bundle', async () => {
    const gateway = await bundleGateway();
    await gateway.import(bundleOf([serviceOf('owner', {}, { script_id: SCRIPT }), serviceOf('x')]));
    const plan = await gateway.plan(
      bundleOf(
        [
          serviceOf('bad', {}, { version: 'one' }),
          serviceOf('rm', {}, { config: { runtime: { command: '/bin/rm' } } }),
          serviceOf('thief', {}, { script_id: SCRIPT }),
          serviceOf('lost', {}, { extends: 'nothing@1' }),
          needing('one', 'two'),
          needing('two', 'one'),
          serviceOf(
            'below',
            {},
            {
              config: { runtime: { command: 'npx' }, network: { routes: [{ path: '/mcp/x/y' }] } },
            },
          ),
          serviceOf(
            'secret',
            {},
            {
              config: { runtime: { command: 'npx', env: { API_TOKEN: 'canary-4711' } } },
            },
          ),
          serviceOf('fine'),
        ],
        [templateOf('a', 1, { extends: 'b@1' }), templateOf('b', 1, { extends: 'a@1' })],
      ),
    );
    expect(plan.items.map(({ name, problem }) => `${name} ${problem?.code ?? 'ok'}`)).toEqual([
      'a@1 config.template-cycle',
      'b@1 config.template-cycle',
      'bad registry.invalid',
      'rm config.command-not-allowed',
      'thief registry.script-taken',
      'lost config.template-unknown',
      'one registry.dependency-cycle',
      'two ok',
      'below routes.not-owner',
      'secret config.literal-secret',
      'fine ok',
    ]);
    expect(plan.items[2]?.problem?.errors[0]?.pointer).toBe('/services/0/spec/version');
    expect(plan.items[3]?.problem?.errors[0]?.pointer).toBe(
      '/services/1/spec/config/runtime/command',
    );
    expect(JSON.stringify(plan)).not.toContain('canary-4711');
    const before = gateway.store.revision;
    const refusal = gateway.apply(
      bundleOf([serviceOf('bad', {}, { version: 'one' }), serviceOf('fine')]),
      await gateway.plan(bundleOf([serviceOf('bad', {}, { version: 'one' }), serviceOf('fine')])),
    );
    await expect(refusal).rejects.toMatchObject({ code: 'bundles.import-refused', status: 409 });
    expect(gateway.store.revision).toBe(before);
  });

  it('tells what services will miss', async () => {
    const gateway = await bundleGateway(['${env:SWITCHYARD_SECRET_THERE}']);
    const env = { A: '${env:SWITCHYARD_SECRET_THERE}', B: '${env:SWITCHYARD_SECRET_GONE}' };
    const { warnings, applicable } = await gateway.plan(
      bundleOf([
        needing('a', 'b', 'nobody'),
        serviceOf('b', {}, { config: { runtime: { command: 'npx', env } } }),
      ]),
    );
    expect(applicable).toBe(true);
    expect(warnings).toEqual([
      '"a" needs "nobody", which is neither here nor in the bundle.',
      '${env:SWITCHYARD_SECRET_GONE} does not exist here; needed by b.',
    ]);
  });
});

describe('templates of a bundle', () => {
  const bundled = bundleOf(
    [serviceOf('a', {}, { extends: 't@2' })],
    [
      templateOf('t', 1, { title: 'one' }),
      templateOf('t', 2, { title: 'bundled', extends: 't0@1' }),
      templateOf('t0', 1),
    ],
  );

  it('come with every revision', async () => {
    const gateway = await bundleGateway();
    await gateway.import(bundled);
    expect(gateway.templates.revisions('t').map(({ revision }) => revision)).toEqual([2, 1]);
    expect(gateway.registry.require('a').spec.extends).toBe('t@2');
    expect(await actionsOf(gateway, bundled)).toEqual([
      't@1 no-op',
      't@2 no-op',
      't0@1 no-op',
      'a no-op',
    ]);
  });

  it.each<[ConflictPolicy, string[], string]>([
    ['skip', ['t@1 create', 't@2 skip', 't0@1 create', 'a create'], 't@2'],
    ['overwrite', ['t@1 create', 't@2 update', 't0@1 create', 'a create'], 't@3'],
    ['rename', ['t@1 rename', 't@2 rename', 't0@1 create', 'a create'], 't-2@2'],
  ])('with the policy %s leave what is here as it is', async (policy, actions, pinned) => {
    const gateway = await bundleGateway();
    await gateway.import(bundleOf([], [templateOf('t', 2, { title: 'here' })]));
    expect(await actionsOf(gateway, bundled)).toContain(
      't@2 conflict config.template-revision-taken',
    );
    expect(await actionsOf(gateway, bundled, policy)).toEqual(actions);
    await gateway.import(bundled, policy);
    expect(gateway.templates.get('t@2').title).toBe('here');
    expect(gateway.registry.require('a').spec.extends).toBe(pinned);
    const wanted = policy === 'skip' ? 'here' : 'bundled';
    expect(gateway.templates.get(pinned).title).toBe(wanted);
  });

  it('never replace a built-in', async () => {
    const gateway = await bundleGateway();
    const body = bundleOf([], [templateOf('executable_service', 7, { extends: null })]);
    for (const policy of ['fail', 'overwrite'] as const) {
      expect(await actionsOf(gateway, body, policy)).toEqual([
        'executable_service@7 conflict config.template-revision-taken',
      ]);
    }
    expect(await actionsOf(gateway, body, 'rename')).toEqual(['executable_service@7 rename']);
  });
});

describe('a plan', () => {
  const body = bundleOf([serviceOf('a', { service_id: ID })]);

  it.each<[string, (gateway: BundleGateway) => Promise<unknown>]>([
    [
      'the name is taken',
      (gateway) => gateway.import(bundleOf([serviceOf('a', { service_id: OTHER_ID })])),
    ],
    [
      'the id is taken',
      (gateway) => gateway.import(bundleOf([serviceOf('b', { service_id: ID })])),
    ],
  ])('is stale when %s', async (_why, move) => {
    const gateway = await bundleGateway();
    const plan = await gateway.plan(body);
    await move(gateway);
    const before = gateway.store.revision;
    await expect(gateway.apply(body, plan)).rejects.toMatchObject({
      code: 'bundles.plan-stale',
      status: 409,
    });
    expect(gateway.store.revision).toBe(before);
  });

  it('is stale for another body, another policy, and after it was applied', async () => {
    const gateway = await bundleGateway();
    const plan = await gateway.plan(body);
    const other = bundleOf([serviceOf('a', { service_id: ID }, { title: 'x' })]);
    const stale = { code: 'bundles.plan-stale' };
    await expect(gateway.apply(other, plan)).rejects.toMatchObject(stale);
    await expect(gateway.apply(body, { ...plan, conflict: 'skip' })).rejects.toMatchObject(stale);
    await gateway.apply(body, plan);
    await expect(gateway.apply(body, plan)).rejects.toMatchObject(stale);
  });

  it('is stale when a service that it updates moved on', async () => {
    const gateway = await bundleGateway();
    await gateway.import(body);
    const changed = bundleOf([serviceOf('a', { service_id: ID }, { title: 'x' })]);
    const plan = await gateway.plan(changed, 'overwrite');
    await gateway.registry.setDesired(ID, 'inactive', ADMIN);
    await expect(gateway.apply(changed, plan)).rejects.toMatchObject({
      code: 'bundles.plan-stale',
    });
  });

  it('is applied as one commit with one entry, once, however many apply it', async () => {
    const gateway = await bundleGateway();
    const many = bundleOf(
      ['a', 'b', 'c'].map((name) =>
        serviceOf(name, { routes: [{ path: `/mcp/${name}/x` }] }, { extends: 't@1' }),
      ),
      [templateOf('t', 1)],
    );
    const plan = await gateway.plan(many);
    const results = await Promise.allSettled([1, 2, 3].map(() => gateway.apply(many, plan)));
    expect(results.map(({ status }) => status).sort()).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    const commits = await gateway.store.changesSince(0);
    expect(commits).toHaveLength(1);
    expect(commits[0]?.meta).toMatchObject({ verb: 'bundle.import', actor: 'root' });
    expect(commits[0]?.changes).toHaveLength(3 * 3 + 1);
  });

  it('of a caller with few services touches no others', async () => {
    const gateway = await bundleGateway();
    await gateway.import(bundleOf([serviceOf('team-a'), serviceOf('other')]));
    const ctx = { ...ADMIN, services: ['team-*'] };
    const source = readImport(
      bundleOf([serviceOf('team-b'), serviceOf('foreign'), serviceOf('other', {}, { title: 'x' })]),
    );
    const { plan } = await gateway.runner.planner.plan(
      source,
      { conflict: 'overwrite', prune: true },
      ctx,
    );
    expect(plan.items.map(({ name, action }) => `${name} ${action}`)).toEqual([
      'team-b create',
      'foreign conflict',
      'other conflict',
      'team-a delete',
    ]);
  });
});

describe('hostile and large bodies', () => {
  const deep = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

  it('are planned without stopping the process', async () => {
    const gateway = await bundleGateway();
    const bodies: [string, unknown, string[]][] = [
      [
        'deep',
        bundleOf([
          {
            spec: {
              name: 'deep',
              config: { extensions: { acme: JSON.parse(deep(50_000)) as JsonObject } },
            },
          },
        ]),
        ['deep conflict config.invalid'],
      ],
      [
        'proto',
        JSON.parse(
          '{"bundle_version":"1.0","services":[{"spec":{"name":"p","config":{"__proto__":{"runtime":{}}}}}]}',
        ),
        ['p conflict config.invalid'],
      ],
    ];
    for (const [, body, actions] of bodies) expect(await actionsOf(gateway, body)).toEqual(actions);
    expect(({} as JsonObject)['runtime']).toBeUndefined();
  });

  it('with 1,000 services are imported whole, and leave others their turn', async () => {
    const gateway = await bundleGateway();
    const services = Array.from({ length: 1000 }, (_, index) =>
      serviceOf(`s${String(index)}`, { desired: 'draft' }),
    );
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 5);
    const report = await gateway.import(bundleOf(services));
    clearInterval(timer);
    expect(report.summary.stored).toBe(1000);
    expect(turns).toBeGreaterThan(10);
    expect(JSON.parse(await bundleJson(gateway.bundle()))).toMatchObject({ bundle_version: '1.0' });
  }, 60_000);
});
