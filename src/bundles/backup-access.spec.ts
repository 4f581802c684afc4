import { describe, expect, it } from '@jest/globals';
import { requireWholeStore } from './backup-access.js';

describe('requireWholeStore', () => {
  it('takes a key of all services and refuses one that is limited to some', () => {
    expect(() => {
      requireWholeStore({ id: 'ops', services: null });
    }).not.toThrow();
    expect(() => {
      requireWholeStore({ id: 'team', services: ['team-*'] });
    }).toThrow('limited to some services');
  });
});
