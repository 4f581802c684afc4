import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { channel } from 'node:diagnostics_channel';
import { ManualClock } from '../../test/support/manual-clock.js';
import { CallPerformance } from './call-performance.js';

function tell(over: object): void {
  const usual = { service_id: 's', method: 'tools/call', tool: 'echo', reason: null };
  channel('switchyard:call').publish({ ...usual, outcome: 'ok', duration_ms: 5, ...over });
}

describe('CallPerformance', () => {
  const clock = new ManualClock();
  let gone: string[];
  let calls: CallPerformance;

  beforeEach(() => {
    gone = [];
    calls = new CallPerformance(clock, {
      isService: (id) => !gone.includes(id),
      isTool: (_id, tool) => tool !== 'invented',
    });
    calls.start();
  });

  afterEach(() => {
    calls.stop();
  });

  it('hears of the calls of each service', () => {
    tell({});
    tell({ outcome: 'tool_error' });
    tell({ outcome: 'rpc_error', reason: '-32602' });
    tell({ method: 'tools/list', tool: null });
    tell({ service_id: 'other' });
    const [minute] = calls.report('s', 10);
    expect(minute).toMatchObject({ calls: 4, tool_errors: 1, caller_errors: 1, rpc_errors: 0 });
    expect(minute?.tools).toMatchObject([{ tool: 'echo', calls: 3 }]);
    expect(calls.size).toBe(2);
  });

  it.each([
    ['a ping', { method: 'ping' }],
    ['an outcome that nobody knows', { outcome: 'odd' }],
    ['another shape', { duration_ms: 'long' }],
    ['a service that is gone', { service_id: 'gone' }],
  ])('keeps nothing of %s', (_name, over) => {
    gone.push('gone');
    tell(over);
    expect(calls.size).toBe(0);
  });

  it('takes no harm from what is no message', () => {
    for (const message of [null, 'text', {}, 7]) channel('switchyard:call').publish(message);
    expect(calls.size).toBe(0);
  });

  it('keeps nothing of a service that went, though a call of it ends afterwards', () => {
    tell({});
    gone.push('s');
    calls.forget('s');
    tell({});
    expect(calls.size).toBe(0);
    expect(calls.report('s', 10)).toMatchObject([{ calls: 0 }, { calls: 0 }]);
  });

  it('forgets services that nobody called for a quarter of an hour', async () => {
    tell({});
    await clock.advance(600_000);
    tell({ service_id: 'busy' });
    await clock.advance(360_000);
    calls.prune();
    expect(calls.size).toBe(1);
    await clock.advance(600_000);
    calls.prune();
    expect(calls.size).toBe(0);
  });

  it('hears nothing once it is stopped', () => {
    calls.stop();
    tell({});
    expect(calls.size).toBe(0);
  });
});
