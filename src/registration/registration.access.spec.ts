import { beforeEach, describe, expect, it } from '@jest/globals';
import { CONTEXT, FakeControlPlane, needing } from '../../test/support/fake-control-plane.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { SilentLogger } from '../kernel/logger.js';
import { ProblemError } from '../kernel/problem.js';
import type { ChangeContext } from '../registry/service.js';
import { createRegistration, type RegistrationService } from './registration.service.js';

const COMMAND = { runtime: { command: 'node', args: ['a.js'] } };

let plane: FakeControlPlane;
let service: RegistrationService;

beforeEach(() => {
  plane = new FakeControlPlane();
  service = createRegistration(plane, new ManualClock(), new SilentLogger());
});

function as(changes: Partial<ChangeContext>): ChangeContext {
  return { ...CONTEXT, ...changes };
}

async function refusal(run: Promise<unknown>): Promise<ProblemError> {
  const error = await run.then(
    () => new Error('nothing was refused'),
    (reason: unknown) => reason,
  );
  if (error instanceof ProblemError) return error;
  throw error;
}

describe('access to a change', () => {
  it.each<[string, Partial<ChangeContext>, object, string]>([
    ['without write', { scopes: new Set(['exec']) }, { name: 'a' }, 'auth.scope-missing'],
    ['with a name of others', { services: ['x-*'] }, { name: 'a' }, 'auth.scope-missing'],
    [
      'with a command but without exec',
      { scopes: new Set(['write']) },
      { name: 'a', config: COMMAND },
      'auth.scope-missing',
    ],
    [
      'with a command in an overlay but without exec',
      { scopes: new Set(['write']) },
      { name: 'a', config: { overlays: { prod: COMMAND } } },
      'auth.scope-missing',
    ],
  ])('refuses a registration %s', async (_how, ctx, body, code) => {
    expect((await refusal(service.register(body, as(ctx)))).code).toBe(code);
    expect(plane.calls).toEqual([]);
  });

  it.each<[string, Partial<ChangeContext>, object]>([
    ['of a remote server with write alone', { scopes: new Set(['write']) }, { name: 'a' }],
    ['with admin alone', { scopes: new Set(['admin']) }, { name: 'a', config: COMMAND }],
    ['of a name of its own', { services: ['x-*'] }, { name: 'x-1' }],
  ])('allows a registration %s', async (_how, ctx, body) => {
    expect((await service.register(body, as(ctx))).status).toBe(201);
  });

  it('lets a key without exec change what is not run, and nothing that is', async () => {
    plane.seed('a', { config: COMMAND });
    const ctx = as({ scopes: new Set(['write']) });
    const tagged = { name: 'a', tags: ['geo'], config: COMMAND };
    expect((await service.update('a', tagged, ctx, { ifMatch: null })).outcome).toBe('updated');
    const changed = { name: 'a', config: { runtime: { command: 'node', args: ['b.js'] } } };
    const error = await refusal(service.update('a', changed, ctx, { ifMatch: null }));
    expect(error.code).toBe('auth.scope-missing');
  });

  it('needs exec to go back to a revision that ran something else', async () => {
    plane.seed('a', { config: COMMAND });
    await service.update('a', { name: 'a', config: {} }, CONTEXT, { ifMatch: null });
    const error = await refusal(service.rollback('a', 1, as({ scopes: new Set(['write']) })));
    expect(error.code).toBe('auth.scope-missing');
  });

  it.each([
    ['update', () => service.update('a', { name: 'a' }, as({ services: [] }), { ifMatch: null })],
    ['remove', () => service.remove('a', as({ services: [] }), { ifMatch: null })],
    ['activate', () => service.activate('a', as({ services: [] }))],
    ['validate', () => service.validate('a', as({ services: [] }))],
    ['rollback', () => service.rollback('a', 1, as({ services: [] }))],
  ])('hides a service of others from %s', async (_verb, run) => {
    plane.seed('a');
    expect((await refusal(run())).status).toBe(404);
    expect(plane.calls).toEqual([]);
  });

  it('does not let a service be renamed to a name of others', async () => {
    plane.seed('x-1');
    const run = service.update('x-1', { name: 'a' }, as({ services: ['x-*'] }), { ifMatch: null });
    expect((await refusal(run)).code).toBe('auth.scope-missing');
  });

  it('does not deactivate dependents that the caller may not see', async () => {
    plane.seed('a');
    plane.seed('b', { config: needing('a') });
    const options = { ifMatch: null, cascade: 'deactivate' } as const;
    const run = service.remove('a', as({ services: ['a'] }), options);
    expect((await refusal(run)).status).toBe(404);
    expect(plane.calls).toEqual([]);
  });
});
