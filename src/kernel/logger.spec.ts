import { expect, it } from '@jest/globals';
import { SilentLogger } from './logger.js';

it('a silent logger answers itself for every child, so nothing of it grows', () => {
  const logger = new SilentLogger();
  expect(logger.child()).toBe(logger);
  expect(logger.error()).toBeUndefined();
});
