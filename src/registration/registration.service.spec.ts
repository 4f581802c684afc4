import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  CONTEXT,
  FakeControlPlane,
  needing,
  type NextSettlement,
} from '../../test/support/fake-control-plane.js';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { SilentLogger } from '../kernel/logger.js';
import { ProblemError } from '../kernel/problem.js';
import type { RouteConflict } from '../routes/route-conflict.js';
import { createRegistration, type RegistrationService } from './registration.service.js';

const SCRIPT = '6f1c1a5e-6f0e-4c5e-9a57-7a2d1c9f3b10';
const OTHER_SCRIPT = '6f1c1a5e-6f0e-4c5e-9a57-7a2d1c9f3b11';
const SIDE = { route_id: 'r', service_id: 's', service_name: 'b', priority: 0, kind: 'default' };
const CLASH: RouteConflict = {
  severity: 'error',
  code: 'path-conflict',
  path: '/mcp/x',
  detail: '/mcp/x is taken by b.',
  claim: { ...SIDE, path: '/mcp/x' },
  with: { ...SIDE, path: '/mcp/x' },
};
const SHADOW: RouteConflict = { ...CLASH, severity: 'warning', code: 'shadowed', detail: 'hidden' };

let plane: FakeControlPlane;
let service: RegistrationService;

beforeEach(() => {
  plane = new FakeControlPlane();
  service = createRegistration(plane, new ManualClock(), new SilentLogger());
});

async function refusal(run: Promise<unknown>): Promise<ProblemError> {
  const error = await run.then(
    () => new Error('nothing was refused'),
    (reason: unknown) => reason,
  );
  if (error instanceof ProblemError) return error;
  throw error;
}

describe('register', () => {
  it('answers 201 with the document once the service serves', async () => {
    const result = await service.register({ name: 'a' }, CONTEXT);
    expect(result).toMatchObject({
      status: 201,
      outcome: 'created',
      service: { name: 'a', state: 'active' },
      etag: '"1.7"',
      location: '/api/v1/services/new-1',
    });
  });

  it('answers 202 with where to look when it is not finished in time', async () => {
    plane.settlements.push('slow');
    expect(await service.register({ name: 'a' }, CONTEXT, { wait_ms: 0 })).toMatchObject({
      status: 202,
      outcome: 'pending',
      location: '/api/v1/services/new-1',
    });
  });

  it('answers 422 with stage, reason and stderr when the activation fails, and keeps the service', async () => {
    plane.settlements.push('fail');
    const { code, status, details } = await refusal(service.register({ name: 'a' }, CONTEXT));
    expect([code, status]).toEqual(['lifecycle.activation-failed', 422]);
    expect(details.extra).toMatchObject({
      service_id: 'new-1',
      stage: 'start',
      failure_code: 'upstream.exited',
      reason: 'ExitedEarly',
      action: 'Read its stderr.',
      stderr: ['boom'],
      discarded: false,
    });
    expect(plane.services.has('new-1')).toBe(true);
  });

  it('leaves nothing of a failed service when told to discard it', async () => {
    plane.settlements.push('fail');
    const run = service.register({ name: 'a' }, CONTEXT, { on_failure: 'discard' });
    expect((await refusal(run)).details.extra).toMatchObject({ service_id: null, discarded: true });
    expect(plane.services.size).toBe(0);
  });

  it('discards a service that fails after the wait was over', async () => {
    plane.settlements.push('slow', 'fail');
    const options = { on_failure: 'discard', wait_ms: 0 } as const;
    expect((await service.register({ name: 'a' }, CONTEXT, options)).status).toBe(202);
    await settle();
    expect(plane.services.size).toBe(0);
  });

  it('answers 409 when a newer command took over', async () => {
    plane.settlements.push('superseded');
    const error = await refusal(service.register({ name: 'a' }, CONTEXT));
    expect(error.code).toBe('registration.superseded');
  });

  it.each([
    ['by option', { name: 'a' }, { draft: true }],
    ['by member', { name: 'a', draft: true }, {}],
  ])('stores a draft %s and starts nothing', async (_how, body, options) => {
    const result = await service.register(body, CONTEXT, options);
    expect(result).toMatchObject({ status: 201, service: { state: 'draft' } });
  });

  it('uses the id that the client chose', async () => {
    await service.register({ name: 'a', service_id: SCRIPT }, CONTEXT);
    expect(plane.services.has(SCRIPT)).toBe(true);
  });

  it('refuses a taken name with the id of its owner', async () => {
    plane.settlements.push('fail');
    await refusal(service.register({ name: 'a' }, CONTEXT));
    const error = await refusal(service.register({ name: 'a' }, CONTEXT));
    expect(error.code).toBe('registry.name-taken');
    expect(error.details.extra).toEqual({ service_id: 'new-1' });
  });

  it('refuses a path conflict with both sides, and stores nothing', async () => {
    plane.routeConflicts = [SHADOW, CLASH];
    const error = await refusal(service.register({ name: 'a' }, CONTEXT));
    expect([error.code, error.status]).toEqual(['routes.path-conflict', 409]);
    expect(error.details.extra).toEqual({ conflicts: [CLASH] });
    expect(plane.calls).toEqual([]);
  });

  it('refuses a dependency cycle and names it', async () => {
    plane.seed('b', { config: needing('a') });
    const error = await refusal(service.register({ name: 'a', config: needing('b') }, CONTEXT));
    expect(error.code).toBe('registry.dependency-cycle');
    expect(error.details.extra).toEqual({ cycle: ['a', 'b', 'a'] });
  });

  it('warns of a route that is never reached', async () => {
    plane.routeConflicts = [SHADOW];
    expect((await service.register({ name: 'a' }, CONTEXT)).warnings).toEqual(['hidden']);
  });
});

