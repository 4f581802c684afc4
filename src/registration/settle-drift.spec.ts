import { beforeEach, describe, expect, it } from '@jest/globals';
import { CONTEXT, FakeControlPlane } from '../../test/support/fake-control-plane.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { JsonObject } from '../kernel/json.js';
import { SilentLogger } from '../kernel/logger.js';
import { createRegistration, type RegistrationService } from './registration.service.js';

let plane: FakeControlPlane;
let service: RegistrationService;
let id: string;

beforeEach(async () => {
  plane = new FakeControlPlane();
  service = createRegistration(plane, new ManualClock(), new SilentLogger());
  id = (await service.register({ name: 'a' }, CONTEXT)).service_id ?? '';
});

/** The file of the service as a person left it. */
function edit(change: (document: JsonObject & { spec: JsonObject }) => void): void {
  const document = JSON.parse(JSON.stringify(plane.registry.require('a'))) as JsonObject & {
    spec: JsonObject;
  };
  change(document);
  plane.drifts.set(id, document);
}

describe('an edit by hand', () => {
  it('is adopted as any update is made', async () => {
    edit(({ spec }) => {
      spec['title'] = 'By hand';
    });
    const result = await service.settleDrift('a', 'adopt', CONTEXT);
    expect(result).toMatchObject({ status: 200, outcome: 'updated' });
    expect(plane.registry.require('a').spec.title).toBe('By hand');
  });

  it('is undone by a rewrite', async () => {
    edit(() => undefined);
    expect(await service.settleDrift('a', 'revert', CONTEXT)).toMatchObject({
      status: 200,
      outcome: 'reverted',
    });
    expect(plane.calls).toContain('rewrite a');
    await expect(service.settleDrift('a', 'revert', CONTEXT)).rejects.toMatchObject({
      code: 'registry.not-drifted',
    });
  });

  it('is only planned in a dry run', async () => {
    edit(({ spec }) => {
      spec['title'] = 'By hand';
    });
    for (const [action, would] of [
      ['adopt', 'update'],
      ['revert', 'revert'],
    ] as const) {
      const { plan } = await service.settleDrift('a', action, CONTEXT, { dry_run: true });
      expect(plan?.would).toBe(would);
    }
    expect(plane.drifts.has(id)).toBe(true);
  });

  it('of more than the specification is refused with every place', async () => {
    edit((document) => {
      document['desired'] = 'inactive';
      document['revision'] = 9;
      document['added'] = true;
      document.spec['title'] = 'By hand';
    });
    await expect(service.settleDrift('a', 'adopt', CONTEXT)).rejects.toMatchObject({
      code: 'registry.drift-refused',
      details: {
        errors: ['/added', '/desired', '/revision'].map((pointer) => ({
          pointer,
          detail: 'is not for editing: only /spec is.',
        })),
      },
    });
  });

  it.each<[string, (document: JsonObject) => void]>([
    ['that is no object', (document) => (document['spec'] = 'x')],
    ['that is gone', (document) => delete document['spec']],
  ])('with a specification %s is refused', async (_name, change) => {
    edit(change);
    await expect(service.settleDrift('a', 'adopt', CONTEXT)).rejects.toMatchObject({
      code: 'registry.drift-refused',
    });
  });

  it('needs the scopes of an update', async () => {
    edit(({ spec }) => {
      spec['config'] = { runtime: { command: 'node' } };
    });
    const reader = { ...CONTEXT, scopes: new Set(['read']) };
    const writer = { ...CONTEXT, scopes: new Set(['write']) };
    for (const context of [reader, writer]) {
      await expect(service.settleDrift('a', 'adopt', context)).rejects.toMatchObject({
        code: 'auth.scope-missing',
      });
    }
    await expect(service.settleDrift('a', 'revert', reader)).rejects.toMatchObject({
      code: 'auth.scope-missing',
    });
  });
});
