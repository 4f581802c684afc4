import { beginAlert, type Alert, type Observation } from '../../src/alerts/alert.js';
import type { Delivery } from '../../src/alerts/delivery.js';
import type { Receiver } from '../../src/alerts/receiver.js';

/** A service that is unhealthy; held for 20 s. */
export function observation(over: Partial<Observation> = {}): Observation {
  return {
    rule: 'ServiceUnhealthy',
    severity: 'critical',
    level: 'unhealthy',
    reason: 'PingFailed',
    summary: 'It does not answer.',
    action: 'Look at its log.',
    hold_ms: 20_000,
    clear_ms: 20_000,
    repeat_ms: 14_400_000,
    inhibitable: true,
    ...over,
  };
}

export function pendingAlert(over: Partial<Alert> = {}): Alert {
  const subject = { alert_id: 'a1', service_id: 's1', name: 'weather' };
  return { ...beginAlert(observation(), subject, 0), ...over };
}

/** Fired at 20 s, and told. */
export function firingAlert(over: Partial<Alert> = {}): Alert {
  return pendingAlert({
    state: 'firing',
    fired_ms: 20_000,
    told: 'critical',
    told_ms: 20_000,
    ...over,
  });
}

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export function receiver(over: Partial<Receiver> = {}): Receiver {
  return {
    receiver_id: 'gateway:on-call',
    name: 'on-call',
    url: 'https://hooks.example/in',
    secret: SECRET,
    min_severity: 'warning',
    services: null,
    service_id: null,
    ...over,
  };
}

export function delivery(over: Partial<Delivery> = {}): Delivery {
  return {
    delivery_id: 'd1',
    receiver_id: 'gateway:on-call',
    receiver: 'on-call',
    type: 'alert.firing',
    alerts: [],
    created_ms: 0,
    order: 1,
    state: 'pending',
    attempts: 0,
    tried_from_ms: 0,
    next_ms: 30_000,
    last_error: null,
    ...over,
  };
}