describe('a dry run', () => {
  it('plans a creation and changes nothing', async () => {
    const { status, plan } = await service.register({ name: 'a' }, CONTEXT, { dry_run: true });
    expect([status, plan?.would, plan?.conflicts]).toEqual([200, 'create', []]);
    expect(plan?.effective?.runtime.replicas).toBe(1);
    expect(plane.calls).toEqual([]);
  });

  it('lists every conflict at once', async () => {
    plane.seed('a');
    plane.seed('b', { config: needing('a') });
    plane.routeConflicts = [CLASH];
    const body = { name: 'a', config: needing('b') };
    const { plan } = await service.register(body, CONTEXT, { dry_run: true });
    expect(plan?.would).toBe('refuse');
    expect(plan?.conflicts.map((each) => each.code)).toEqual([
      'registry.name-taken',
      'registry.dependency-cycle',
      'routes.path-conflict',
    ]);
  });

  it.each([
    ['update', 'active', { name: 'a', version: '2.0.0' }],
    ['store', 'inactive', { name: 'a', version: '2.0.0' }],
    ['nothing', 'active', { name: 'a' }],
  ] as const)('plans to %s a service that is to be %s', async (would, desired, body) => {
    plane.seed('a', {}, desired);
    const options = { ifMatch: '"1.7"', dry_run: true };
    expect((await service.update('a', body, CONTEXT, options)).plan?.would).toBe(would);
    expect(plane.calls).toEqual([]);
  });

  it('plans a deletion', async () => {
    plane.seed('a');
    plane.seed('b', { config: needing('a') });
    const refused = await service.remove('a', CONTEXT, { ifMatch: null, dry_run: true });
    expect(refused.plan).toMatchObject({
      would: 'refuse',
      conflicts: [{ code: 'registry.has-dependents' }],
    });
    const options = { ifMatch: null, dry_run: true, cascade: 'deactivate' } as const;
    const allowed = await service.remove('a', CONTEXT, options);
    expect([allowed.plan?.would, allowed.warnings.length]).toEqual(['delete', 1]);
    expect(plane.calls).toEqual([]);
  });
});

