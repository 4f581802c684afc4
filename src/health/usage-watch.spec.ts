import { expect, it } from '@jest/globals';
import { channel } from 'node:diagnostics_channel';
import { ManualClock } from '../../test/support/manual-clock.js';
import { UsageWatch } from './usage-watch.js';

it('knows when callers last used a service, until it is stopped', async () => {
  const clock = new ManualClock();
  const watch = new UsageWatch(clock);
  watch.start();
  channel('switchyard:call').publish({ service_id: 'a' });
  channel('switchyard:session').publish({ service_id: 'b' });
  channel('switchyard:call').publish('of another shape');
  await clock.advance(1_000);
  expect(['a', 'b', 'c'].map((id) => watch.usedWithin(id, 1_001))).toEqual([true, true, false]);
  expect(watch.usedWithin('a', 1_000)).toBe(false);
  watch.forget('a');
  expect(watch.usedWithin('a', 5_000)).toBe(false);
  watch.stop();
  channel('switchyard:call').publish({ service_id: 'c' });
  expect(watch.usedWithin('c', 5_000)).toBe(false);
});

it('keeps nothing of a service that is gone', () => {
  const watch = new UsageWatch(new ManualClock(), (id) => id === 'known');
  watch.start();
  channel('switchyard:session').publish({ service_id: 'known' });
  channel('switchyard:session').publish({ service_id: 'gone' });
  watch.stop();
  expect(['known', 'gone'].map((id) => watch.usedWithin(id, 1))).toEqual([true, false]);
});
