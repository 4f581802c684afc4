import { beforeEach, describe, expect, it } from '@jest/globals';
import { FakeHealthLifecycle } from '../../test/support/fake-health-lifecycle.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { pinningDesk } from '../../test/support/pinning-fixture.js';
import { serviceConfig, serviceDocument } from '../../test/support/service-fixture.js';
import type { ToolPinning } from '../config/service-config.js';
import type { JsonObject } from '../kernel/json.js';
import { ProblemError } from '../kernel/problem.js';
import type { ServerIdentity, ServiceStatusDocument } from '../lifecycle/service-status.js';
import type { ChangeContext, ServiceDocument } from '../registry/service.js';
import { MemoryStore } from '../storage/memory.store.js';
import type { CommitMeta } from '../storage/record-store.js';
import { probeFailure } from './probe-failure.js';
import type { ToolPinningDesk } from './tool-pinning.js';

const ID = 'weather';
const READ: JsonObject = { name: 'read', inputSchema: { type: 'object' } };
const OTHER: JsonObject = { ...READ, description: 'Now different' };
const CALLER: ChangeContext = {
  actor: 'ann',
  source: 'api',
  requestId: 'r1',
  reason: null,
  scopes: new Set(['write']),
  services: null,
};

class Status extends FakeHealthLifecycle {
  listed: JsonObject[] = [READ];
  known = true;

  override statusOf(): ServiceStatusDocument {
    const server = this.known ? ({} as ServerIdentity) : null;
    return { ...super.statusOf(), tools: this.listed, server };
  }
}