describe('update', () => {
  const changed = { name: 'a', version: '2.0.0' };

  it.each([
    [undefined, 428],
    ['"9.7"', 412],
  ])('refuses If-Match %p with %p', async (ifMatch, status) => {
    plane.seed('a');
    expect((await refusal(service.update('a', changed, CONTEXT, { ifMatch }))).status).toBe(status);
  });

  it.each<[NextSettlement, number | string]>([
    ['serve', 200],
    ['slow', 202],
    ['fail', 'lifecycle.activation-failed'],
    ['superseded', 'registration.superseded'],
    ['overtaken', 'registration.superseded'],
  ])('ends a rollout that is to %s with %p', async (next, expected) => {
    plane.seed('a');
    plane.settlements.push(next);
    const run = service.update('a', changed, CONTEXT, { ifMatch: '"1.7"' });
    const ended = await run.then(
      (result) => result.status,
      (error: ProblemError) => error.code,
    );
    expect(ended).toBe(expected);
  });

  it('leaves specification, revision and ETag as they were when it fails', async () => {
    plane.seed('a');
    plane.settlements.push('fail');
    await refusal(service.update('a', changed, CONTEXT, { ifMatch: '"1.7"' }));
    expect(plane.require('a')).toMatchObject({
      revision: 1,
      generation: 1,
      spec: { version: '1.0.0' },
    });
  });

  it('redeploys nothing when nothing changed', async () => {
    plane.seed('a');
    const result = await service.update('a', { name: 'a' }, CONTEXT, { ifMatch: '"1.7"' });
    expect(result).toMatchObject({ status: 200, outcome: 'unchanged' });
    expect(plane.calls).toEqual([]);
  });

  it('tries again what is in error, also unchanged', async () => {
    const id = plane.seed('a');
    plane.states.set(id, 'error');
    const result = await service.update('a', { name: 'a' }, CONTEXT, { ifMatch: '"1.7"' });
    expect(result).toMatchObject({ status: 200, outcome: 'activated' });
    expect(plane.calls).toEqual(['activate a']);
  });

  it('never says 200 of an unchanged service that does not serve yet', async () => {
    const id = plane.seed('a');
    plane.states.set(id, 'deploying');
    plane.settlements.push('slow');
    expect((await service.update('a', { name: 'a' }, CONTEXT, { ifMatch: null })).status).toBe(202);
  });

  it('stores the revision of a service that is not to serve, and says so', async () => {
    plane.seed('a', {}, 'inactive');
    const result = await service.update('a', changed, CONTEXT, { ifMatch: '"1.7"' });
    expect(result).toMatchObject({ status: 200, outcome: 'stored' });
    expect(result.warnings[0]).toContain('inactive');
  });

  it('joins a candidate of the same content instead of starting it anew', async () => {
    const id = plane.seed('a');
    plane.settlements.push('slow');
    await service.update('a', changed, CONTEXT, { ifMatch: '"1.7"' });
    const again = await service.update('a', changed, CONTEXT, { ifMatch: null });
    expect(again).toMatchObject({ status: 200, outcome: 'updated' });
    expect(plane.calls).toEqual(['propose a@2']);
    expect(plane.require(id).revision).toBe(2);
  });

  it('merges a patch into the specification', async () => {
    plane.seed('a', { title: 'A', tags: ['x'] });
    await service.update('a', { title: null, tags: ['y'] }, CONTEXT, {
      ifMatch: '"1.7"',
      patch: true,
    });
    expect(plane.require('a').spec).toMatchObject({ name: 'a', title: null, tags: ['y'] });
  });

  it('never merges a patch into what somebody else has changed meanwhile, whatever If-Match allows', async () => {
    const id = plane.seed('a');
    const patching = service.update('a', { title: 'A' }, CONTEXT, { ifMatch: '*', patch: true });
    plane.put({ ...plane.require(id), generation: 2 });
    expect((await refusal(patching)).code).toBe('registry.etag-stale');
  });

  it.each([[null], [[]], ['a']])('refuses the patch %j', async (patch) => {
    plane.seed('a');
    const run = service.update('a', patch, CONTEXT, { ifMatch: null, patch: true });
    expect((await refusal(run)).status).toBe(422);
  });

  it('goes back to an older revision as a new one', async () => {
    plane.seed('a');
    await service.update('a', changed, CONTEXT, { ifMatch: '"1.7"' });
    const result = await service.rollback('a', 1, CONTEXT);
    expect(result).toMatchObject({
      status: 200,
      outcome: 'updated',
      service: { version: '1.0.0' },
    });
    expect(plane.require('a').revision).toBe(3);
  });
});

describe('remove', () => {
  it('answers 204 once it is archived', async () => {
    plane.seed('a');
    expect((await service.remove('a', CONTEXT, { ifMatch: '"1.7"' })).status).toBe(204);
    expect(plane.archive.size).toBe(1);
  });

  it('answers 202 while it drains', async () => {
    plane.seed('a');
    plane.settlements.push('slow');
    expect((await service.remove('a', CONTEXT, { ifMatch: '"1.7"' })).status).toBe(202);
  });

  it.each([
    [undefined, 428],
    ['"9.7"', 412],
  ])('refuses If-Match %p with %p', async (ifMatch, status) => {
    plane.seed('a');
    expect((await refusal(service.remove('a', CONTEXT, { ifMatch }))).status).toBe(status);
  });

  it('refuses while others need it, and names them', async () => {
    plane.seed('a');
    plane.seed('b', { config: needing('a') });
    const error = await refusal(service.remove('a', CONTEXT, { ifMatch: null }));
    expect([error.code, error.status]).toEqual(['registry.has-dependents', 409]);
    expect(error.message).toContain('b');
  });

  it('does not mind dependents that are not to serve', async () => {
    plane.seed('a');
    plane.seed('b', { config: needing('a') }, 'inactive');
    expect((await service.remove('a', CONTEXT, { ifMatch: null })).status).toBe(204);
  });

  it('deactivates dependents first, those that need others before those others', async () => {
    plane.seed('a');
    plane.seed('c', { config: needing('a') });
    plane.seed('b', { config: needing('a', 'c') });
    plane.seed('d', { config: needing('b', 'c') });
    await service.remove('a', CONTEXT, { ifMatch: null, cascade: 'deactivate' });
    expect(plane.calls).toEqual([
      'deactivate d',
      'deactivate b',
      'deactivate c',
      'desire a archived',
    ]);
  });

  it('skips the drain only when forced', async () => {
    plane.seed('a');
    await service.remove('a', CONTEXT, { ifMatch: null, force: true });
    expect(plane.calls).toEqual(['desire a archived', 'expedite a']);
  });
});

