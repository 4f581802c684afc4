import { channel } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { CircuitWatch } from './circuit-watch.js';

const ID = 'weather';

function tell(state: string, over: object = {}): void {
  const usual = { service_id: ID, revision: 1, failures: 5, open_ms: 30_000 };
  channel('switchyard:circuit').publish({ ...usual, state, ...over });
}

describe('CircuitWatch', () => {
  let clock = new ManualClock();
  let watch = new CircuitWatch(clock);
  let changed: string[] = [];

  beforeEach(() => {
    clock = new ManualClock();
    watch = new CircuitWatch(clock);
    changed = [];
    watch.start((id) => changed.push(id));
  });
  afterEach(() => {
    watch.stop();
  });

  it('knows an open circuit until calls may go again', async () => {
    expect(watch.of(ID, 1)).toBeNull();
    tell('open');
    expect(watch.of(ID, 1)).toMatchObject({ state: 'open', failures: 5 });
    expect(watch.of(ID, 2)).toBeNull();
    await clock.advance(30_000);
    expect(watch.of(ID, 1)?.state).not.toBe('open');
    expect(changed).toEqual([ID]);
  });

  it('does not take it for closed when nobody has tried, for a minute or until a check passes', async () => {
    tell('open');
    watch.settle(ID, 1);
    expect(watch.of(ID, 1)?.state).toBe('open');
    await clock.advance(30_000);
    expect(watch.of(ID, 1)?.state).toBe('lapsed');
    await clock.advance(60_000);
    expect(watch.of(ID, 1)).toBeNull();
    tell('open');
    await clock.advance(30_000);
    watch.settle(ID, 1);
    expect(watch.of(ID, 1)).toBeNull();
  });

  it('knows why the last call failed, also while another one tries', () => {
    tell('open', { reason: 'tls-failed' });
    expect(watch.of(ID, 1)?.cause).toMatchObject({ reason: 'TlsFailed' });
    tell('half-open', { open_ms: 0 });
    expect(watch.of(ID, 1)).toMatchObject({ state: 'trying', cause: { reason: 'TlsFailed' } });
    tell('open', { reason: 'nothing-known' });
    expect(watch.of(ID, 1)?.cause).toBeNull();
  });

  it('knows that one call tries, and does not believe it for ever', async () => {
    tell('open');
    tell('half-open', { open_ms: 0 });
    expect(watch.of(ID, 1)?.state).toBe('trying');
    await clock.advance(60_000);
    expect(watch.of(ID, 1)).toBeNull();
  });

  it('forgets what is closed, what is gone, and hears nothing once it is stopped', () => {
    tell('open');
    tell('closed');
    expect(watch.of(ID, 1)).toBeNull();
    tell('open');
    watch.forget(ID);
    expect(watch.of(ID, 1)).toBeNull();
    tell('open', { service_id: 3 });
    watch.stop();
    tell('open');
    expect(watch.of(ID, 1)).toBeNull();
    expect(changed).toHaveLength(3);
  });
});
