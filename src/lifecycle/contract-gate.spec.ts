import { describe, expect, it } from '@jest/globals';
import { revisionOf } from '../../test/transcripts/fake-registry.js';
import { openWorld, serve } from '../../test/transcripts/world-service.js';
import type { JsonObject } from '../kernel/json.js';
import { contractBreak } from './contract-gate.js';

const ECHO = { name: 'echo', inputSchema: { type: 'object' } };

type Parts = Parameters<typeof contractBreak>[0];

async function judged(
  before: readonly JsonObject[] | null | Error,
  after: readonly JsonObject[],
  candidate: { readonly allow_breaking?: boolean } = {},
): Promise<Awaited<ReturnType<typeof contractBreak>>> {
  const world = await openWorld();
  const id = await serve(world, 'weather');
  const { registry, statuses } = world.core.parts;
  const parts: Parts = {
    statuses,
    registry: Object.assign(Object.create(registry) as typeof registry, {
      candidateOf: () => ({ ...revisionOf(id, 'weather', 2, {}), ...candidate }),
      revision: () =>
        before instanceof Error
          ? Promise.reject(before)
          : Promise.resolve({ ...revisionOf(id, 'weather', 1, {}), tools: before }),
    }),
  };
  try {
    return await contractBreak(parts, id, after);
  } finally {
    await world.lifecycle.stop();
  }
}

describe('the gate of the contract', () => {
  it('refuses a candidate that breaks callers, and says what of which tool', async () => {
    const gone = { name: 'other', inputSchema: { type: 'object' } };
    expect(await judged([ECHO, gone], [ECHO])).toEqual({
      stage: 'contract',
      code: 'registry.contract-broken',
      reason: 'ContractBroken',
      message: 'Callers of the current revision would break: "other" changed incompatibly.',
      action: expect.stringContaining('?allow_breaking=true') as unknown,
      stderr: [],
      errors: [{ pointer: '/tools/other', detail: 'other: the tool is gone.' }],
    });
  });

  it('lets pass what is compatible, what was never proven, and what was allowed', async () => {
    expect(await judged([ECHO], [{ ...ECHO, title: 'Echo' }])).toBeNull();
    expect(await judged(null, [])).toBeNull();
    expect(await judged([ECHO], [], { allow_breaking: true })).toBeNull();
    expect(await judged([ECHO], [], { allow_breaking: false })).not.toBeNull();
  });

  it('goes by what was last listed when the record of the revision cannot be read', async () => {
    const broken = await judged(new Error('damaged'), []);
    expect(broken?.errors).toEqual([{ pointer: '/tools/echo', detail: 'echo: the tool is gone.' }]);
  });
});
