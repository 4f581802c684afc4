import { describe, expect, it } from '@jest/globals';
import { firingAlert, pendingAlert } from '../../test/support/alert-fixture.js';
import type { Alert } from './alert.js';
import { causeOf, type AlertNeighbourhood } from './inhibition.js';

/** `c` requires `b`, which requires `a`. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  c: ['b'],
  b: ['a'],
  x: ['y'],
  y: ['x'],
};

function among(...alerts: readonly Alert[]): AlertNeighbourhood {
  return {
    openOf: (id) => alerts.filter(({ service_id }) => service_id === id),
    requiredBy: (id) => REQUIRED[id] ?? [],
  };
}

const root = firingAlert({ alert_id: 'root', service_id: 'a' });
const dependent = pendingAlert({ service_id: 'b', rule: 'DependencyDown', severity: 'warning' });

describe('causeOf', () => {
  it('finds the alert of a service that is required', () => {
    expect(causeOf(dependent, among(root), 0)).toEqual({ alert_id: 'root', state: 'firing' });
  });

  it('finds it through others', () => {
    const far = pendingAlert({ service_id: 'c' });
    expect(causeOf(far, among(root), 0)?.alert_id).toBe('root');
  });

  it('does not take a dependent for a cause', () => {
    expect(causeOf(root, among(firingAlert({ service_id: 'b' })), 0)).toBeNull();
  });

  it('lets nothing critical hide behind a warning', () => {
    const mild = firingAlert({ service_id: 'a', severity: 'warning' });
    expect(causeOf(pendingAlert({ service_id: 'b' }), among(mild), 0)).toBeNull();
    expect(causeOf(dependent, among(mild), 0)).not.toBeNull();
  });

  it('leaves alone what is nobody else’s fault, and the gateway’s own', () => {
    expect(causeOf({ ...dependent, inhibitable: false }, among(root), 0)).toBeNull();
    expect(causeOf({ ...dependent, service_id: null }, among(root), 0)).toBeNull();
  });

  it('waits for a pending one, but not for ever', () => {
    const pending = pendingAlert({ alert_id: 'soon', service_id: 'a', due_ms: 20_000 });
    expect(causeOf(dependent, among(pending), 79_999)).toEqual({
      alert_id: 'soon',
      state: 'pending',
    });
    expect(causeOf(dependent, among(pending), 80_000)).toBeNull();
  });

  it('finds the firing one before the pending one', () => {
    const pending = pendingAlert({ service_id: 'a', rule: 'ServiceError' });
    expect(causeOf(dependent, among(pending, root), 0)?.alert_id).toBe('root');
  });

  it('lets the worst alert of a service speak for it', () => {
    const loop = firingAlert({ alert_id: 'loop', service_id: 's1', rule: 'CrashLoop' });
    expect(causeOf(pendingAlert(), among(loop), 0)).toEqual({ alert_id: 'loop', state: 'firing' });
    expect(causeOf(loop, among(firingAlert({ service_id: 's1' })), 0)).toBeNull();
    expect(causeOf(pendingAlert(), among(pendingAlert({ rule: 'CrashLoop' })), 0)).toBeNull();
  });

  it('ends in a cycle', () => {
    expect(causeOf(pendingAlert({ service_id: 'x' }), among(root), 0)).toBeNull();
  });
});
