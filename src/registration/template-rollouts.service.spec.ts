import { beforeEach, describe, expect, it } from '@jest/globals';
import { limitedTo, OPERATOR, TemplateFleet } from '../../test/support/template-fleet.js';
import { registryProblems } from '../registry/registry.errors.js';
import { affectedServices, previewMove } from './template-affected.js';
import { readRolloutBody } from './template-rollout-body.js';
import type { TemplateRolloutRunner } from './template-rollout-runner.js';
import { KEPT_ROLLOUTS, type TemplateRollout } from './template-rollout.js';
import type { TemplateRolloutsService } from './template-rollouts.service.js';

let fleet: TemplateFleet;
let service: TemplateRolloutsService;
let runner: TemplateRolloutRunner;

const RUN = { runtime: { command: 'node', args: ['v1'] } };

beforeEach(async () => {
  fleet = await TemplateFleet.open();
  ({ service, runner } = fleet.gateway());
  await fleet.writer.create({ template_id: 'team', config: RUN }, OPERATOR);
  await fleet.writer.create({ template_id: 'child', extends: 'team' }, OPERATOR);
  for (const name of ['a', 'b', 'c']) await fleet.add(name, 'team@1');
  await fleet.add('through', 'child@1');
  await fleet.add('other', 'executable_service', RUN);
  await edit({ runtime: { command: 'node', args: ['v2'] } });
});

async function edit(config: object): Promise<void> {
  await fleet.writer.replace('team', { config }, OPERATOR, { ifMatch: '*' });
}

async function roll(body: object = {}): Promise<TemplateRollout> {
  const { rollout_id } = await service.start('team', readRolloutBody(body), OPERATOR);
  await runner.ended(rollout_id);
  return service.get(rollout_id, OPERATOR);
}

const statesOf = (rollout: TemplateRollout): string =>
  rollout.services.map(({ name, state }) => `${name}:${state}`).join(' ');
const extendsOf = (name: string): string | null | undefined =>
  fleet.services.get(`id-${name}`)?.spec.extends;

describe('the services affected by a template', () => {
  it('are those that extend it, with what would change, and those that stand on it through another', async () => {
    const affected = await service.affected('team', OPERATOR);
    expect(affected.map(({ name, via, would_change }) => [name, via, would_change])).toEqual([
      ['a', null, true],
      ['b', null, true],
      ['c', null, true],
      ['through', 'child@1', null],
    ]);
    expect(affected[0]?.diff).toEqual([
      { op: 'replace', path: '/config/runtime/args/0', from: 'v1', value: 'v2' },
    ]);
  });

  it('are not told to those who may not see them', () => {
    const ctx = { services: ['b*'] };
    expect(affectedServices(fleet, 'team', ctx).map(({ name }) => name)).toEqual(['b']);
  });

  it('carry the problem that would keep one from being moved', async () => {
    const config = { runtime: { command: 'node' }, network: { url: 'http://h/mcp' } };
    await edit(config);
    const [first] = affectedServices(fleet, 'team', OPERATOR);
    if (first === undefined) throw new Error('nobody is affected');
    const preview = await previewMove(fleet, first, 'team@3');
    expect(preview).toMatchObject({ would_change: null, problem: { code: expect.any(String) } });
  });
});

