import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryStore } from '../storage/memory.store.js';
import { TemplateRolloutRunner } from './template-rollout-runner.js';
import { TemplateRolloutStore } from './template-rollout-store.js';
import { SilentLogger } from '../kernel/logger.js';
import { KEPT_ROLLOUTS, type TemplateRollout } from './template-rollout.js';

const META = { actor: 'ops', source: 'api', verb: 'v' };

const rollout = (id: number, state: TemplateRollout['state']): TemplateRollout =>
  ({
    rollout_id: `r${id}`,
    template_id: 'team',
    state,
    cancel_requested: false,
    pause_ms: 0,
    services: [],
    created_at: new Date(id).toISOString(),
  }) as unknown as TemplateRollout;

async function open() {
  const clock = new ManualClock();
  const store = new MemoryStore(clock);
  await store.open();
  return { clock, store, rollouts: new TemplateRolloutStore(store) };
}

describe('TemplateRolloutStore', () => {
  it('keeps the last that ended and all that are under way, newest first', async () => {
    const { rollouts } = await open();
    await rollouts.add(rollout(0, 'running'), META);
    for (let id = 1; id <= KEPT_ROLLOUTS + 5; id += 1) {
      await rollouts.add(rollout(id, 'completed'), META);
    }
    const ids = rollouts.list().map(({ rollout_id }) => rollout_id);
    expect(ids[0]).toBe(`r${KEPT_ROLLOUTS + 5}`);
    expect(ids).toHaveLength(KEPT_ROLLOUTS + 1);
    expect(rollouts.running().map(({ rollout_id }) => rollout_id)).toEqual(['r0']);
    expect(rollouts.get('../x')).toBeUndefined();
  });

  it('changes what is there, one change after another, and nothing that is gone', async () => {
    const { rollouts, store } = await open();
    await rollouts.add(rollout(1, 'running'), META);
    const grow = (one: TemplateRollout): TemplateRollout => ({
      ...one,
      batch: (one.batch || 0) + 1,
    });
    await Promise.all([1, 2, 3].map(() => rollouts.change('r1', grow, META)));
    expect(rollouts.get('r1')?.batch).toBe(3);
    const { revision } = store;
    expect(await rollouts.change('r1', () => null, META)).toMatchObject({ batch: 3 });
    expect(await rollouts.change('r9', grow, META)).toBeUndefined();
    expect(store.revision).toBe(revision);
  });
});

describe('TemplateRolloutRunner', () => {
  it('runs nothing twice, nothing that ended, and nothing once it is stopped', async () => {
    const { rollouts, clock } = await open();
    await rollouts.add(rollout(1, 'completed'), META);
    await rollouts.add(rollout(2, 'running'), META);
    const moves = { run: () => Promise.reject(new Error('unexpected move')) };
    const runner = new TemplateRolloutRunner({
      rollouts,
      moves,
      clock,
      logger: new SilentLogger(),
    });
    for (const id of ['r1', 'r2', 'r2']) runner.start(id);
    await Promise.all(['r1', 'r2'].map((id) => runner.ended(id)));
    expect(rollouts.running()).toEqual([]);
    await rollouts.add(rollout(3, 'running'), META);
    runner.stop();
    runner.start('r3');
    await runner.ended('r3');
    expect(rollouts.running()).toHaveLength(1);
  });
});