describe('the lifecycle verbs', () => {
  it.each<['activate' | 'deactivate' | 'restart', string]>([
    ['activate', 'activated'],
    ['deactivate', 'deactivated'],
    ['restart', 'restarted'],
  ])('%s answers 200 when done and 202 when not', async (verb, outcome) => {
    plane.seed('a');
    expect(await service[verb]('a', CONTEXT)).toMatchObject({ status: 200, outcome });
    plane.settlements.push('slow');
    expect(await service[verb]('a', CONTEXT)).toMatchObject({ status: 202, outcome: 'pending' });
  });

  it('check If-Match when it is sent', async () => {
    plane.seed('a');
    const error = await refusal(service.activate('a', CONTEXT, { ifMatch: '"9.1"' }));
    expect(error.status).toBe(412);
  });

  it('change nothing in a dry run', async () => {
    plane.seed('a');
    const { plan } = await service.deactivate('a', CONTEXT, { dry_run: true });
    expect([plan?.would, plane.calls]).toEqual(['deactivate', []]);
  });

  it('answer 422 when an activation fails', async () => {
    plane.seed('a', {}, 'inactive');
    plane.settlements.push('fail');
    expect((await refusal(service.activate('a', CONTEXT))).status).toBe(422);
  });

  it('validate what is stored and change nothing', async () => {
    plane.seed('a');
    expect(await service.validate('a', CONTEXT)).toMatchObject({ status: 200, outcome: 'valid' });
    plane.routeConflicts = [CLASH];
    expect((await refusal(service.validate('a', CONTEXT))).status).toBe(409);
    expect(plane.calls).toEqual([]);
  });

  it('restore only what was deleted', async () => {
    expect((await refusal(service.restore('a', CONTEXT))).code).toBe('registry.not-archived');
  });

  it('restore a deleted service, inactive', async () => {
    plane.seed('a');
    await service.remove('a', CONTEXT, { ifMatch: null });
    expect(await service.restore('a', CONTEXT)).toMatchObject({
      status: 200,
      outcome: 'restored',
      service: { state: 'inactive' },
    });
  });
});

describe('upsert', () => {
  const wrapper = { name: 'a', script_id: SCRIPT };

  it('registers, then finds nothing to do, then makes a revision', async () => {
    const first = await service.upsertByScript(wrapper, CONTEXT);
    const same = await service.upsertByScript(wrapper, CONTEXT);
    const next = await service.upsertByScript({ ...wrapper, version: '2.0.0' }, CONTEXT);
    expect([first, same, next].map((each) => [each.status, each.outcome])).toEqual([
      [201, 'created'],
      [200, 'unchanged'],
      [200, 'updated'],
    ]);
    expect(plane.services.size).toBe(1);
  });

  it('registers once when two calls come at once', async () => {
    const both = await Promise.all([
      service.upsertByScript(wrapper, CONTEXT),
      service.upsertByScript(wrapper, CONTEXT),
    ]);
    expect(both.map((each) => each.outcome)).toEqual(['created', 'unchanged']);
    expect(plane.calls.filter((call) => call.startsWith('create'))).toHaveLength(1);
  });

  it('needs a script_id', async () => {
    const error = await refusal(service.upsertByScript({ name: 'a' }, CONTEXT));
    expect(error.details.errors?.[0]?.pointer).toBe('/script_id');
  });

  it('refuses a name that another script has', async () => {
    await service.upsertByScript(wrapper, CONTEXT);
    const other = { name: 'a', script_id: OTHER_SCRIPT };
    expect((await refusal(service.upsertByScript(other, CONTEXT))).code).toBe(
      'registry.name-taken',
    );
  });

  it('follows a script that was renamed', async () => {
    await service.upsertByScript(wrapper, CONTEXT);
    const renamed = await service.upsertByScript({ ...wrapper, name: 'b' }, CONTEXT);
    expect(renamed).toMatchObject({ outcome: 'updated', service: { name: 'b' } });
  });

  it('matches by name without a script, and takes nothing over from a script', async () => {
    await service.upsertByName({ name: 'm' }, CONTEXT);
    expect((await service.upsertByName({ name: 'm' }, CONTEXT)).outcome).toBe('unchanged');
    await service.upsertByScript(wrapper, CONTEXT);
    const error = await refusal(service.upsertByName({ name: 'a' }, CONTEXT));
    expect(error.code).toBe('registry.name-taken');
  });
});
