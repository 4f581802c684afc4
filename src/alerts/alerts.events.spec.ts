import { expect, it } from '@jest/globals';
import { firingAlert } from '../../test/support/alert-fixture.js';
import { AlertAcknowledged, AlertFired, AlertResolved } from './alerts.events.js';

it.each([
  [
    new AlertFired(firingAlert(), 'critical', 'PingFailed', 'It does not answer.'),
    'Alert: ServiceUnhealthy (critical) of weather: It does not answer.',
  ],
  [
    new AlertResolved(firingAlert(), 'Cleared'),
    'The alert ServiceUnhealthy of weather is resolved (Cleared).',
  ],
  [
    new AlertAcknowledged(firingAlert(), 'me'),
    'me acknowledged the alert ServiceUnhealthy of weather.',
  ],
  [
    new AlertAcknowledged(firingAlert(), null),
    'The alert ServiceUnhealthy of weather is not acknowledged any more.',
  ],
])('an event says which alert it is about, and what happened: %o', (event, sentence) => {
  expect(event.sentence).toBe(sentence);
  expect({ ...event }).toMatchObject({
    alert_id: 'a1',
    service_id: 's1',
    name: 'weather',
    rule: 'ServiceUnhealthy',
  });
});
