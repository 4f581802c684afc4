import { describe, expect, it } from '@jest/globals';
import { firingAlert, observation, pendingAlert } from '../../test/support/alert-fixture.js';
import {
  dueMs,
  FLAP_WINDOW_MS,
  isAtLeast,
  mature,
  sighted,
  type Alert,
  type Cause,
} from './alert.js';

const FIRING_CAUSE: Cause = { alert_id: 'root', state: 'firing' };
const PENDING_CAUSE: Cause = { alert_id: 'root', state: 'pending' };

function matured(
  alert: Alert,
  nowMs: number,
  cause: Cause | null = null,
  previous: Alert | null = null,
): { alert: Alert; notices: readonly string[] } {
  const step = mature(alert, nowMs, cause, previous);
  if (step.alert === null) throw new Error('dropped');
  return { alert: step.alert, notices: step.notices };
}

function seen(alert: Alert, ...parameters: [Parameters<typeof sighted>[1], number]): Alert {
  const step = sighted(alert, ...parameters);
  if (step.alert === null) throw new Error('dropped');
  return step.alert;
}

describe('a pending alert', () => {
  it('fires once it has lasted, and not before', () => {
    expect(matured(pendingAlert(), 19_999).alert.state).toBe('pending');
    const { alert, notices } = matured(pendingAlert(), 20_000);
    expect(alert).toMatchObject({ state: 'firing', fired_ms: 20_000, told: 'critical' });
    expect(notices).toEqual(['firing']);
  });

  it('is dropped without a word when it does not last', () => {
    expect(sighted(pendingAlert(), 'clear', 5_000)).toEqual({ alert: null, notices: [] });
    expect(sighted(pendingAlert(), 'off', 5_000).alert).toBeNull();
    expect(sighted(pendingAlert(), 'gone', 5_000).alert).toBeNull();
  });

  it('does not fire while nobody can tell', () => {
    const unsure = seen(pendingAlert(), 'unknown', 10_000);
    expect(matured(unsure, 60_000).alert.state).toBe('pending');
    expect(matured(seen(unsure, observation(), 61_000), 61_000).notices).toEqual(['firing']);
  });

  it('fires at once when what is seen turns definite', () => {
    const definite = seen(pendingAlert(), observation({ hold_ms: 0 }), 3_000);
    expect(matured(definite, 3_000).notices).toEqual(['firing']);
  });

  it('waits for a cause that may fire, without losing its place', () => {
    const waiting = matured(pendingAlert(), 25_000, PENDING_CAUSE).alert;
    expect(waiting).toMatchObject({ state: 'pending', inhibited_by: null });
    expect(matured(waiting, 26_000).notices).toEqual(['firing']);
  });

  it('is inhibited while its cause fires, and fires when it outlasts the cause by its hold', () => {
    const inhibited = matured(pendingAlert(), 1_000, FIRING_CAUSE).alert;
    expect(inhibited.inhibited_by).toBe('root');
    expect(dueMs(inhibited)).toBe(0);
    expect(matured(inhibited, 500_000, FIRING_CAUSE).notices).toEqual([]);
    const released = matured(inhibited, 600_000).alert;
    expect(released).toMatchObject({ state: 'pending', inhibited_by: null, due_ms: 620_000 });
    expect(matured(released, 619_999).notices).toEqual([]);
    expect(matured(released, 620_000).notices).toEqual(['firing']);
  });
});

