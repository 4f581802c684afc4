import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, fixture, GatewayProcess } from '../support/gateway-process.js';
import type { Json } from '../support/gateway-process.js';
import { processesWith } from '../support/process-tree.js';

const KNOBBED = fixture('knobbed-server.mjs');
const LONG = 90_000;

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
}, 60_000);

afterAll(async () => {
  await gateway.dispose();
}, 30_000);

/** Its argument tells its processes from those of other tests; the template brings the label. */
const templateOf = (id: string, label: string, more: object = {}): object => ({
  template_id: id,
  title: `Services of ${id}`,
  extends: 'executable_service',
  config: {
    runtime: {
      command: 'node',
      args: [KNOBBED, `label=${label}`, `family=${id}`],
      isolation: 'shared',
    },
  },
  ...more,
});

async function create(template: object): Promise<Json> {
  const answer = await gateway.request('POST', '/api/v1/templates', template);
  expect(answer.status).toBe(201);
  return answer.body;
}

async function edit(id: string, body: object): Promise<Json> {
  const { headers } = await gateway.request('GET', `/api/v1/templates/${id}`);
  return gateway.request('PUT', `/api/v1/templates/${id}`, body, {
    'if-match': headers.get('etag') ?? '',
  });
}

async function register(name: string, spec: object): Promise<void> {
  const answer = await gateway.register({ name, ...spec });
  expect([answer.status, answer.body.code]).toEqual([201, undefined]);
}

async function labelOf(name: string): Promise<string> {
  const call = await gateway.request('POST', `/api/v1/services/${name}/tools/label`, {});
  return call.body.content?.[0]?.text ?? JSON.stringify(call.body);
}

async function ended(id: string): Promise<Json> {
  return eventually(
    async () => {
      const { body } = await gateway.request('GET', `/api/v1/template-rollouts/${id}`);
      return body.state === 'running' ? false : body;
    },
    30_000,
    'the rollout ended',
  );
}

const states = (rollout: Json): object =>
  Object.fromEntries(rollout.services.map((one: Json) => [one.name, one.state]));

