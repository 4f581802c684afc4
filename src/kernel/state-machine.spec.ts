import { expect, it } from '@jest/globals';
import { mayBecome } from './state-machine.js';

it('allows exactly the transitions of the table', () => {
  const table = { off: ['on'], on: ['off'], broken: [] } as const;
  expect(mayBecome(table, 'off', 'on')).toBe(true);
  expect(mayBecome(table, 'off', 'broken')).toBe(false);
  expect(mayBecome(table, 'broken', 'on')).toBe(false);
});
