import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { SilentLogger } from '../kernel/logger.js';
import { MemoryStore } from '../storage/memory.store.js';
import { KEPT_TRANSITIONS, TransitionLog, type HealthTransition } from './transition-log.js';

const ID = '0190c2f0-0000-7000-8000-000000000001';
type Level = HealthTransition['to'];

function to(level: Level, from: Level = 'unknown'): HealthTransition {
  return { at: '2026-01-01T00:00:00.000Z', from, to: level, reason: 'R', summary: 'S.' };
}

describe('TransitionLog', () => {
  const store = new MemoryStore(new ManualClock());
  const logger = new SilentLogger();

  it('keeps the changes of a service over a restart, newest first', async () => {
    await store.open();
    const log = new TransitionLog(store, logger);
    await log.note(ID, to('healthy'));
    await log.note(ID, to('degraded', 'healthy'));
    const next = new TransitionLog(store, logger);
    expect(next.of(ID).map((one) => one.to)).toEqual(['degraded', 'healthy']);
  });

  it('does not write that a service is after a restart what it was before', async () => {
    const log = new TransitionLog(store, logger);
    const { revision } = store;
    await log.note(ID, to('degraded'));
    expect(store.revision).toBe(revision);
    expect(log.of(ID)).toHaveLength(3);
    await log.note(ID, to('healthy', 'degraded'));
    expect(store.revision).toBe(revision + 1);
    expect(new TransitionLog(store, logger).of(ID)).toHaveLength(4);
  });

  it('is bounded', async () => {
    const log = new TransitionLog(store, logger);
    for (let at = 0; at < KEPT_TRANSITIONS; at += 1) {
      await log.note(ID, to(at % 2 === 0 ? 'degraded' : 'healthy'));
    }
    expect(log.of(ID)).toHaveLength(KEPT_TRANSITIONS);
    expect(new TransitionLog(store, logger).of(ID)).toHaveLength(KEPT_TRANSITIONS);
  });

  it('forgets a service that is gone, and writes nothing for it any more', async () => {
    const log = new TransitionLog(store, logger);
    const late = log.note(ID, to('unhealthy'));
    await log.forget(ID);
    await late;
    expect(log.of(ID)).toEqual([]);
    expect(store.get('health_transition', ID)).toBeUndefined();
    await log.forget('nobody');
  });

  it('keeps in memory what a store refuses, and writes it with the next change', async () => {
    class Refusing extends MemoryStore {
      refuses = true;
      override commit(
        ...args: Parameters<MemoryStore['commit']>
      ): ReturnType<MemoryStore['commit']> {
        return this.refuses ? Promise.reject(new Error('full')) : super.commit(...args);
      }
    }
    const refusing = new Refusing(new ManualClock());
    await refusing.open();
    const log = new TransitionLog(refusing, logger);
    await log.note(ID, to('healthy'));
    expect(log.of(ID)).toHaveLength(1);
    refusing.refuses = false;
    await log.note(ID, to('degraded'));
    expect(new TransitionLog(refusing, logger).of(ID)).toHaveLength(2);
  });
});
