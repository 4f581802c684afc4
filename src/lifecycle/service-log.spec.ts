import { describe, expect, it } from '@jest/globals';
import type { ServiceLogLevel } from '../config/service-config.js';
import { newLines, ServiceLog, type LogLine } from './service-log.js';

const LINE: LogLine = { at: 't', source: 'lifecycle', instance_id: null, message: 'started' };

describe('the log of a service', () => {
  it.each<[readonly string[], readonly string[], readonly string[]]>([
    [[], ['a'], ['a']],
    [['a'], ['a'], []],
    [['a', 'b'], ['a', 'b', 'c'], ['c']],
    [['a', 'b', 'c'], ['b', 'c', 'd'], ['d']],
    [['a'], ['x', 'y'], ['x', 'y']],
    [['a', 'a'], ['a', 'a', 'a'], ['a']],
  ])('after %j sees of the ring %j what is new: %j', (before, ring, expected) => {
    expect(newLines(before, ring)).toEqual(expected);
  });

  it('merges what we did with what the process wrote, and keeps the last 500 lines', () => {
    const log = new ServiceLog();
    log.append(LINE);
    log.collect('i1', ['hello'], 't2');
    log.collect('i1', ['hello', 'again'], 't3');
    expect(log.tail(2)).toEqual([
      { at: 't2', source: 'stderr', instance_id: 'i1', message: 'hello' },
      { at: 't3', source: 'stderr', instance_id: 'i1', message: 'again' },
    ]);
    for (let count = 0; count < 600; count += 1) log.append({ ...LINE, message: String(count) });
    expect(log.tail(1000)).toHaveLength(500);
    expect(log.tail(1)[0]?.message).toBe('599');
    expect(log.tail(0)).toEqual([]);
  });

  it('keeps no stderr where only graver lines are wanted, and takes up again where it stands', () => {
    let least: ServiceLogLevel = 'warn';
    const log = new ServiceLog(() => least);
    expect([log.wants('debug'), log.wants('info'), log.wants('warn'), log.wants('error')]).toEqual([
      false,
      false,
      true,
      true,
    ]);
    log.collect('i1', ['before'], 't');
    least = 'info';
    log.collect('i1', ['before', 'after'], 't');
    expect(log.tail(9).map(({ message }) => message)).toEqual(['after']);
  });

  it('takes an instance that is gone and comes with the same lines for a new one', () => {
    const log = new ServiceLog();
    log.collect('i1', ['hello'], 't');
    log.forget('i1');
    log.collect('i1', ['hello'], 't');
    expect(log.tail(9)).toHaveLength(2);
  });

  it('tells its followers each line until they leave', () => {
    const log = new ServiceLog();
    const heard: string[] = [];
    const leave = log.follow(({ message }) => heard.push(message));
    log.append(LINE);
    expect(log.followed).toBe(true);
    leave();
    log.append(LINE);
    expect(heard).toEqual(['started']);
    expect(log.followed).toBe(false);
  });
});
