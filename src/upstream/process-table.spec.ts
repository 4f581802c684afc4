import { describe, expect, it } from '@jest/globals';
import { ProcProcessTable, ProcessTable, type ProcessEntry } from './process-table.js';

class FakeTable extends ProcessTable {
  override entries(): ProcessEntry[] {
    return [
      { pid: 10, group: 10, zombie: false, bytes: 5 },
      { pid: 11, group: 10, zombie: false, bytes: 7 },
      { pid: 12, group: 10, zombie: true, bytes: 0 },
      { pid: 13, group: 13, zombie: false, bytes: 9 },
      { pid: process.pid, group: 1, zombie: false, bytes: 1 },
    ];
  }
  override pids(): number[] {
    return this.entries().map((entry) => entry.pid);
  }
  override environmentOf(pid: number): string[] {
    return pid === 13 || pid === process.pid ? ['A=1', 'MARK=x'] : [];
  }
}

describe('ProcessTable', () => {
  it('adds up the living processes of a group', () => {
    expect(new FakeTable().groupUse(10)).toEqual({ processes: 2, bytes: 12 });
    expect(new FakeTable().groupUse(99)).toEqual({ processes: 0, bytes: 0 });
  });

  it('finds the carriers of a marker, but never ourselves', () => {
    expect(new FakeTable().carrying((entry) => entry === 'MARK=x')).toEqual([13]);
  });
});

describe('ProcProcessTable', () => {
  it('knows this very process and its size', () => {
    const table = new ProcProcessTable();
    const own = table.entries().find((entry) => entry.pid === process.pid);
    expect(own?.zombie).toBe(false);
    const ratio = (own?.bytes ?? 0) / process.memoryUsage.rss();
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
    const { user, system } = process.cpuUsage();
    expect(own?.cpuMs).toBeGreaterThan(0);
    expect(Math.abs((own?.cpuMs ?? 0) - (user + system) / 1_000)).toBeLessThan(500);
    expect(table.environmentOf(process.pid).length).toBeGreaterThan(0);
    expect(table.environmentOf(2 ** 30)).toEqual(['']);
  });
});
