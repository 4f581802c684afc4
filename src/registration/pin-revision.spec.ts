import { describe, expect, it } from '@jest/globals';
import { CONTEXT, FakeControlPlane } from '../../test/support/fake-control-plane.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { SilentLogger } from '../kernel/logger.js';
import { pinRevision } from './pin-revision.js';
import { createRegistration } from './registration.service.js';

describe('a pin', () => {
  it('is set and taken back, and says who keeps the revision', async () => {
    const plane = new FakeControlPlane();
    const service = createRegistration(plane, new ManualClock(), new SilentLogger());
    const { service_id } = await service.register({ name: 'a' }, CONTEXT);
    expect(await pinRevision(plane, 'a', 1, true, CONTEXT)).toEqual({
      service_id,
      revision: 1,
      pinned: true,
      pinned_by: ['operator'],
    });
    expect(await pinRevision(plane, 'a', 1, false, CONTEXT)).toMatchObject({ pinned: false });
    const reader = { ...CONTEXT, scopes: new Set(['read']) };
    await expect(pinRevision(plane, 'a', 1, true, reader)).rejects.toMatchObject({
      code: 'auth.scope-missing',
    });
  });
});
