import { describe, expect, it } from '@jest/globals';
import { CONTEXT, FakeControlPlane } from '../../test/support/fake-control-plane.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { JsonObject } from '../kernel/json.js';
import { SilentLogger } from '../kernel/logger.js';
import type { RevisionDocument } from '../registry/service.js';
import { createRegistration } from './registration.service.js';
import { rollbackTarget, type RollbackTarget } from './rollback-target.js';

const tool = (name: string): JsonObject => ({ name, inputSchema: { type: 'object' } });

/** What going from revision 2 back to 1 means when both are documented like this. */
async function target(
  older: Partial<RevisionDocument>,
  current: Partial<RevisionDocument> | Error,
  revision = 1,
): Promise<RollbackTarget> {
  const plane = new FakeControlPlane();
  const service = createRegistration(plane, new ManualClock(), new SilentLogger());
  await service.register({ name: 'a' }, CONTEXT);
  await service.update('a', { name: 'a', title: 'two' }, CONTEXT, { ifMatch: '*' });
  const { registry } = plane;
  const overlaid: FakeControlPlane['registry'] = {
    ...registry,
    revision: async (id, number) => {
      if (number === 2 && current instanceof Error) throw current;
      return { ...(await registry.revision(id, number)), ...(number === 1 ? older : current) };
    },
  };
  return rollbackTarget({ ...plane, registry: overlaid }, registry.require('a'), revision);
}

describe('going back', () => {
  it('names the tools that callers of the present lose', async () => {
    const { spec, warnings } = await target(
      { tools: [tool('kept')] },
      { tools: [tool('kept'), tool('gone')] },
    );
    expect(spec.title).toBeNull();
    expect(warnings).toEqual([
      expect.stringMatching(
        /^Going back breaks callers of these tools: gone\. See .*from=2&to=1\.$/,
      ),
    ]);
  });

  it.each<[string, Partial<RevisionDocument>, Partial<RevisionDocument> | Error]>([
    ['loses nothing', { tools: [tool('a'), tool('b')] }, { tools: [tool('a')] }],
    ['was never proven', { tools: null }, { tools: [tool('a')] }],
    ['comes from a present that cannot be read', { tools: [] }, new Error('damaged')],
  ])('says nothing where it %s', async (_name, older, current) => {
    expect((await target(older, current)).warnings).toEqual([]);
  });

  it('to where one is says so', async () => {
    expect((await target({}, { tools: [] }, 2)).warnings).toEqual([
      'Revision 2 is the current one already.',
    ]);
  });

  it.each(['draft', 'candidate'] as const)('to a %s is refused', async (outcome) => {
    await expect(target({ outcome }, {})).rejects.toMatchObject({
      code: 'registry.revision-not-served',
    });
  });
});
