import { describe, expect, it } from '@jest/globals';
import { levelOf } from './log-level.js';

describe('the level of a log message', () => {
  it.each([
    ['{"params":{"level":"debug"}}', 0],
    ['{"params":{"level":"error"}}', 4],
    ['{"params":{"level":"emergency"}}', 7],
    ['{"params":{"level":"loud"}}', 8],
    ['{"params":{}}', 8],
    ['{}', 8],
    ['no JSON', 8],
  ])('of %s is %i', (message, level) => {
    expect(levelOf(Buffer.from(message))).toBe(level);
  });
});