describe('a firing alert', () => {
  it('is resolved when it has been gone as long as it was held', () => {
    const clear = seen(firingAlert(), 'clear', 50_000);
    expect(dueMs(clear)).toBe(70_000);
    expect(matured(clear, 69_999).alert.state).toBe('firing');
    const { alert, notices } = matured(clear, 70_000);
    expect(alert).toMatchObject({ state: 'resolved', resolved_ms: 70_000, resolution: 'Cleared' });
    expect(notices).toEqual(['resolved']);
  });

  it('counts the time it has been gone from anew after it came back', () => {
    const back = seen(seen(firingAlert(), 'clear', 50_000), observation(), 60_000);
    expect(matured(seen(back, 'clear', 65_000), 80_000).alert.state).toBe('firing');
  });

  it('is not resolved while nobody can tell', () => {
    const clear = seen(firingAlert(), 'clear', 50_000);
    expect(matured(seen(clear, 'unknown', 60_000), 900_000).alert.state).toBe('firing');
  });

  it('is told again every repeat_ms', () => {
    const first = matured(firingAlert(), 20_000 + 14_400_000);
    expect(first.notices).toEqual(['repeated']);
    expect(matured(first.alert, 20_000 + 28_799_999).notices).toEqual([]);
    expect(matured(first.alert, 20_000 + 28_800_000).notices).toEqual(['repeated']);
  });

  it.each<[string, Partial<Alert>, Cause | null]>([
    ['acknowledged', { acknowledged: { by: 'x', note: null, at_ms: 0, until_ms: null } }, null],
    ['on its way out', { clear_since_ms: 14_419_999 }, null],
    ['inhibited', {}, FIRING_CAUSE],
  ])('is not told again while it is %s', (_what, over, cause) => {
    expect(matured(firingAlert(over), 14_420_000, cause).notices).toEqual([]);
  });

  it('is told again when the acknowledgement ends', () => {
    const acknowledged = { by: 'x', note: null, at_ms: 0, until_ms: 15_000_000 };
    const alert = firingAlert({ acknowledged });
    expect(dueMs(alert)).toBe(15_000_000);
    const after = matured(alert, 15_000_000);
    expect(after.notices).toEqual(['repeated']);
    expect(after.alert.acknowledged).toBeNull();
  });

  it('is told at once when it gets worse, whoever looks after it, and once only', () => {
    const acknowledged = { by: 'x', note: null, at_ms: 0, until_ms: null };
    const mild = firingAlert({ severity: 'warning', told: 'warning', acknowledged });
    const worse = matured(seen(mild, observation({ severity: 'critical' }), 30_000), 30_000);
    expect(worse.notices).toEqual(['firing']);
    expect(worse.alert).toMatchObject({ told: 'critical', acknowledged: null });
    const milder = seen(worse.alert, observation({ severity: 'warning' }), 31_000);
    const again = seen(milder, observation({ severity: 'critical' }), 32_000);
    expect(matured(again, 32_000).notices).toEqual([]);
  });

  it('is resolved at once, with a word, when the service is not wanted any more', () => {
    const { alert, notices } = sighted(firingAlert(), 'off', 30_000);
    expect(alert).toMatchObject({ state: 'resolved', resolution: 'Deactivated' });
    expect(notices).toEqual(['resolved']);
  });

  it('is resolved silently when there is nothing to watch any more', () => {
    const { alert, notices } = sighted(firingAlert(), 'gone', 30_000);
    expect(alert).toMatchObject({ state: 'resolved', resolution: 'NotWatched' });
    expect(notices).toEqual([]);
  });
});

describe('an alert that comes and goes', () => {
  const previous = firingAlert({
    alert_id: 'first',
    state: 'resolved',
    since_ms: 0,
    resolved_ms: 60_000,
  });

  it('goes on as the incident before, and is told at the end of the window', () => {
    const reopened = matured(pendingAlert({ due_ms: 90_000 }), 90_000, null, previous);
    expect(reopened.notices).toEqual([]);
    expect(reopened.alert).toMatchObject({
      alert_id: 'first',
      state: 'firing',
      flaps: 1,
      told: null,
      tell_ms: 20_000 + FLAP_WINDOW_MS,
    });
    const told = matured(reopened.alert, 20_000 + FLAP_WINDOW_MS);
    expect(told.notices).toEqual(['firing']);
    expect(told.alert).toMatchObject({ told: 'critical', tell_ms: null });
  });

  it('is told at the end of the window even when it is quiet just then', () => {
    const { alert } = matured(pendingAlert({ due_ms: 90_000 }), 90_000, null, previous);
    const quiet = seen(alert, 'clear', 310_000);
    expect(matured(quiet, 320_000).notices).toEqual(['firing']);
  });

  it('is resolved only after it was quiet for a whole window', () => {
    const flapping = firingAlert({ flaps: 2, clear_since_ms: 400_000 });
    expect(matured(flapping, 400_000 + FLAP_WINDOW_MS - 1).notices).toEqual([]);
    expect(matured(flapping, 400_000 + FLAP_WINDOW_MS).notices).toEqual(['resolved']);
  });

  it('is counted each time it comes back', () => {
    const back = seen(firingAlert({ flaps: 1, clear_since_ms: 400_000 }), observation(), 450_000);
    expect(back).toMatchObject({ flaps: 2, clear_since_ms: null });
    expect(seen(back, observation(), 451_000).flaps).toBe(2);
    expect(seen(firingAlert({ clear_since_ms: 30_000 }), observation(), 31_000).flaps).toBe(0);
  });

  it('is a new incident once the window is over', () => {
    const late = 20_000 + FLAP_WINDOW_MS;
    const fired = matured(pendingAlert({ due_ms: late }), late, null, previous);
    expect(fired.notices).toEqual(['firing']);
    expect(fired.alert).toMatchObject({ alert_id: 'a1', flaps: 0 });
  });

  it('says nothing of an end that follows a beginning nobody heard of', () => {
    const { alert } = matured(pendingAlert({ due_ms: 90_000 }), 90_000, null, previous);
    expect(sighted(alert, 'off', 95_000).notices).toEqual([]);
  });
});

it.each([
  ['critical', 'warning', true],
  ['warning', 'warning', true],
  ['warning', 'critical', false],
] as const)('%s is at least %s: %s', (severity, least, expected) => {
  expect(isAtLeast(severity, least)).toBe(expected);
});