describe('a template of an operator', () => {
  it('is created with an ETag, pins what it extends, and is listed, read and validated', async () => {
    const created = await gateway.request('POST', '/api/v1/templates', templateOf('crud', 'v1'));
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe('/api/v1/templates/crud');
    expect(created.body).toMatchObject({
      outcome: 'created',
      reference: 'crud@1',
      extends: 'executable_service@1',
      built_in: false,
    });
    const etag = created.headers.get('etag') ?? '';
    const read = await gateway.request('GET', '/api/v1/templates/crud');
    expect(read.headers.get('etag')).toBe(etag);
    const held = await gateway.request('GET', '/api/v1/templates/crud', undefined, {
      'if-none-match': etag,
    });
    expect(held.status).toBe(304);
    const again = await gateway.request('POST', '/api/v1/templates', templateOf('crud', 'v1'));
    expect([again.status, again.body.code]).toEqual([409, 'config.template-taken']);
  });

  it.each<[string, object, number, string, readonly string[]]>([
    [
      'every unknown key and bad value at once',
      {
        template_id: 'Bad Id',
        colour: 1,
        config: { runtime: { warm: -1, x: 1 } },
        overlays: { dev: { y: 1 } },
      },
      422,
      'config.invalid',
      ['/colour', '/config/runtime/warm', '/config/runtime/x', '/overlays/dev/y', '/template_id'],
    ],
    [
      'a secret that is written out',
      { template_id: 'bad', overlays: { dev: { runtime: { env: { API_TOKEN: 'hunter2' } } } } },
      422,
      'config.literal-secret',
      ['/overlays/dev/runtime/env/API_TOKEN'],
    ],
    [
      'a dangerous variable',
      { template_id: 'bad', config: { runtime: { env: { LD_PRELOAD: '/x' } } } },
      422,
      'config.dangerous-env',
      ['/config/runtime/env/LD_PRELOAD'],
    ],
    [
      'a command that is not allowed',
      { template_id: 'bad', config: { runtime: { command: 'bash' } } },
      422,
      'config.command-not-allowed',
      ['/config/runtime/command'],
    ],
    [
      'an unknown template below it',
      { template_id: 'bad', extends: 'nobody' },
      422,
      'config.template-unknown',
      ['/extends'],
    ],
    [
      'a circle',
      { template_id: 'bad', extends: 'bad' },
      409,
      'config.template-cycle',
      ['/extends'],
    ],
    [
      'the name of a built-in',
      { template_id: 'function_service' },
      409,
      'config.template-built-in',
      [],
    ],
  ])('refuses %s', async (_what, body, status, code, pointers) => {
    const refused = await gateway.request('POST', '/api/v1/templates', body);
    expect([refused.status, refused.body.code]).toEqual([status, code]);
    const errors: Json[] = refused.body.errors ?? [];
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(pointers);
    expect(JSON.stringify(refused.body)).not.toContain('hunter2');
    expect(refused.body.action).toEqual(expect.any(String));
  });

  it('refuses a chain of more than five, and a circle that an edit would close', async () => {
    for (let depth = 1; depth <= 5; depth += 1) {
      const below = depth === 1 ? null : `deep_${depth - 1}`;
      await create({ template_id: `deep_${depth}`, extends: below });
    }
    const deep = await gateway.request('POST', '/api/v1/templates', {
      template_id: 'deep_6',
      extends: 'deep_5',
    });
    expect([deep.status, deep.body.code]).toEqual([422, 'config.template-depth']);
    const circle = await edit('deep_1', { extends: 'deep_3' });
    expect([circle.status, circle.body.code]).toEqual([409, 'config.template-cycle']);
  });

  it('needs the present ETag for a change, keeps revisions, and makes none for the same content', async () => {
    const body = templateOf('crud', 'v2');
    const bare = await gateway.request('PUT', '/api/v1/templates/crud', body);
    expect([bare.status, bare.body.code]).toEqual([428, 'config.template-if-match-missing']);
    const stale = await gateway.request('PUT', '/api/v1/templates/crud', body, {
      'if-match': '"1.0"',
    });
    expect([stale.status, stale.body.code]).toEqual([412, 'config.template-etag-stale']);
    const planned = await gateway.request('PUT', '/api/v1/templates/crud?dry_run=true', body, {
      'if-match': stale.body.etag,
    });
    expect(planned.body).toMatchObject({ outcome: 'planned', would: 'update' });
    const updated = await edit('crud', body);
    expect([updated.status, updated.body.outcome]).toEqual([200, 'updated']);
    expect(updated.headers.get('etag')).not.toBe(stale.body.etag);
    const same = await edit('crud', updated.body);
    expect([same.status, same.body.outcome, same.body.revision]).toEqual([200, 'unchanged', 2]);
    const kept = await gateway.request('GET', '/api/v1/templates/crud/revisions');
    expect(kept.body.items.map((one: Json) => one.revision)).toEqual([2, 1]);
    const first = await gateway.request('GET', '/api/v1/templates/crud/revisions/1');
    expect(first.body.config.runtime.args[1]).toBe('label=v1');
    const none = await gateway.request('GET', '/api/v1/templates/crud/revisions/9');
    expect([none.status, none.body.code]).toEqual([404, 'config.template-not-found']);
  });

  it('leaves what is built in alone', async () => {
    for (const method of ['PUT', 'DELETE']) {
      const refused = await gateway.request(
        method,
        '/api/v1/templates/function_service',
        method === 'PUT' ? {} : undefined,
        { 'if-match': '*' },
      );
      expect([refused.status, refused.body.code]).toEqual([409, 'config.template-built-in']);
    }
  });
});

