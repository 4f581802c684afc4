import { describe, expect, it } from '@jest/globals';
import { delivery, firingAlert, receiver } from '../../test/support/alert-fixture.js';
import type { Principal } from '../auth/principal.js';
import {
  alertPage,
  deliveryPage,
  fitsAlertQuery,
  maySeeAlert,
  maySeeDelivery,
  maySeeReceiver,
  type AlertQuery,
} from './alert-list.js';
import { notifiedAlert } from './notification.js';

function key(services: readonly string[] | null): Principal {
  return { id: 'k', kind: 'key', scopes: new Set(['read']), services };
}

describe('fitsAlertQuery', () => {
  it.each<[AlertQuery, boolean]>([
    [{}, true],
    [{ state: 'firing' }, true],
    [{ state: 'resolved' }, false],
    [{ severity: 'critical' }, true],
    [{ severity: 'warning' }, false],
    [{ rule: 'ServiceUnhealthy' }, true],
    [{ rule: 'CrashLoop' }, false],
    [{ service: 'weather' }, true],
    [{ service: 's1' }, true],
    [{ service: 'weath' }, false],
    [{ q: 'ANSWER weather' }, true],
    [{ q: 'pingfailed' }, true],
    [{ q: 'answer nothing' }, false],
    [{ state: 'firing', severity: 'warning' }, false],
  ])('%o: %s', (query, expected) => {
    expect(fitsAlertQuery(firingAlert(), query)).toBe(expected);
  });
});

describe('pages', () => {
  const alerts = [1, 3, 2].map((at) => firingAlert({ alert_id: `a${String(at)}`, since_ms: at }));

  it('of alerts begin with the newest', () => {
    const first = alertPage(alerts, { limit: 2 });
    expect(first?.items.map(({ alert_id }) => alert_id)).toEqual(['a3', 'a2']);
    const cursor = first?.next_cursor ?? '';
    expect(alertPage(alerts, { cursor })?.items.map(({ alert_id }) => alert_id)).toEqual(['a1']);
    expect(alertPage(alerts, { cursor: 'x' })).toBeNull();
  });

  it('of notifications begin with the oldest', () => {
    const all = [10, 9].map((order) => delivery({ delivery_id: `d${String(order)}`, order }));
    expect(deliveryPage(all, {})?.items.map(({ order }) => order)).toEqual([9, 10]);
    expect(deliveryPage(all, { cursor: 'x' })).toBeNull();
  });
});

describe('a key with patterns', () => {
  const geo = key(['geo-*']);
  const own = firingAlert({ name: 'geo-a' });
  const gateway = firingAlert({ service_id: null, name: 'geo-gateway' });

  it('sees the alerts of its services alone', () => {
    expect([maySeeAlert(geo, own), maySeeAlert(key(null), gateway)]).toEqual([true, true]);
    expect([maySeeAlert(geo, firingAlert()), maySeeAlert(geo, gateway)]).toEqual([false, false]);
  });

  it('sees notifications that are of its services as a whole', () => {
    const [mine, other] = [own, firingAlert()].map((alert) => notifiedAlert(alert, ''));
    if (mine === undefined || other === undefined) throw new Error('none');
    expect(maySeeDelivery(geo, delivery({ alerts: [mine] }))).toBe(true);
    expect(maySeeDelivery(geo, delivery({ alerts: [mine, other] }))).toBe(false);
    expect(maySeeDelivery(key(null), delivery({ alerts: [mine, other] }))).toBe(true);
  });

  it('sees the receivers of its services, and not those of the gateway', () => {
    const ofService = receiver({ service_id: 's1' });
    expect(maySeeReceiver(geo, ofService, 'geo-a')).toBe(true);
    expect(maySeeReceiver(geo, ofService, 'weather')).toBe(false);
    expect(maySeeReceiver(geo, ofService, null)).toBe(false);
    expect(maySeeReceiver(geo, receiver(), null)).toBe(false);
    expect(maySeeReceiver(key(null), receiver(), null)).toBe(true);
  });
});