describe('ToolPinningDesk', () => {
  let store: MemoryStore;
  let lifecycle: Status;
  let doc: ServiceDocument;
  let promoted: JsonObject[] | null;
  let desk: ToolPinningDesk;

  const open = (): ToolPinningDesk =>
    pinningDesk(() => [doc], lifecycle, { store, promoted: () => promoted });
  const serve = (revision: number, tool_pinning: ToolPinning = 'warn'): void => {
    const effective = serviceConfig({ security: { tool_pinning } });
    doc = serviceDocument(ID, { revision, effective });
  };
  const approve = async (hash: string): Promise<unknown> => {
    try {
      await desk.approve(doc, hash, CALLER);
      return null;
    } catch (error) {
      return error;
    }
  };

  beforeEach(async () => {
    store = new MemoryStore(new ManualClock());
    await store.open();
    lifecycle = new Status();
    promoted = null;
    serve(1);
    desk = open();
  });

  it('approves what a revision is proven with first, and finds what it lists later', async () => {
    await desk.settle(ID, [READ]);
    expect(desk.finding(ID, [READ])).toBeNull();
    const finding = desk.finding(ID, [OTHER]);
    expect(finding).toMatchObject({ reason: 'ToolDefinitionsChanged', definite: true });
    expect(finding?.message).toContain('"read" changed (/description)');
    expect(finding?.action).toContain('POST /api/v1/services/weather/tool-pins/approve');
    expect(finding?.blocks).toBeUndefined();
  });

  it('does not approve again what the same revision lists later', async () => {
    await desk.settle(ID, [READ]);
    await desk.settle(ID, [OTHER]);
    expect(desk.finding(ID, [OTHER])).not.toBeNull();
  });

  it('blocks where it is told to, and finds nothing where it is off', async () => {
    serve(1, 'block');
    await desk.settle(ID, [READ]);
    expect(desk.finding(ID, [OTHER])).toMatchObject({ blocks: true });
    serve(1, 'off');
    expect(desk.finding(ID, [OTHER])).toBeNull();
    expect(desk.stateOf(doc).mode).toBe('off');
  });

  it.each<[ToolPinning, object | null]>([
    ['block', { blocks: true, definite: true, reason: 'ToolDefinitionsChanged' }],
    ['warn', { definite: true, reason: 'ToolDefinitionsChanged' }],
    ['off', null],
  ])('says of a list that nothing can be compared with, where it is to %s', (mode, expected) => {
    serve(1, mode);
    const fault = probeFailure('duplicate-tools', 'Two tools have the name "read"');
    const finding = desk.unlisted(ID, fault);
    if (expected === null) expect(finding).toBeNull();
    else expect(finding).toMatchObject({ ...expected, action: fault.action });
    expect(finding?.blocks).toBe(mode === 'block' ? true : undefined);
  });

  it('holds on to what was listed last while nothing is listed', async () => {
    serve(1, 'block');
    await desk.settle(ID, [READ]);
    expect(desk.finding(ID, null)).toBeNull();
    desk.noteListed(ID, [OTHER]);
    expect(desk.finding(ID, null)).toMatchObject({ blocks: true });
    desk.noteListed(ID, [READ]);
    expect(desk.finding(ID, null)).toBeNull();
  });

  it('finds nothing of a revision for which nothing is approved yet', async () => {
    await desk.settle(ID, [READ]);
    serve(2);
    expect(desk.finding(ID, [OTHER])).toBeNull();
    expect(desk.stateOf(doc).approval).toBeNull();
  });

  it('approves what the revision was promoted with rather than what it lists after a crash', async () => {
    promoted = [READ];
    await desk.settle(ID, [OTHER]);
    expect(desk.finding(ID, [OTHER])).not.toBeNull();
  });

  it('remembers over a restart', async () => {
    await desk.settle(ID, [READ]);
    desk = open();
    expect(desk.finding(ID, [OTHER])).not.toBeNull();
  });

  it('approves what is listed now, in the name of who asked, and no longer finds it', async () => {
    await desk.settle(ID, [READ]);
    lifecycle.listed = [OTHER];
    const metas: CommitMeta[] = [];
    store.watch(({ meta }) => metas.push(meta));
    const { present, changes } = desk.stateOf(doc);
    expect(changes).toHaveLength(1);
    expect(await approve(present?.hash ?? '')).toBeNull();
    expect(desk.finding(ID, [OTHER])).toBeNull();
    expect(desk.stateOf(doc)).toMatchObject({
      changes: [],
      approval: { approved_by: 'ann', source: 'operator', revision: 1 },
    });
    expect(metas).toMatchObject([
      { actor: 'ann', verb: 'tools.approve', subject: ID, request_id: 'r1' },
    ]);
    // Once more changes nothing and commits nothing.
    expect(await approve(present?.hash ?? '')).toBeNull();
    expect(metas).toHaveLength(1);
  });

  it('refuses a hash that is not of what is listed now, and names the present one', async () => {
    await desk.settle(ID, [READ]);
    const { present } = desk.stateOf(doc);
    lifecycle.listed = [OTHER];
    const refused = await approve(present?.hash ?? '');
    expect(refused).toBeInstanceOf(ProblemError);
    expect(refused).toMatchObject({
      code: 'health.tools-changed-again',
      details: { extra: { present_hash: desk.stateOf(doc).present?.hash } },
    });
  });

  it('approves what was listed last, though the status does not hold it yet', async () => {
    await desk.settle(ID, [READ]);
    const before = desk.stateOf(doc).present?.hash ?? '';
    desk.noteListed(ID, [OTHER]);
    expect(desk.stateOf(doc).changes).toHaveLength(1);
    expect(await approve(before)).toMatchObject({ code: 'health.tools-changed-again' });
    expect(await approve(desk.stateOf(doc).present?.hash ?? '')).toBeNull();
    expect(desk.finding(ID, [OTHER])).toBeNull();
    // Of another revision it says nothing.
    serve(2);
    expect(desk.stateOf(doc).present?.hash).toBe(before);
  });

  it('has nothing to approve before the first proof', async () => {
    lifecycle.known = false;
    expect(await approve('0'.repeat(64))).toMatchObject({ code: 'health.tools-unlisted' });
  });

  it('keeps nothing of a service that is gone', async () => {
    await desk.settle(ID, [READ]);
    desk.forget(ID);
    await new Promise(setImmediate);
    expect(store.get('approval', ID)).toBeUndefined();
    expect(desk.finding(ID, [OTHER])).toBeNull();
  });
});