describe('an edit of a template that services use', () => {
  it(
    'redeploys nothing, says who is affected and how, and moves them when it is rolled out',
    async () => {
      await create(templateOf('fleet', 'v1'));
      await create({ template_id: 'fleet_child', extends: 'fleet' });
      await register('fleet-a', { extends: 'fleet' });
      await register('fleet-b', { extends: 'fleet' });
      await register('fleet-c', { extends: 'fleet_child' });
      const before = processesWith('family=fleet').sort();
      const edited = await edit('fleet', templateOf('fleet', 'v2'));
      expect(edited.body.affected.map((one: Json) => [one.name, one.via])).toEqual([
        ['fleet-a', null],
        ['fleet-b', null],
        ['fleet-c', 'fleet_child@1'],
      ]);
      expect(edited.body.links.rollout).toBe('/api/v1/templates/fleet/rollout');
      expect(processesWith('family=fleet').sort()).toEqual(before);
      expect(await labelOf('fleet-a')).toBe('v1');

      const affected = await gateway.request('GET', '/api/v1/templates/fleet/services');
      expect(affected.body.items[0]).toMatchObject({
        name: 'fleet-a',
        pinned: 'fleet@1',
        would_change: true,
        problem: null,
        diff: [
          { op: 'replace', path: '/config/runtime/args/1', from: 'label=v1', value: 'label=v2' },
        ],
      });
      expect(affected.body.items[2]).toMatchObject({ via: 'fleet_child@1', would_change: null });

      const begun = await gateway.request('POST', '/api/v1/templates/fleet/rollout', { batch: 1 });
      expect(begun.status).toBe(202);
      expect(begun.headers.get('location')).toBe(
        `/api/v1/template-rollouts/${begun.body.rollout_id}`,
      );
      const done = await ended(begun.body.rollout_id);
      expect(done).toMatchObject({ state: 'completed', reference: 'fleet@2' });
      expect(states(done)).toEqual({ 'fleet-a': 'updated', 'fleet-b': 'updated' });
      expect(await Promise.all(['fleet-a', 'fleet-b', 'fleet-c'].map(labelOf))).toEqual([
        'v2',
        'v2',
        'v1',
      ]);
      const history = await gateway.request('GET', '/api/v1/services/fleet-a/revisions');
      expect(history.body.items[0].reason).toBe(`template rollout ${begun.body.rollout_id}`);
      const twice = await gateway.request('POST', '/api/v1/templates/fleet/rollout', {});
      expect(states(await ended(twice.body.rollout_id))).toEqual({
        'fleet-a': 'unchanged',
        'fleet-b': 'unchanged',
      });
    },
    LONG,
  );

  it(
    'stops at the first service that fails, which goes on serving what it had',
    async () => {
      await create(templateOf('weak', 'v1'));
      await register('weak-a', { extends: 'weak' });
      // Its own layer hides the arguments of the template: it would not notice the damage.
      await register('weak-0', {
        extends: 'weak',
        config: { runtime: { args: [KNOBBED, 'label=own', 'family=weak'] } },
      });
      await register('weak-b', { extends: 'weak' });
      const broken = templateOf('weak', 'v2', {
        config: {
          runtime: { command: 'node', args: [KNOBBED, 'exit-at-once'], isolation: 'shared' },
        },
      });
      await edit('weak', broken);
      const begun = await gateway.request('POST', '/api/v1/templates/weak/rollout', {});
      const done = await ended(begun.body.rollout_id);
      expect(done.state).toBe('stopped');
      expect(states(done)).toEqual({
        'weak-0': 'updated',
        'weak-a': 'failed',
        'weak-b': 'skipped',
      });
      const failure = done.services.find((one: Json) => one.name === 'weak-a').problem;
      expect(failure).toMatchObject({
        code: 'lifecycle.activation-failed',
        action: expect.any(String),
      });
      expect(await Promise.all(['weak-a', 'weak-b', 'weak-0'].map(labelOf))).toEqual([
        'v1',
        'v1',
        'own',
      ]);
      const service = await gateway.request('GET', '/api/v1/services/weak-a');
      expect([service.body.state, service.body.extends]).toEqual(['active', 'weak@1']);

      const back = await gateway.request('POST', '/api/v1/templates/weak/rollout', {
        services: ['weak-0'],
        revision: 1,
      });
      expect(states(await ended(back.body.rollout_id))).toEqual({ 'weak-0': 'updated' });
      const refused = await gateway.request('POST', '/api/v1/templates/weak/rollout', {
        services: ['fleet-a', 'nobody'],
      });
      expect([refused.status, refused.body.code]).toEqual([422, 'registration.rollout-refused']);
      expect(refused.body.errors.map((one: Json) => one.pointer)).toEqual([
        '/services/0',
        '/services/1',
      ]);
    },
    LONG,
  );

  it(
    'breaks no contract of a tool unless it is allowed to',
    async () => {
      const args = [KNOBBED, 'label=v1', 'family=broken', 'extra-tool=more'];
      const runtime = { command: 'node', args, isolation: 'shared' };
      await create(templateOf('broken', 'v1', { config: { runtime } }));
      await register('broken-a', { extends: 'broken' });
      await edit('broken', templateOf('broken', 'v2'));
      const begun = await gateway.request('POST', '/api/v1/templates/broken/rollout', {});
      const stopped = await ended(begun.body.rollout_id);
      expect(stopped.state).toBe('stopped');
      expect(stopped.services[0].problem).toMatchObject({ code: 'registry.contract-broken' });
      expect(JSON.stringify(stopped.services[0].problem.errors)).toContain('more');
      expect(await labelOf('broken-a')).toBe('v1');
      const allowed = await gateway.request('POST', '/api/v1/templates/broken/rollout', {
        allow_breaking: true,
      });
      expect(states(await ended(allowed.body.rollout_id))).toEqual({ 'broken-a': 'updated' });
      expect(await labelOf('broken-a')).toBe('v2');
    },
    LONG,
  );

  it(
    'is rolled out to the end after a kill -9 in the middle, one rollout at a time, or cancelled',
    async () => {
      await create(templateOf('tough', 'v1'));
      const names = ['tough-a', 'tough-b', 'tough-c', 'tough-d'];
      for (const name of names) await register(name, { extends: 'tough' });
      // Slow to start, so that the kill meets a service that is being moved.
      const runtime = { command: 'node', args: [KNOBBED, 'label=v2', 'slow-start=400'] };
      await edit('tough', templateOf('tough', 'v2', { config: { runtime } }));
      const begun = await gateway.request('POST', '/api/v1/templates/tough/rollout', {
        pause_ms: 50,
      });
      const id = begun.body.rollout_id;
      const second = await gateway.request('POST', '/api/v1/templates/tough/rollout', {});
      expect([second.status, second.body.rollout_id]).toEqual([409, id]);
      await eventually(async () => {
        const { body } = await gateway.request('GET', `/api/v1/template-rollouts/${id}`);
        return body.counts.updated >= 1;
      });
      await gateway.kill9();
      gateway = await GatewayProcess.start({ port: gateway.port, dataDir: gateway.dataDir });
      const done = await ended(id);
      expect(done.state).toBe('completed');
      expect(states(done)).toEqual(Object.fromEntries(names.map((name) => [name, 'updated'])));
      expect(await Promise.all(names.map(labelOf))).toEqual(names.map(() => 'v2'));
      for (const name of names) {
        const { body } = await gateway.request('GET', `/api/v1/services/${name}/revisions`);
        const current = body.items.filter((one: Json) => one.outcome === 'current');
        expect(current.map((one: Json) => one.reason)).toEqual([`template rollout ${id}`]);
      }

      await edit('tough', templateOf('tough', 'v3'));
      const slow = await gateway.request('POST', '/api/v1/templates/tough/rollout', {
        pause_ms: 600_000,
      });
      await eventually(async () => {
        const { body } = await gateway.request(
          'GET',
          `/api/v1/template-rollouts/${slow.body.rollout_id}`,
        );
        return body.counts.updated === 1;
      });
      const path = `/api/v1/template-rollouts/${slow.body.rollout_id}/cancel`;
      const cancelled = await gateway.request('POST', path);
      expect([cancelled.status, cancelled.body.cancel_requested]).toEqual([202, true]);
      const stopped = await ended(slow.body.rollout_id);
      expect([stopped.state, stopped.counts.updated, stopped.counts.skipped]).toEqual([
        'cancelled',
        1,
        3,
      ]);
      const late = await gateway.request('POST', path);
      expect([late.status, late.body.code]).toEqual([409, 'registration.rollout-ended']);
    },
    LONG,
  );

  it(
    'keeps a template from being deleted while something uses it, and then deletes it',
    async () => {
      await create(templateOf('gone', 'v1'));
      await create({ template_id: 'gone_child', extends: 'gone' });
      await register('gone-a', { extends: 'gone' });
      const remove = async (id: string): Promise<Json> => {
        const { headers } = await gateway.request('GET', `/api/v1/templates/${id}`);
        return gateway.request('DELETE', `/api/v1/templates/${id}`, undefined, {
          'if-match': headers.get('etag') ?? '',
        });
      };
      const refused = await remove('gone');
      expect([refused.status, refused.body.code]).toEqual([409, 'config.template-in-use']);
      expect(refused.body.services.map((one: Json) => one.name)).toEqual(['gone-a']);
      expect(refused.body.templates).toEqual(['gone_child@1']);
      expect((await remove('gone_child')).status).toBe(204);
      const spec = await gateway.request('GET', '/api/v1/services/gone-a?view=spec');
      const moved = await gateway.request(
        'PUT',
        '/api/v1/services/gone-a',
        {
          ...spec.body,
          extends: 'executable_service',
          config: { runtime: { command: 'node', args: [KNOBBED, 'label=alone'] } },
        },
        { 'if-match': spec.headers.get('etag') ?? '' },
      );
      expect(moved.status).toBe(200);
      expect((await remove('gone')).status).toBe(204);
      expect((await gateway.request('GET', '/api/v1/templates/gone')).status).toBe(404);
      // Its history still leads back to the revision that it was made from.
      const back = await gateway.request('POST', '/api/v1/services/gone-a/rollback', {
        revision: 1,
      });
      expect(back.status).toBe(200);
      expect(await labelOf('gone-a')).toBe('v1');
      const anew = await create(templateOf('gone', 'v9'));
      expect(anew.revision).toBeGreaterThan(1);
    },
    LONG,
  );
});

