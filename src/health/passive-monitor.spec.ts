import { channel } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { PassiveMonitor } from './passive-monitor.js';

const told: string[] = [];
let mayEject = true;
const rotation = {
  ejectInstance: (_service: string, instance: string, forMs: number) => {
    told.push(`eject ${instance} ${String(forMs / 1_000)}`);
    return mayEject;
  },
  pardonInstance: (_service: string, instance: string) => {
    told.push(`pardon ${instance}`);
  },
};

function call(outcome: string, over: object = {}): void {
  const usual = { service_id: 's', instance_id: 'i1', method: 'tools/call', duration_ms: 0 };
  channel('switchyard:call').publish({ ...usual, reason: null, outcome, ...over });
}

describe('PassiveMonitor', () => {
  let clock = new ManualClock();
  let monitor = new PassiveMonitor(rotation, clock);

  async function failures(count: number, over: object = {}): Promise<void> {
    for (let at = 0; at < count; at += 1) {
      await clock.advance(10);
      call('failed', over);
    }
  }

  beforeEach(() => {
    told.length = 0;
    mayEject = true;
    clock = new ManualClock();
    monitor = new PassiveMonitor(rotation, clock);
    monitor.start();
  });
  afterEach(() => {
    monitor.stop();
  });

  it('ejects an instance after five failures in a row', async () => {
    await failures(4);
    call('tool_error');
    await failures(4);
    expect(told).toEqual([]);
    await failures(1);
    expect(told).toEqual(['eject i1 30']);
  });

  it('ejects for longer each time the trial fails, up to a cap, and lets it back with an answer', async () => {
    await failures(5);
    for (let time = 0; time < 11; time += 1) {
      await clock.advance(300_000);
      await failures(1);
    }
    expect(told.slice(0, 4)).toEqual(['eject i1 30', 'eject i1 60', 'eject i1 90', 'eject i1 120']);
    expect(told.at(-1)).toBe('eject i1 300');
    call('ok');
    expect(told.at(-1)).toBe('eject i1 300');
    await clock.advance(300_000);
    call('ok');
    expect(told.at(-1)).toBe('pardon i1');
    await failures(4);
    expect(told.at(-1)).toBe('pardon i1');
  });

  it('counts calls that fail together once', async () => {
    await clock.advance(1_000);
    for (let at = 0; at < 10; at += 1) call('failed', { duration_ms: 500 });
    expect(told).toEqual([]);
  });

  it.each([
    ['refusals of ours', { reason: 'capacity' }],
    ['faults of ours', { reason: 'internal' }],
    ['pings', { method: 'ping' }],
    ['calls of no instance', { instance_id: null }],
  ])('counts no %s', async (_name, over) => {
    await failures(10, over);
    expect(told).toEqual([]);
    expect(monitor.size).toBe(0);
  });

  it('tries again with the next failure what was refused', async () => {
    mayEject = false;
    await failures(5);
    mayEject = true;
    await failures(1);
    expect(told).toEqual(['eject i1 30', 'eject i1 30']);
    await failures(1);
    expect(told).toHaveLength(2);
  });

  it('keeps nothing of services and instances that are gone', async () => {
    await failures(1);
    await failures(1, { instance_id: 'i2', service_id: 't' });
    monitor.forget('s');
    expect(monitor.size).toBe(1);
    await clock.advance(1_000_000);
    await failures(1, { instance_id: 'i3' });
    expect(monitor.size).toBe(1);
  });
});
