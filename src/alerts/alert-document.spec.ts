import { expect, it } from '@jest/globals';
import { delivery, firingAlert, pendingAlert } from '../../test/support/alert-fixture.js';
import type { JsonObject } from '../kernel/json.js';
import { alertDocument, alertOf, deliveryDocument, deliveryOf } from './alert-document.js';

const acknowledged = { by: 'me', note: 'on it', at_ms: 1_000, until_ms: 2_000 };

it.each([
  ['one that fires', firingAlert()],
  ['an acknowledged one', firingAlert({ acknowledged, repeated_ms: 60_000 })],
  ['a flapping one', firingAlert({ flaps: 2, tell_ms: 320_000, told: null })],
  ['a resolved one', firingAlert({ state: 'resolved', resolved_ms: 9, resolution: 'Cleared' })],
  ['one of the gateway', firingAlert({ service_id: null })],
])('an alert comes back from its document as it was, but unsure: %s', (_what, alert) => {
  const stored = JSON.parse(JSON.stringify(alertDocument(alert))) as JsonObject;
  const back = alertOf(stored as unknown as ReturnType<typeof alertDocument>);
  expect(back).toEqual({ ...alert, unsure: true, due_ms: alert.since_ms });
});

it('a document has times for people, and nothing that is only true for the moment', () => {
  const names = Object.keys(alertDocument(pendingAlert()));
  expect(names.filter((name) => name.endsWith('_ms')).sort()).toEqual([
    'clear_ms',
    'hold_ms',
    'repeat_ms',
  ]);
  expect(names).not.toContain('unsure');
  expect(names).not.toContain('inhibited_by');
});

it('a delivery comes back from its document as it was', () => {
  const one = delivery({ attempts: 3, last_error: 'no', state: 'dead', next_ms: 77_000 });
  expect(deliveryOf(deliveryDocument(one))).toEqual(one);
  expect(deliveryDocument(one)).toMatchObject({ next_at: '1970-01-01T00:01:17.000Z' });
});
