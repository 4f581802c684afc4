import { describe, expect, it } from '@jest/globals';
import { CHANNEL_CLAIMS } from './channel-properties.js';
import { EXCHANGE_CLAIMS } from './exchange-properties.js';
import { SCAN_CLAIMS } from './scan-properties.js';
import { tryClaims } from './tally.js';

/** Always the same cases; more of them by hand, see `run.mjs`. */
const SEED = 20_260_728;
const CASES = 2_000;

const claims = [...SCAN_CLAIMS, ...CHANNEL_CLAIMS, ...EXCHANGE_CLAIMS];
const weights = claims.reduce((sum, { weight }) => sum + weight, 0);

describe('whatever is sent', () => {
  it.each(claims)('$name', async (claim) => {
    const cases = (CASES * claim.weight) / weights;
    expect(await tryClaims([claim], cases, SEED, () => undefined)).toEqual([]);
  });
});
