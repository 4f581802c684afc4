import { describe, expect, it } from '@jest/globals';
import { serviceConfig } from '../../test/support/service-fixture.js';
import { pinningOf } from './tool-pinning-mode.js';

describe('pinningOf', () => {
  it('is what the configuration says', () => {
    expect(pinningOf(serviceConfig({ security: { tool_pinning: 'block' } }))).toBe('block');
    expect(pinningOf(serviceConfig({ security: { tool_pinning: 'off' } }))).toBe('off');
  });

  it('is the default in a configuration that is older than pinning', () => {
    expect(pinningOf(serviceConfig())).toBe('warn');
  });
});
