import { describe, expect, it } from '@jest/globals';
import { initialStatus } from './initial-status.js';

describe('the status of a service that has none stored', () => {
  it.each([
    ['active', 'draft'],
    ['draft', 'draft'],
    ['inactive', 'inactive'],
    [undefined, 'draft'],
  ] as const)('that is to be %s begins as %s', (desired, state) => {
    const status = initialStatus('id', desired, 'now');
    expect(status).toMatchObject({ service_id: 'id', state, stable_revision: null, tools: [] });
    expect(status.health.reason).toBe('NotYetProven');
  });
});
