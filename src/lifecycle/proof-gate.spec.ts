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

  it('that is to be proven anew stops everybody, and is trusted to open again', () => {
    const gate = new ProofGate(new ManualClock(), 1000);
    gate.renew();
    expect([gate.isOpen, gate.isTrusted]).toEqual([false, false]);
    gate.open();
    gate.renew();
    expect([gate.isOpen, gate.isTrusted]).toEqual([false, true]);
    gate.open();
    expect([gate.isOpen, gate.isTrusted]).toEqual([true, true]);
    gate.renew();
    gate.close();
    expect([gate.isOpen, gate.isTrusted]).toEqual([false, false]);
  });

  it('knows the first thing that ended what was proven, until something else is', () => {
    const gate = new ProofGate(new ManualClock(), 1000);
    const [first, second] = ['exited', 'exited-early'].map(
      (code) => new UpstreamError(code as 'exited', 'it ended'),
    );
    gate.renew(first);
    expect(gate.outage).toBeNull();
    gate.open();
    gate.renew();
    expect(gate.outage).toBeNull();
    gate.renew(first);
    gate.renew(second);
    expect(gate.outage).toBe(first);
    gate.open();
    expect(gate.outage).toBeNull();
    gate.renew(second);
    gate.close();
    expect([gate.outage, gate.isTrusted]).toEqual([null, false]);
  });

  it('makes nobody wait longer than the limit', async () => {
    const clock = new ManualClock();
    const gate = new ProofGate(clock, 1000);
    const refused = expect(gate.pass(undefined)).rejects.toMatchObject({ code: 'start-timeout' });
    await clock.advance(1000);
    await refused;
  });
});
