import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { toolsChannel } from '../upstream/tools-channel.js';
import { AnnouncementWatch } from './announcement-watch.js';

describe('AnnouncementWatch', () => {
  let clock: ManualClock;
  let watch: AnnouncementWatch;
  let heard: string[];
  const announce = (service: string): void => {
    toolsChannel.publish({ service, instance_id: 'i1' });
  };

  beforeEach(() => {
    clock = new ManualClock();
    heard = [];
    watch = new AnnouncementWatch(clock);
    watch.start((service) => heard.push(service));
  });

  afterEach(() => {
    watch.stop();
  });

  it('passes the first on at once, and what follows within a second together', async () => {
    for (let at = 0; at < 50; at += 1) announce('a');
    expect(heard).toEqual(['a']);
    await clock.advance(999);
    expect(heard).toEqual(['a']);
    await clock.advance(1);
    expect(heard).toEqual(['a', 'a']);
    await clock.advance(5_000);
    expect(heard).toEqual(['a', 'a']);
    announce('a');
    expect(heard).toEqual(['a', 'a', 'a']);
  });

  it('keeps services apart, and hears nothing once it has stopped', () => {
    announce('a');
    announce('b');
    watch.stop();
    announce('c');
    expect(heard).toEqual(['a', 'b']);
  });

  it('ignores what is no announcement', () => {
    toolsChannel.publish(null);
    toolsChannel.publish({ service: 1 });
    expect(heard).toEqual([]);
  });
});
