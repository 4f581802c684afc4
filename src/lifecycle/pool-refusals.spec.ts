import { describe, expect, it } from '@jest/globals';
import { allInUse, keepsEnding, retired } from './pool-refusals.js';

const WEATHER = { name: 'weather', revision: 3 };

describe('what a pool refuses callers with', () => {
  it.each([
    [retired(WEATHER), 'retired', 'Revision 3 of "weather" is no longer served.', 1],
    [allInUse(WEATHER, 16), 'capacity', 'All 16 instances of "weather" are in use.', 1],
    [
      keepsEnding(WEATHER, 2_100),
      'crash-loop',
      '"weather" keeps ending; it is tried again later.',
      3,
    ],
  ])('is told with its code and when to try again: %s', (error, code, message, retryAfterS) => {
    expect(error).toMatchObject({ code, message, facts: { retryAfterS } });
  });
});
