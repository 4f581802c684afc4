import { describe, expect, it } from '@jest/globals';
import { FakeHealthLifecycle } from '../../test/support/fake-health-lifecycle.js';
import { SilentLogger } from '../kernel/logger.js';
import { blocking, probeFailure, type ProbeFailure } from './probe-failure.js';
import { SecurityRecord } from './security-record.js';

const CHANGED = blocking(probeFailure('tools-changed', 'They changed'));
const LITERAL = blocking(probeFailure('literal-secret', 'It is written out'));

class World {
  finding: ProbeFailure | null = null;
  readonly lifecycle = new FakeHealthLifecycle();
  readonly record = new SecurityRecord(
    this.lifecycle,
    { finding: () => this.finding, noteListed: () => undefined },
    new SilentLogger(),
  );
}

describe('SecurityRecord', () => {
  it('makes a finding a condition, and keeps callers away for one that blocks', () => {
    const { record, lifecycle } = new World();
    record.tell('s', LITERAL);
    expect(lifecycle.condition).toMatchObject({ type: 'Secure', reason: 'LiteralSecret' });
    expect(lifecycle.blockage).toMatchObject({ reason: 'LiteralSecret', action: LITERAL.action });
  });

  it('lets callers in again when what is left only warns, and drops the condition with the last', () => {
    const { record, lifecycle } = new World();
    record.tell('s', LITERAL);
    record.tell('s', probeFailure('plain-http', 'Plain'));
    expect(lifecycle.blockage).toBeNull();
    expect(lifecycle.condition).toMatchObject({ reason: 'PlainHttp' });
    record.tell('s', null);
    expect(lifecycle.condition).toBeNull();
  });

  it('keeps callers from tools that are not approved before anybody hears of them', () => {
    const world = new World();
    world.finding = probeFailure('tools-changed', 'They changed');
    expect(world.record.screen('s', [])).toBe(false);
    expect(world.lifecycle.blockage).toBeNull();
    world.finding = CHANGED;
    expect(world.record.screen('s', [])).toBe(true);
    expect(world.lifecycle.blockage).toMatchObject({ reason: 'ToolDefinitionsChanged' });
    world.finding = null;
    world.record.screen('s', []);
    expect(world.lifecycle.blockage).toBeNull();
  });

  it('releases nothing that is blocked for another reason', () => {
    const { record, lifecycle } = new World();
    record.tell('s', LITERAL);
    record.release('s');
    expect(lifecycle.blockage).not.toBeNull();
  });

  it('is settled when callers meet what was told last', async () => {
    const world = new World();
    const order: string[] = [];
    world.lifecycle.recordBlockage = async (_id, blockage) => {
      if (blockage === null) return;
      await new Promise(setImmediate);
      order.push(blockage.reason);
    };
    world.record.tell('s', LITERAL);
    world.record.tell('s', null);
    await world.record.settled('s');
    expect(order).toEqual(['LiteralSecret']);
    await world.record.settled('another');
  });
});
