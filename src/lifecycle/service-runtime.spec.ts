import { describe, expect, it } from '@jest/globals';
import type { ServiceLogLevel } from '../config/service-config.js';
import { RuntimeTable } from './service-runtime.js';

describe('the memory of a service', () => {
  it('is made on first use, and forgotten with its timer', () => {
    const table = new RuntimeTable();
    expect(table.peek('a')).toBeUndefined();
    const runtime = table.of('a');
    expect(table.of('a')).toBe(runtime);
    let cancelled = 0;
    runtime.cancelTimer = () => {
      cancelled += 1;
    };
    table.forget('a');
    expect(cancelled).toBe(1);
    expect(table.entries()).toEqual([]);
  });

  it('logs what is asked for at the time', () => {
    let level: ServiceLogLevel = 'info';
    const { log } = new RuntimeTable(() => level).of('a');
    expect(log.wants('info')).toBe(true);
    level = 'error';
    expect(log.wants('warn')).toBe(false);
  });

  it('is back to rest after a reset; outcomes stay', () => {
    const runtime = new RuntimeTable().of('a');
    runtime.retryWanted = true;
    runtime.healing = 'backoff';
    runtime.outcomes.set(1, { promoted: true, failure: null });
    runtime.reset();
    expect(runtime).toMatchObject({ retryWanted: false, healing: 'command', health: null });
    expect(runtime.outcomes.size).toBe(1);
    expect(runtime.running).toBe(false);
  });
});
