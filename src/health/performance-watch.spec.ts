import { channel } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { InstanceView } from '../lifecycle/instance.js';
import { PerformanceWatch } from './performance-watch.js';

const ID = 'weather';

function call(over: object): void {
  const usual = { service_id: ID, method: 'tools/call', outcome: 'ok', duration_ms: 5 };
  channel('switchyard:call').publish({ ...usual, ...over });
}

function instance(cpu_ms: number | null, memory_bytes = 1): InstanceView {
  return { instance_id: 'i1', cpu_ms, memory_bytes } as InstanceView;
}

describe('PerformanceWatch', () => {
  const clock = new ManualClock();
  const watch = new PerformanceWatch(clock);

  afterEach(() => {
    watch.stop();
    watch.forget(ID);
  });

  it.each<[string, object, number, number]>([
    ['a result', {}, 1, 0],
    ['an error of a tool', { outcome: 'tool_error' }, 1, 1],
    ['a JSON-RPC error of a tool', { outcome: 'rpc_error' }, 1, 1],
    ['wrong parameters of a caller', { outcome: 'rpc_error', reason: '-32602' }, 1, 0],
    ['a JSON-RPC error of a list', { method: 'prompts/list', outcome: 'rpc_error' }, 1, 0],
    ['no answer in time', { outcome: 'timeout' }, 1, 1],
    ['a broken connection', { outcome: 'failed' }, 1, 1],
    ['a refusal of ours', { outcome: 'refused' }, 0, 0],
    ['a caller that gave up', { outcome: 'cancelled' }, 0, 0],
    ['a ping', { method: 'ping' }, 0, 0],
    ['a stream that lasts', { method: 'subscriptions/listen', duration_ms: 9e6 }, 0, 0],
    ['something of another shape', { duration_ms: 'long' }, 0, 0],
  ])('counts %s', (_name, over, calls, errors) => {
    watch.start();
    call(over);
    expect(watch.callsOf(ID)).toMatchObject({ calls, errors });
  });

  it('keeps nothing of a service that is gone', () => {
    const gone = new PerformanceWatch(clock, () => false);
    gone.record(ID, { failed: false, duration_ms: 1 });
    expect(gone.callsOf(ID).calls).toBe(0);
  });

  it('hears nothing once it is stopped', () => {
    watch.start();
    watch.stop();
    call({});
    expect(watch.callsOf(ID).calls).toBe(0);
  });

  it('tells the CPU used since the same check asked last', async () => {
    expect(watch.loadsOf(ID, 'a', [instance(1_000)])[0]).toMatchObject({ cpu: null });
    await clock.advance(10_000);
    expect(watch.loadsOf(ID, 'a', [instance(6_000)])[0]).toMatchObject({ cpu: 0.5 });
    expect(watch.loadsOf(ID, 'b', [instance(6_000)])[0]).toMatchObject({ cpu: null });
    await clock.advance(10_000);
    // One of its processes has ended.
    expect(watch.loadsOf(ID, 'a', [instance(2_000)])[0]).toMatchObject({ cpu: 0 });
  });

  it('knows no CPU of what is not a process of ours, nor of one that is new', async () => {
    expect(watch.loadsOf(ID, 'c', [instance(null)])[0]).toMatchObject({ cpu: null });
    await clock.advance(1_000);
    expect(watch.loadsOf(ID, 'c', [instance(5)])[0]).toMatchObject({ cpu: null });
  });
});
