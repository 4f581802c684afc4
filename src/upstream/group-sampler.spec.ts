import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { GroupSampler } from './group-sampler.js';
import { ProcessTable, type ProcessEntry } from './process-table.js';

class CountingTable extends ProcessTable {
  looks = 0;
  override entries(): ProcessEntry[] {
    this.looks += 1;
    return [
      { pid: 1, group: 7, zombie: false, bytes: 10 * this.looks },
      { pid: 2, group: 7, zombie: true, bytes: 99 },
      { pid: 3, group: 8, zombie: false, bytes: 1, cpuMs: 20 },
      { pid: 4, group: 9, zombie: false, bytes: 1, cpuMs: 20 },
      { pid: 5, group: 9, zombie: false, bytes: 1, cpuMs: 30 },
    ];
  }
  override pids(): number[] {
    return [];
  }
  override environmentOf(): string[] {
    return [];
  }
}

describe('GroupSampler', () => {
  it('adds up the CPU time of a group', () => {
    const sampler = new GroupSampler(new ManualClock(), new CountingTable());
    expect(sampler.useOf(9)).toEqual({ processes: 2, bytes: 2, cpuMs: 50 });
    expect(sampler.useOf(8).cpuMs).toBe(20);
  });

  it('looks once a second for all who watch, and not at all for nobody', async () => {
    const [clock, table] = [new ManualClock(), new CountingTable()];
    const sampler = new GroupSampler(clock, table);
    const seen: string[] = [];
    const stop = [7, 8, 9].map((group) =>
      sampler.watch(group, ({ processes, bytes }) => seen.push(`${group}:${processes}:${bytes}`)),
    );
    await clock.advance(1000);
    expect(seen).toEqual(['7:1:10', '8:1:1', '9:2:2']);
    expect(table.looks).toBe(1);
    for (const end of stop) end();
    await clock.advance(5000);
    expect(table.looks).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('answers from a look that is at most a second old', async () => {
    const [clock, table] = [new ManualClock(), new CountingTable()];
    const sampler = new GroupSampler(clock, table);
    expect(sampler.useOf(7).bytes).toBe(10);
    await clock.advance(900);
    expect(sampler.useOf(7).bytes).toBe(10);
    await clock.advance(200);
    expect(sampler.useOf(7).bytes).toBe(20);
  });
});
