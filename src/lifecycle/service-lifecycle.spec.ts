import { describe, expect, it } from '@jest/globals';
import {
  allowedMoves,
  bootStep,
  isTransient,
  mayBeArchived,
  mayMove,
  SERVICE_TRANSITIONS,
} from './service-lifecycle.js';
import type { ServiceState } from './service-status.js';

const STATES = Object.keys(SERVICE_TRANSITIONS) as ServiceState[];

const ALLOWED: readonly string[] = [
  'draft validating',
  'validating deploying',
  'validating draft',
  'validating error',
  'validating deactivating',
  'deploying active',
  'deploying error',
  'deploying deactivating',
  'active updating',
  'active deactivating',
  'active error',
  'updating active',
  'updating error',
  'updating deactivating',
  'deactivating inactive',
  'inactive validating',
  'error validating',
  'error deploying',
  'error deactivating',
];

describe('the state of a service', () => {
  it('moves as the table says and in no other way', () => {
    const found = STATES.flatMap((from) =>
      STATES.filter((to) => mayMove(from, to)).map((to) => `${from} ${to}`),
    );
    expect(found.sort()).toEqual([...ALLOWED].sort());
  });

  it.each<[ServiceState, boolean]>([
    ['draft', true],
    ['inactive', true],
    ['error', true],
    ['active', false],
    ['deactivating', false],
  ])('%s may go to the archive: %s', (state, expected) => {
    expect(mayBeArchived(state)).toBe(expected);
    expect(allowedMoves(state).includes('archived')).toBe(expected);
  });

  it('is transient while it is on its way', () => {
    expect(STATES.filter(isTransient)).toEqual([
      'validating',
      'deploying',
      'updating',
      'deactivating',
    ]);
  });

  it.each<[ServiceState, string]>([
    ['draft', 'rest'],
    ['validating', 'run-again'],
    ['deploying', 'run-again'],
    ['active', 'mount'],
    ['updating', 'fall-back'],
    ['deactivating', 'continue'],
    ['inactive', 'rest'],
    ['error', 'heal'],
  ])('%s makes boot %s', (state, step) => {
    expect(bootStep(state)).toBe(step);
  });
});
