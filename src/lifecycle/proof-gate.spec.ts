import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import { ProofGate } from './proof-gate.js';

describe('the gate of a revision', () => {
  it('lets everybody pass once it is open, and stops them when it is closed again', async () => {
    const clock = new ManualClock();
    const gate = new ProofGate(clock, 1000);
    const passed = Promise.all([gate.pass(undefined), gate.pass(undefined)]);
    expect(gate.waiters).toBe(2);
    gate.open();
    await passed;
    await gate.pass(undefined);
    gate.close();
    const refused = expect(gate.pass(undefined)).rejects.toMatchObject({ code: 'crash-loop' });
    gate.refuse(new UpstreamError('crash-loop', 'it keeps ending'));
    await refused;
    expect(clock.pendingTimers).toBe(0);
    expect(gate.waiters).toBe(0);
  });

  it('makes nobody wait longer than the limit', async () => {
    const clock = new ManualClock();
    const gate = new ProofGate(clock, 1000);
    const refused = expect(gate.pass(undefined)).rejects.toMatchObject({ code: 'start-timeout' });
    await clock.advance(1000);
    await refused;
  });
});