describe('an overlay of a template', () => {
  it(
    'takes effect at a start with another environment, as a new revision of the service',
    async () => {
      await create(
        templateOf('staged', 'plain', {
          overlays: {
            staging: {
              runtime: { args: [KNOBBED, 'label=staging', 'family=staged'], max_in_flight: 7 },
            },
          },
        }),
      );
      await register('staged-a', { extends: 'staged' });
      const explain = async (): Promise<Json> => {
        const path = '/api/v1/services/staged-a/config?explain=true';
        return (await gateway.request('GET', path)).body;
      };
      expect((await explain()).config.runtime.max_in_flight).toBe(64);
      const { port, dataDir } = gateway;
      await gateway.stop();
      gateway = await GatewayProcess.start({
        port,
        dataDir,
        env: { SWITCHYARD_ENV: 'staging' },
      });
      await eventually(
        async () => (await labelOf('staged-a')) === 'staging',
        20_000,
        'the overlay',
      );
      const explained = await explain();
      expect(explained.config.runtime.max_in_flight).toBe(7);
      expect(JSON.stringify(explained)).toContain('overlay:staging:template:staged@1');
      const history = await gateway.request('GET', '/api/v1/services/staged-a/revisions');
      expect(history.body.items.map((one: Json) => one.outcome)).toEqual(['current', 'superseded']);
      expect(history.body.items[0].spec ?? {}).not.toHaveProperty('overlays');
    },
    LONG,
  );
});