describe('a rollout', () => {
  it('moves each service that extends the template, in order, in the name of who asked', async () => {
    const rollout = await roll();
    expect([rollout.state, statesOf(rollout)]).toEqual([
      'completed',
      'a:updated b:updated c:updated',
    ]);
    expect(['a', 'b', 'c', 'through'].map(extendsOf)).toEqual([
      'team@2',
      'team@2',
      'team@2',
      'child@1',
    ]);
    expect(fleet.updated).toEqual(['a', 'b', 'c']);
    expect(fleet.contexts[0]).toMatchObject({
      actor: 'ops',
      requestId: null,
      reason: `template rollout ${rollout.rollout_id}`,
    });
    expect(fleet.options[0]).toMatchObject({ patch: true, ifMatch: null, allow_breaking: false });
  });

  it('plans without beginning', async () => {
    const plan = await service.plan('team', readRolloutBody({ services: ['a'] }), OPERATOR);
    expect(plan).toMatchObject({ reference: 'team@2', services: [{ name: 'a' }] });
    expect(service.list(OPERATOR)).toEqual([]);
  });

  it('moves the services that are named, to the revision that is named', async () => {
    await roll();
    const back = await roll({ services: ['b', 'id-c'], revision: 1 });
    expect(statesOf(back)).toBe('b:updated c:updated');
    expect(['a', 'b', 'c'].map(extendsOf)).toEqual(['team@2', 'team@1', 'team@1']);
  });

  it('stops at a failure and leaves the rest, unless it is to go on', async () => {
    fleet.answers.set('b', () => {
      throw registryProblems.invalid('broken');
    });
    const stopped = await roll();
    expect([stopped.state, statesOf(stopped)]).toEqual(['stopped', 'a:updated b:failed c:skipped']);
    expect(stopped.services[1]?.problem).toMatchObject({
      code: 'registry.invalid',
      detail: 'broken',
    });
    const passed = await roll({ on_failure: 'continue' });
    expect([passed.state, statesOf(passed)]).toEqual([
      'completed',
      'a:unchanged b:failed c:updated',
    ]);
  });

  it('tells no more of what nobody foresaw than that it failed', async () => {
    fleet.answers.set('a', () => {
      throw new Error('a secret path');
    });
    const { services } = await roll({ services: ['a'] });
    expect(services[0]?.problem?.code).toBe('internal');
    expect(JSON.stringify(services)).not.toContain('secret path');
  });

  it('takes a service as others left it: waits for their change, tries again, and gives up at last', async () => {
    fleet.candidates.set('id-a', { revision: 2, reason: 'somebody else' });
    let refusals = 2;
    fleet.answers.set('b', () => {
      if ((refusals -= 1) >= 0) throw registryProblems['etag-stale']();
    });
    fleet.answers.set('c', () => {
      throw registryProblems['etag-stale']();
    });
    const rollout = await roll();
    expect(statesOf(rollout)).toBe('a:updated b:updated c:failed');
    expect(fleet.candidates.size).toBe(0);
    expect(rollout.services[2]?.problem?.code).toBe('registration.superseded');
  });

  it('leaves alone what is gone or extends another template by then', async () => {
    fleet.answers.set('a', () => {
      fleet.services.delete('id-b');
      const c = fleet.services.get('id-c');
      if (c !== undefined) {
        fleet.services.set('id-c', { ...c, spec: { ...c.spec, extends: 'executable_service@1' } });
      }
    });
    expect(statesOf(await roll())).toBe('a:updated b:skipped c:skipped');
  });

  it('refuses names that it cannot move, all at once', async () => {
    await expect(roll({ services: ['a', 'through', 'other', 'x'] })).rejects.toMatchObject({
      code: 'registration.rollout-refused',
      details: {
        errors: [
          { pointer: '/services/1', detail: expect.stringContaining('child@1') },
          { pointer: '/services/2' },
          { pointer: '/services/3' },
        ],
      },
    });
    await expect(roll({ revision: 9 })).rejects.toMatchObject({ code: 'config.template-unknown' });
  });

  it.each([
    ['write', ['read']],
    ['exec, as what is run changes', ['read', 'write']],
  ])('needs the scope %s', async (_what, scopes) => {
    const asked = service.start('team', readRolloutBody({}), limitedTo(...scopes));
    await expect(asked).rejects.toMatchObject({ code: 'auth.scope-missing' });
  });

  it('shows and cancels only what its caller may see', async () => {
    const rollout = await roll();
    const some = { ...OPERATOR, services: ['a'] };
    expect(service.get(rollout.rollout_id, some).services.map(({ name }) => name)).toEqual(['a']);
    await expect(service.cancel(rollout.rollout_id, some)).rejects.toMatchObject({ status: 404 });
    expect(() => service.get('nothing', OPERATOR)).toThrow(
      expect.objectContaining({ status: 404 }),
    );
  });
});

