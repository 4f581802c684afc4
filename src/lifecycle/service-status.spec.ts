import { describe, expect, it } from '@jest/globals';
import { simpleStatus, type ServiceState } from './service-status.js';

describe('the simple status', () => {
  it.each<[ServiceState, string]>([
    ['draft', 'inactive'],
    ['validating', 'inactive'],
    ['deploying', 'inactive'],
    ['active', 'active'],
    ['updating', 'active'],
    ['deactivating', 'inactive'],
    ['inactive', 'inactive'],
    ['error', 'error'],
  ])('of %s is %s', (state, expected) => {
    expect(simpleStatus(state)).toBe(expected);
  });
});
