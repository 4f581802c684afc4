import { describe, expect, it, jest } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { EventStream } from './event-stream.js';
import { Pulse } from './pulse.js';

const callOf = (startedMs: number): { startedMs: number; becomeStream: jest.Mock<() => void> } => ({
  startedMs,
  becomeStream: jest.fn<() => void>(),
});

/** As calls do: out of the pulse once it has turned them. */
function addTo(pulse: Pulse, call: ReturnType<typeof callOf>): void {
  const slot = pulse.addWaiting(call);
  call.becomeStream.mockImplementationOnce(() => {
    pulse.dropWaiting(slot);
  });
}

describe('the pulse', () => {
  it('turns a call into a stream after 200 ms and at most 50 ms more, once', async () => {
    const clock = new ManualClock();
    const pulse = new Pulse(clock);
    const call = callOf(0);
    addTo(pulse, call);
    await clock.advance(190);
    expect(call.becomeStream).not.toHaveBeenCalled();
    await clock.advance(60);
    expect(call.becomeStream).toHaveBeenCalledTimes(1);
    await clock.advance(3_000);
    expect(call.becomeStream).toHaveBeenCalledTimes(1);
  });

  it('leaves answered and younger calls alone', async () => {
    const clock = new ManualClock();
    const pulse = new Pulse(clock);
    const [answered, old] = [callOf(0), callOf(0)];
    const slot = pulse.addWaiting(answered);
    addTo(pulse, old);
    await clock.advance(120);
    const young = callOf(120);
    addTo(pulse, young);
    pulse.dropWaiting(slot);
    await clock.advance(130);
    const heard = [answered, old, young].map((call) => call.becomeStream.mock.calls.length);
    expect(heard).toEqual([0, 1, 0]);
  });

  it('comments on streams that were quiet for 15 s', async () => {
    const clock = new ManualClock();
    const pulse = new Pulse(clock);
    const keepAlive = jest.fn(() => {
      stream.lastWriteMs = clock.monotonicMs();
    });
    const stream = { lastWriteMs: 0, keepAlive } as unknown as EventStream;
    pulse.addStream(stream);
    await clock.advance(14_000);
    expect(keepAlive).not.toHaveBeenCalled();
    await clock.advance(32_000);
    expect(keepAlive).toHaveBeenCalledTimes(3);
  });

  it('rests when nothing waits, and when it is stopped', async () => {
    const clock = new ManualClock();
    const pulse = new Pulse(clock);
    const call = callOf(0);
    pulse.dropWaiting(pulse.addWaiting(call));
    await clock.advance(1_000);
    expect(clock.pendingTimers).toBe(0);
    pulse.addWaiting(callOf(1_000));
    expect(clock.pendingTimers).toBe(1);
    pulse.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});