describe('a rollout over time', () => {
  it('pauses between batches, lets no other of its template begin, and can be cancelled', async () => {
    const request = readRolloutBody({ batch: 2, pause_ms: 1000 });
    const { rollout_id: id } = await service.start('team', request, OPERATOR);
    await fleet.clock.advance(999);
    expect(fleet.updated).toEqual(['a', 'b']);
    await expect(service.start('team', request, OPERATOR)).rejects.toMatchObject({
      code: 'registration.rollout-running',
      details: { extra: { rollout_id: id } },
    });
    expect(await service.cancel(id, OPERATOR)).toMatchObject({ cancel_requested: true });
    await runner.ended(id);
    expect(service.get(id, OPERATOR).state).toBe('cancelled');
    expect(fleet.updated).toEqual(['a', 'b']);
    expect(fleet.clock.pendingTimers).toBe(0);
    await expect(service.cancel(id, OPERATOR)).rejects.toMatchObject({
      code: 'registration.rollout-ended',
    });
  });

  it('is resumed by the next start, which knows what the last one did and noted not', async () => {
    fleet.answers.set('b', () => new Promise<never>(() => undefined));
    const { rollout_id: id } = await service.start('team', readRolloutBody({}), OPERATOR);
    await fleet.clock.advance(0);
    service.onModuleDestroy();
    // The update of `b` was committed, and the process ended before anybody could note it.
    fleet.answers.delete('b');
    const b = fleet.services.get('id-b');
    if (b !== undefined) fleet.move(b, 'team@2', { ...OPERATOR, reason: `template rollout ${id}` });
    const next = fleet.gateway();
    next.service.onApplicationBootstrap();
    await next.runner.ended(id);
    expect(statesOf(next.service.get(id, OPERATOR))).toBe('a:updated b:updated c:updated');
    expect(fleet.updated).toEqual(['a', 'b', 'c']);
  });

  it('holds no failure against a service that the end of the process caused', async () => {
    fleet.answers.set('a', () => {
      service.onModuleDestroy();
      throw registryProblems.invalid('stopped');
    });
    const { rollout_id: id } = await service.start('team', readRolloutBody({}), OPERATOR);
    await runner.ended(id);
    expect(statesOf(service.get(id, OPERATOR))).toBe('a:pending b:pending c:pending');
  });

  it('is tried again after the store refused to note it', async () => {
    const commit = fleet.store.commit.bind(fleet.store);
    let refusals = 1;
    fleet.store.commit = (changes, meta) =>
      meta.verb === 'template.rollout.progress' && (refusals -= 1) >= 0
        ? Promise.reject(new Error('no room'))
        : commit(changes, meta);
    const { rollout_id: id } = await service.start('team', readRolloutBody({}), OPERATOR);
    await runner.ended(id);
    expect(service.get(id, OPERATOR).state).toBe('running');
    await fleet.clock.advance(30_000);
    await runner.ended(id);
    expect(statesOf(service.get(id, OPERATOR))).toBe('a:updated b:updated c:updated');
  });

  it('is kept with the last that ended', async () => {
    for (let count = 0; count <= KEPT_ROLLOUTS; count += 1) {
      await fleet.clock.advance(1);
      await roll({ services: ['a'] });
    }
    await fleet.clock.advance(1);
    const last = await roll({ services: ['a'] });
    const kept = service.list(OPERATOR, 'team');
    expect(kept).toHaveLength(KEPT_ROLLOUTS);
    expect(kept[0]?.rollout_id).toBe(last.rollout_id);
    expect(service.list(OPERATOR, 'child')).toEqual([]);
  });
});
