import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { SilentLogger } from '../kernel/logger.js';
import { MemoryStore } from '../storage/memory.store.js';
import { ToolApprovals, type ApprovalDocument } from './tool-approvals.js';
import { pinTools } from './tool-pins.js';

const ID = 'weather';
const AT = '2026-01-01T00:00:00.000Z';
const TOOLS = [{ name: 'read', inputSchema: {} }];
const ACT = {
  at: AT,
  by: 'ann',
  source: 'operator',
  meta: { actor: 'ann', source: 'api', verb: 'tools.approve' },
} as const;

class FullStore extends MemoryStore {
  full = false;

  override commit(...args: Parameters<MemoryStore['commit']>): Promise<number> {
    return this.full ? Promise.reject(new Error('the disk is full')) : super.commit(...args);
  }
}

async function opened(): Promise<{ store: FullStore; approvals: ToolApprovals }> {
  const store = new FullStore(new ManualClock());
  await store.open();
  return { store, approvals: new ToolApprovals(store, new SilentLogger()) };
}

describe('ToolApprovals', () => {
  it('stores hashes, definitions, when, by whom and for which revision', async () => {
    const { store, approvals } = await opened();
    await approvals.settle(ID, 3, TOOLS, AT);
    const [tool] = pinTools(TOOLS).tools;
    expect(store.get<ApprovalDocument>('approval', ID)?.doc).toEqual({
      schema_version: '1.0',
      service_id: ID,
      revision: 3,
      hash: pinTools(TOOLS).hash,
      tools: [tool],
      approved_at: AT,
      approved_by: 'system',
      source: 'revision',
    });
  });

  it('holds for its own revision alone', async () => {
    const { approvals } = await opened();
    await approvals.settle(ID, 3, TOOLS, AT);
    expect(approvals.of(ID, 3)).not.toBeNull();
    expect(approvals.of(ID, 4)).toBeNull();
    expect(approvals.of('another', 3)).toBeNull();
  });

  it('settles a revision once', async () => {
    const { approvals } = await opened();
    await Promise.all([approvals.settle(ID, 1, TOOLS, AT), approvals.settle(ID, 1, [], AT)]);
    expect(approvals.of(ID, 1)?.tools).toHaveLength(1);
  });

  it('goes on with what a revision came with when it cannot be stored', async () => {
    const { store, approvals } = await opened();
    store.full = true;
    await approvals.settle(ID, 1, TOOLS, AT);
    expect(approvals.of(ID, 1)?.hash).toBe(pinTools(TOOLS).hash);
    expect(store.get('approval', ID)).toBeUndefined();
  });

  it('does not hold what an operator approves unless it is stored', async () => {
    const { store, approvals } = await opened();
    await approvals.settle(ID, 1, TOOLS, AT);
    store.full = true;
    await expect(approvals.approve(ID, 1, pinTools([]), ACT)).rejects.toThrow('full');
    expect(approvals.of(ID, 1)?.tools).toHaveLength(1);
    store.full = false;
    await approvals.approve(ID, 1, pinTools([]), ACT);
    expect(approvals.of(ID, 1)).toMatchObject({ tools: [], approved_by: 'ann' });
  });

  it('forgets a service, what could not be stored included', async () => {
    const { store, approvals } = await opened();
    await approvals.settle(ID, 1, TOOLS, AT);
    await approvals.forget(ID);
    expect(approvals.of(ID, 1)).toBeNull();
    store.full = true;
    await approvals.settle(ID, 1, TOOLS, AT);
    await approvals.forget(ID);
    expect(approvals.of(ID, 1)).toBeNull();
  });
});
