import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { ProcessTable, type ProcessEntry } from './process-table.js';
import { Spawner, type SpawnedProcess } from './spawner.js';
import { StraySweep } from './stray-sweep.js';

class FakeTable extends ProcessTable {
  looks = 0;
  readonly marks = new Map([
    [11, 'SWITCHYARD_INSTANCE=a'],
    [12, 'SWITCHYARD_INSTANCE=b'],
    [13, 'SWITCHYARD_INSTANCE=ab'],
  ]);
  override entries(): ProcessEntry[] {
    return [];
  }
  override pids(): number[] {
    this.looks += 1;
    return [...this.marks.keys()];
  }
  override environmentOf(pid: number): string[] {
    return [this.marks.get(pid) ?? ''];
  }
}

class FakeSpawner extends Spawner {
  readonly killed: number[] = [];
  constructor(private readonly table: FakeTable) {
    super();
  }
  override spawn(): Promise<SpawnedProcess> {
    return Promise.reject(new Error('not here'));
  }
  override signalGroup(): boolean {
    return false;
  }
  override signalProcess(pid: number): boolean {
    this.killed.push(pid);
    return this.table.marks.delete(pid);
  }
}

describe('StraySweep', () => {
  it('kills what carries exactly the marks of ended instances, by one look for several', async () => {
    const [clock, table] = [new ManualClock(), new FakeTable()];
    const spawner = new FakeSpawner(table);
    const strays = new StraySweep(clock, spawner, table);
    const both = Promise.all([strays.sweep('a'), strays.sweep('b')]);
    await clock.advance(20);
    await both;
    expect(spawner.killed).toEqual([11, 12]);
    expect(table.looks).toBe(2);
  });
});
