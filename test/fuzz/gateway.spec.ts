import { describe, expect, it } from '@jest/globals';
import { attackAsClients } from './client-run.js';
import { atTheGateway } from './gateway-run.js';
import { attackAsUpstreams } from './upstream-run.js';

/** Always the same cases, though not the same moments; more of them by hand, see `run.mjs`. */
const SEED = 20_260_728;
const WARM_UP = 20;

describe('the built gateway', () => {
  it('withstands clients that send anything', async () => {
    const { faults } = await atTheGateway(attackAsClients, {
      cases: 400,
      seed: SEED,
      warmUp: WARM_UP,
    });
    expect(faults).toEqual([]);
  }, 60_000);

  it('withstands upstreams that answer anything', async () => {
    const { faults } = await atTheGateway(attackAsUpstreams, {
      cases: 100,
      seed: SEED,
      warmUp: WARM_UP,
    });
    expect(faults).toEqual([]);
  }, 60_000);
});
