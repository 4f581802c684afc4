import { describe, expect, it } from '@jest/globals';
import { firingAlert } from '../../test/support/alert-fixture.js';
import { notificationBody, notifiedAlert } from './notification.js';

describe('what a receiver is told', () => {
  it('is the alert with links to the API', () => {
    expect(notifiedAlert(firingAlert(), 'http://gw')).toEqual({
      alert_id: 'a1',
      rule: 'ServiceUnhealthy',
      service_id: 's1',
      name: 'weather',
      state: 'firing',
      severity: 'critical',
      level: 'unhealthy',
      reason: 'PingFailed',
      summary: 'It does not answer.',
      action: 'Look at its log.',
      since: '1970-01-01T00:00:00.000Z',
      fired_at: '1970-01-01T00:00:20.000Z',
      resolved_at: null,
      resolution: null,
      flaps: 0,
      links: { alert: 'http://gw/api/v1/alerts/a1', service: 'http://gw/api/v1/services/s1' },
    });
  });

  it('has no link to a service for the gateway itself, and no endless text', () => {
    const alert = firingAlert({ service_id: null, summary: 'x'.repeat(5_000), action: null });
    const told = notifiedAlert(alert, 'http://gw');
    expect(told.links.service).toBeNull();
    expect(told.action).toBeNull();
    expect(told.summary).toHaveLength(2_001);
  });

  it('is sent with its type, time and version', () => {
    const alerts = [notifiedAlert(firingAlert(), 'http://gw')];
    const timestamp = '2026-01-01T00:00:00.000Z';
    const body = notificationBody({ type: 'alert.firing', timestamp, receiver: 'on-call', alerts });
    expect(JSON.parse(body)).toEqual({
      type: 'alert.firing',
      timestamp,
      schema_version: '1.0',
      receiver: 'on-call',
      alerts,
    });
  });
});
