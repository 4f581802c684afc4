import { expect, it } from '@jest/globals';
import { acknowledgementOf } from './acknowledgement.js';

it.each([
  [{}, null],
  [{ until: null }, null],
  [{ until: '2026-01-01T00:00:00Z' }, Date.UTC(2026, 0, 1)],
  [{ until: '2026-01-01T01:00:00+01:00' }, Date.UTC(2026, 0, 1)],
  [{ until: '2026-01-01T00:00:60Z' }, NaN],
])('an acknowledgement %o is until %s', (body, until_ms) => {
  expect(acknowledgementOf(body)).toEqual({ note: null, until_ms });
});

it('keeps its note', () => {
  expect(acknowledgementOf({ note: 'on it' }).note).toBe('on it');
});
