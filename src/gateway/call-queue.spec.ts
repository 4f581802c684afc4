import { describe, expect, it } from '@jest/globals';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { RPC, RpcError } from '../protocol/rpc-error.js';
import { CallQueue, Turn } from './call-queue.js';
import { DEFAULT_FLOW, type Endpoint } from './endpoint.js';
import { EndpointLoad } from './endpoint-load.js';

interface Rig {
  readonly clock: ManualClock;
  readonly load: EndpointLoad;
  readonly queue: CallQueue;
  readonly gone: string[];
  readonly faults: unknown[];
  add(name: string, then?: () => void): Turn;
}

function make(objection: (turn: Turn) => RpcError | null = () => null): Rig {
  const clock = new ManualClock();
  const load = new EndpointLoad();
  load.inFlight = 1;
  const faults: unknown[] = [];
  const queue = new CallQueue(load, clock, objection, (error) => faults.push(error));
  load.queue = queue;
  const endpoint = { load, maxInFlight: 1, flow: DEFAULT_FLOW } as unknown as Endpoint;
  const gone: string[] = [];
  const add = (name: string, then?: () => void): Turn => {
    const call = { method: 'tools/call', tool: name };
    const turn = new Turn(endpoint, name.slice(0, 1), call, 0, {}, (refusal) => {
      gone.push(refusal === null ? name : `${name} refused`);
      if (then !== undefined) then();
      else if (refusal === null) load.inFlight += 1;
    });
    queue.add(turn);
    return turn;
  };
  return { clock, load, queue, gone, faults, add };
}

async function finishOne({ load, queue }: Rig): Promise<void> {
  load.inFlight -= 1;
  queue.wake();
  await settle();
}

describe('CallQueue', () => {
  it('lets principals take turns, each in its own order', async () => {
    const rig = make();
    for (const name of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) rig.add(name);
    for (let i = 0; i < 6; i += 1) await finishOne(rig);
    expect(rig.gone).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    expect(rig.load.waiting).toBe(0);
  });

  it('lets nobody go without room, and never in the middle of what woke it', () => {
    const rig = make();
    rig.add('a1');
    rig.load.inFlight = 0;
    rig.queue.wake();
    expect(rig.gone).toEqual([]);
  });

  it('goes on with the next when one gives up at its turn, or throws', async () => {
    const rig = make();
    rig.add('a1', () => undefined);
    rig.add('a2', () => {
      throw new Error('as asked');
    });
    rig.add('a3');
    await finishOne(rig);
    expect([rig.gone, rig.faults.length]).toEqual([['a1', 'a2', 'a3'], 1]);
  });

  it('refuses at the turn what has been objected to meanwhile', async () => {
    const refusal = new RpcError(RPC.unavailable, 'gone');
    const rig = make(({ call }) => (call.tool === 'a1' ? refusal : null));
    rig.add('a1');
    rig.add('a2');
    await finishOne(rig);
    expect(rig.gone).toEqual(['a1 refused', 'a2']);
  });

  it('forgets one that leaves, once', () => {
    const rig = make();
    const turn = rig.add('a1');
    expect([rig.queue.remove(turn), rig.queue.remove(turn), rig.load.waiting]).toEqual([
      true,
      false,
      0,
    ]);
  });

  it('names the time until there is room by the pace of the last turns', async () => {
    const rig = make();
    for (let i = 0; i < 13; i += 1) rig.add(`a${i}`);
    expect(rig.queue.retryAfterS()).toBe(1);
    for (let i = 0; i < 3; i += 1) {
      await rig.clock.advance(2_000);
      await finishOne(rig);
    }
    expect(rig.queue.retryAfterS()).toBe(20);
  });

  it('takes no time in which nobody waited for its pace', async () => {
    const rig = make();
    rig.add('a1');
    await finishOne(rig);
    await rig.clock.advance(3_600_000);
    for (const name of ['a2', 'a3', 'a4']) rig.add(name);
    await finishOne(rig);
    expect(rig.queue.retryAfterS()).toBe(1);
  });
});
